"""The roll-back runs once, in bounded time; digests are told by those who can know them."""

from __future__ import annotations

import fcntl
import json
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pydantic import ValidationError

from clinigate.config.production import DiversionTable, WorkloadTable
from clinigate.core.verdict import Status
from clinigate.delivery.deployed import Told, compared, of_cluster
from clinigate.delivery.rollback import parse_command, roll_back
from clinigate.errors import UsageError
from clinigate.quality.criteria import DIGESTS, criterion

IMAGE = "sha256:" + "11" * 32
OTHER = "sha256:" + "22" * 32


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_a_command_that_does_its_work_says_so() -> None:
    done = roll_back(python("pass"), timeout_s=60)
    assert done.done
    assert "was taken back by python" in str(done)


def test_a_code_and_a_signal_are_told() -> None:
    assert roll_back(python("raise SystemExit(9)"), timeout_s=60).code == 9
    killed = roll_back(python("import os; os.kill(os.getpid(), 9)"), timeout_s=60)
    assert (killed.code, killed.done) == (137, False)


def test_a_program_that_is_not_there_is_told() -> None:
    done = roll_back(("no-such-program-anywhere",), timeout_s=60)
    assert "cannot be started" in str(done)
    assert "by hand" in str(done)


def test_one_that_hangs_is_killed_with_what_it_started(tmp_path: Path) -> None:
    """The lock that its child holds is free once the child is gone: until then this waits."""
    lock = tmp_path / "lock"
    hold = f"import fcntl, signal; f = open({str(lock)!r}, 'w'); fcntl.flock(f, 2); signal.pause()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    done = roll_back(python(code), timeout_s=1)
    assert (done.code, done.trouble) == (None, "it was killed after 1 s")
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)


def test_arguments_are_words_and_no_shell_reads_them(tmp_path: Path) -> None:
    script = tmp_path / "a script.py"
    script.write_text("import sys; sys.exit(0 if sys.argv[1] == '$(id)' else 1)")
    command = parse_command(f"{sys.executable} '{script}' '$(id)'")
    assert roll_back(command, timeout_s=60).done


@pytest.mark.parametrize("text", ["", "  ", "sh 'open"])
def test_a_command_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--rollback-command"):
        parse_command(text)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ([Told("image", "a", IMAGE)], Status.PASS),
        ([Told("image", "a", OTHER)], Status.FAIL),
        ([Told("image", "a", IMAGE), Told("image", "b", OTHER)], Status.FAIL),
        ([Told("image", "a", IMAGE), Told("image", "b", None, "gone")], Status.INCONCLUSIVE),
        ([Told("image", "a", None, "gone")], Status.INCONCLUSIVE),
        ([Told("model", "a", IMAGE)], Status.FAIL),
        ([], Status.INCONCLUSIVE),
    ],
)
def test_every_one_who_knows_must_tell_the_same(told: list[Told], status: Status) -> None:
    assert criterion(DIGESTS).judge(compared(DIGESTS, {"image": IMAGE}, told)).status is status


def test_a_digest_that_nobody_was_asked_for_holds() -> None:
    measured = compared(DIGESTS, {"image": IMAGE, "model": OTHER}, [Told("image", "a", IMAGE)])
    assert criterion(DIGESTS).judge(measured).status is Status.INCONCLUSIVE
    assert "model: nobody was asked" in measured.caveats[0]


class Cluster:
    """Two answers of a Kubernetes API, as far as they are read."""

    def __init__(self) -> None:
        self.pods: list[dict[str, Any]] = []
        self.status = 200
        self.selectors: list[str] = []

    def pod(self, image: str, *, container: str = "api", leaving: bool = False) -> None:
        name = f"pod-{len(self.pods)}"
        metadata: dict[str, Any] = {"name": name}
        if leaving:
            metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        state = {
            "name": container, "imageID": image, "image": "x", "ready": True, "restartCount": 0,
        }  # fmt: skip
        self.pods.append({"metadata": metadata, "status": {"containerStatuses": [state]}})

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        if "/deployments/" in path:
            labels = {"app": "green"}
            spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {}}}
            return self.status, {"metadata": {"name": "green"}, "spec": spec}
        self.selectors.append(path.partition("labelSelector=")[2])
        return 200, {"items": self.pods}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, document = made.answer(self.path)
            data = json.dumps(document).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    (tmp_path / "kubeconfig").write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": url}}],
                "users": [{"name": "u", "user": {}}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "x",
            }
        )
    )
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def asked(cluster: Cluster, tmp_path: Path) -> Callable[..., tuple[Told, ...]]:
    def ask(**options: Any) -> tuple[Told, ...]:
        table = WorkloadTable(deployment="green", kubeconfig="kubeconfig", **options)
        return of_cluster(table, base_dir=tmp_path)

    return ask


def test_the_cluster_tells_what_the_pods_run(
    cluster: Cluster, asked: Callable[..., tuple[Told, ...]]
) -> None:
    cluster.pod(f"docker-pullable://clinic/therapy@{IMAGE}")
    cluster.pod(f"clinic/therapy@{IMAGE}")
    cluster.pod(f"clinic/therapy@{OTHER}", leaving=True)
    assert {each.digest for each in asked()} == {IMAGE}
    assert cluster.selectors == ["app%3Dgreen"]


def test_pods_of_two_builds_are_told_both(
    cluster: Cluster, asked: Callable[..., tuple[Told, ...]]
) -> None:
    cluster.pod(f"clinic/therapy@{IMAGE}")
    cluster.pod(f"clinic/therapy@{OTHER}")
    assert {each.digest for each in asked()} == {IMAGE, OTHER}


def test_what_the_cluster_cannot_tell_is_said(
    cluster: Cluster, asked: Callable[..., tuple[Told, ...]]
) -> None:
    (nothing,) = asked()
    assert (nothing.digest, nothing.trouble) == (None, "no pod of it runs")
    cluster.pod("")
    (unknown,) = asked()
    assert unknown.digest is None
    (other,) = asked(container="sidecar")
    assert other.digest is None
    cluster.status = 403
    (refused,) = asked()
    assert "the cluster answers 403" in refused.trouble


@pytest.mark.parametrize(
    "wrong",
    [
        {"header": "X-A"},
        {"header": "X-A", "value": "1", "value_env": "V"},
        {"header": "X-Secret", "value": "1"},
        {"header": "no header", "value": "1"},
        {"header": "X-A", "value": "1", "answer": "]["},
    ],
)
def test_a_diversion_that_cannot_be_meant_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        DiversionTable.model_validate({"probe": "/diversion", **wrong})
