"""Hands on a namespace of localkube: small real services, and waiting for what must come."""

from __future__ import annotations

import base64
import json
import ssl
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import yaml
from kubernetes import client

from clinigate.chaos.drivers.base import DriverOptions, UndoStep
from clinigate.chaos.drivers.kubernetes import KubernetesDriver, connect_localkube
from clinigate.chaos.drivers.kubernetes_api import KubeAccess
from clinigate.chaos.localkube import LocalKube
from clinigate.chaos.model import FaultSpec, TargetSpec

#: A service in one line: it boots for BOOT_S seconds, then says who answers.
APP = """
import http.server, os, time
time.sleep(float(os.environ.get("BOOT_S", "0")))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = os.environ["HOSTNAME"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
print("listening", flush=True)
http.server.ThreadingHTTPServer((os.environ["POD_IP"], 8080), Handler).serve_forever()
"""


def until(holds: Callable[[], object], within_s: float = 20.0) -> Any:
    """What `holds` gives as soon as it is true; fails at the deadline."""
    deadline = time.monotonic() + within_s
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def deployment(
    name: str,
    replicas: int,
    *,
    boot_s: float = 0.0,
    command: list[str] | None = None,
    grace_s: int = 1,
) -> dict[str, Any]:
    """A Deployment of the small service."""
    container = {
        "name": "app",
        "image": "app",
        "command": command or [sys.executable, "-I", "-S", "-c", APP],
        "env": [{"name": "BOOT_S", "value": str(boot_s)}],
        "ports": [{"name": "http", "containerPort": 8080}],
    }
    if command is None:
        container["readinessProbe"] = {"httpGet": {"port": "http"}, "periodSeconds": 1}
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": grace_s, "containers": [container]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": template,
        },
    }


def service(name: str, *, entry: bool = False) -> dict[str, Any]:
    """A Service of it on port 80."""
    labels = {"clinigate.io/chaos-entry": "true"} if entry else {}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": labels},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": "http"}]},
    }


class Api:
    """The API by the client library's own classes, as teams use it."""

    def __init__(self, kubeconfig: Path) -> None:
        connection = KubeAccess(str(kubeconfig)).connect().client
        self.core: Any = client.CoreV1Api(connection)
        self.apps: Any = client.AppsV1Api(connection)
        self.batch: Any = client.BatchV1Api(connection)
        self.leases: Any = client.CoordinationV1Api(connection)
        self.network: Any = client.NetworkingV1Api(connection)
        self.policy: Any = client.PolicyV1Api(connection)


@dataclass(frozen=True)
class Space:
    """A namespace of its own, and hands on it."""

    api: Api
    name: str
    kube: LocalKube

    def deploy(self, name: str = "api", replicas: int = 2, **details: Any) -> None:
        self.api.apps.create_namespaced_deployment(self.name, deployment(name, replicas, **details))

    def serve(self, name: str = "api", *, entry: bool = False) -> str:
        """Its base address."""
        made = self.api.core.create_namespaced_service(self.name, service(name, entry=entry))
        return f"http://{made.spec.cluster_ip}"

    def ready(self, name: str = "api") -> int:
        found = self.api.apps.read_namespaced_deployment(name, self.name)
        return (found.status.ready_replicas or 0) if found.status else 0

    def wait_ready(self, count: int, name: str = "api") -> None:
        until(lambda: self.ready(name) == count)

    def pods(self, selector: str = "") -> list[Any]:
        return list(self.api.core.list_namespaced_pod(self.name, label_selector=selector).items)

    def options(self, **settings: str) -> DriverOptions:
        plain = {"namespaces": self.name, "kubeconfig": str(self.kube.kubeconfig), **settings}
        return DriverOptions(environment="staging", settings=plain)

    def post(self, path: str, body: str | dict[str, Any], *, token: str | None = None) -> Any:
        """Post to the API below it, with nothing between: the answer of httpx."""
        config = yaml.safe_load(self.kube.kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        bearer = config["users"][0]["user"]["token"] if token is None else token
        content = body if isinstance(body, str) else json.dumps(body)
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        context = ssl.create_default_context(cadata=authority)
        with httpx.Client(verify=context, trust_env=False) as asking:
            return asking.post(cluster["server"] + path, content=content, headers=headers)

    def account(self, name: str, folder: Path) -> Path:
        """A kubeconfig with the token of this service account."""
        made = self.api.core.create_namespaced_service_account_token(
            name, self.name, {"spec": {"audiences": []}}
        )
        config = yaml.safe_load(self.kube.kubeconfig.read_text())
        config["users"][0]["user"]["token"] = made.status.token
        path = folder / f"{self.name}-{name}"
        path.write_text(yaml.safe_dump(config))
        return path

    def driver(self, **settings: str) -> KubernetesDriver:
        return connect_localkube(self.options(**settings))


def fault_spec(
    kind: str, *, duration_s: float = 5.0, all_kill: str | None = None, **labels: str
) -> FaultSpec:
    """A fault on pods with these labels (`app=api` if none)."""
    target = TargetSpec(selector=labels or {"app": "api"}, max_count=9, all_kill=all_kill)
    return FaultSpec(kind, target, duration_s)


def call(name: str, args: Any) -> Any:
    """An undo function with its arguments as they come out of the ledger."""
    module, _, function = name.partition(":")
    return getattr(import_module(module), function)(json.loads(json.dumps(args)))


def undo(steps: tuple[UndoStep, ...]) -> None:
    """Every step, the last one first, until each one's verification holds."""
    for step in reversed(steps):
        call(step.action, step.args)
        until(partial(call, step.verify, step.args))
