"""How long the platform policies take over 500 manifests, beside checkov over the same files.

Promised: `clinigate platform scan` over 500 manifests in under 5 s, from its start to its exit code
(rules, verdicts, sealed run). checkov is called as a program on the same folder, its Kubernetes
policies alone; where it is not installed, that is said. The two judge different things: checkov
each manifest for itself, we also sets of them (budgets, quotas, policies that belong to a
namespace). Run it: `.venv/bin/python benchmarks/platform_bench.py [--manifests N] [--rounds N]`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

PROMISED_S = 5.0
ROOT = Path(__file__).resolve().parents[1]
#: One service: what a team of the platform writes for it, four manifests in four files.
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
  labels: {{app: {name}, app.kubernetes.io/part-of: platform}}
spec:
  replicas: 2
  revisionHistoryLimit: 3
  selector:
    matchLabels: {{app: {name}}}
  template:
    metadata:
      labels: {{app: {name}, app.kubernetes.io/part-of: platform}}
    spec:
      serviceAccountName: {name}
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          labelSelector:
            matchLabels: {{app: {name}}}
      containers:
        - name: api
          image: registry.example/platform/{name}:1.{number}
          env:
            - name: LOG_LEVEL
              value: info
            - name: STORE_HOST
              valueFrom:
                configMapKeyRef: {{name: {name}, key: store}}
          ports:
            - name: http
              containerPort: 8080
          resources:
            requests: {{cpu: 250m, memory: 256Mi}}
            limits: {{memory: 512Mi}}
          readinessProbe:
            httpGet: {{path: /ready, port: http}}
          livenessProbe:
            httpGet: {{path: /live, port: http}}
            initialDelaySeconds: 60
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{app: {name}}}
  ports:
    - {{name: http, port: 80, targetPort: http}}
"""
SCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {name}}}
  minReplicas: 2
  maxReplicas: 8
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {{type: Utilization, averageUtilization: 70}}
"""
BUDGET = """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{app: {name}}}
"""
PARTS = {"deployment": DEPLOYMENT, "service": SERVICE, "scaler": SCALER, "budget": BUDGET}


def write_manifests(folder: Path, count: int) -> None:
    for number in range(count):
        part = list(PARTS)[number % len(PARTS)]
        service = number // len(PARTS)
        name, namespace = f"service-{service}", f"team-{service % 10}"
        text = PARTS[part].format(name=name, namespace=namespace, number=number)
        path = folder / "deploy" / namespace / f"{name}-{part}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def timed(command: Sequence[str], folder: Path, env: dict[str, str]) -> tuple[float, bytes]:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False)
    took = time.perf_counter() - start
    if done.returncode not in (0, 1):
        raise SystemExit(
            f"{command[0]} ended with {done.returncode}: {done.stderr.decode()[-400:]}"
        )
    return took, done.stdout


def checkov() -> str | None:
    own = ROOT / ".venv-iac" / "bin" / "checkov"
    return str(own) if own.exists() else shutil.which("checkov")


def main() -> int:
    parser = argparse.ArgumentParser(description="Time the platform policies.")
    parser.add_argument("--manifests", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    env = {key: value for key, value in os.environ.items() if not key.startswith("CLINIGATE_")}
    program = checkov()
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_manifests(folder, given.manifests)
        own = [sys.executable, "-m", "clinigate", "platform", "scan", "deploy"]
        for _ in range(given.rounds):
            took, said = timed(own, folder, env)
            ours.append(took)
            shutil.rmtree(folder / ".clinigate")
        judged = said.decode().splitlines()[0]
        if program is not None:
            words = [program, "-d", "deploy", "--framework", "kubernetes", "-o", "json",
                     "--compact", "--quiet", "--skip-download"]  # fmt: skip
            for _ in range(given.rounds):
                took, out = timed(words, folder, env)
                theirs.append(took)
            summary = json.loads(out)["summary"]
    mine = statistics.median(ours)
    print(f"{given.manifests} manifests, median of {given.rounds} rounds")
    print(f"clinigate platform scan   {mine:6.2f} s   ({judged})")
    if theirs:
        other = statistics.median(theirs)
        counts = f"{summary['resource_count']} resources, {summary['failed']} failed checks"
        print(f"checkov kubernetes        {other:6.2f} s   ({counts})")
        print(f"ratio checkov / clinigate {other / mine:6.1f}")
    else:
        print("checkov                   not installed: make .venv-iac/bin/checkov")
    print(f"promised: under {PROMISED_S:g} s, {'holds' if mine < PROMISED_S else 'BROKEN'}")
    return int(mine >= PROMISED_S)


if __name__ == "__main__":
    raise SystemExit(main())
