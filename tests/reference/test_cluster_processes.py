"""The cluster as processes: killed ones come back, frozen ones get nothing, and none is left."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from clinigate.errors import UsageError
from clinigate.reference.cluster import running_cluster
from clinigate.reference.cluster.topology import start_ticks

CRISIS = "I keep thinking about killing myself"
HELLO = "This queue is killing me"
PATIENCE_S = 60.0


class Cluster:
    """A running cluster as somebody who holds its topology sees it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        entry = self.topology["entry"]
        self.ca_file = entry["ca_file"]
        self.client = httpx.Client(
            base_url=entry["url"],
            verify=ssl.create_default_context(cafile=self.ca_file),
            headers={"Authorization": f"Bearer {os.environ[entry['token_env']]}"},
            timeout=PATIENCE_S,
        )

    def close(self) -> None:
        self.client.close()

    @property
    def topology(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.path.read_text())
        return found

    def process(self, name: str) -> dict[str, Any] | None:
        return next((p for p in self.topology["processes"] if p["name"] == name), None)

    def chat(self, text: str) -> httpx.Response:
        body = {"messages": [{"role": "user", "content": text}]}
        return self.client.post("/v1/chat/completions", json=body)

    def signal(self, name: str, number: signal.Signals) -> dict[str, Any]:
        process = self.process(name)
        assert process is not None
        assert start_ticks(process["pid"]) == process["start_ticks"]
        os.kill(process["pid"], number)
        return process

    def up(self, replica: str) -> bool:
        page = self.client.get("/entry/metrics").text
        return f'replica_up{{replica="{replica}"}} 1.0' in page

    def complete(self, trace: str) -> bool:
        answer = self.client.get(f"/v1/crisis/traces/{trace}")
        return answer.status_code == 200 and answer.json()["complete"]

    def restarted(self, before: dict[str, Any]) -> bool:
        now = self.process(before["name"])
        return now is not None and now["pid"] != before["pid"]


def until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError("it never came true")


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    with running_cluster(directory=folder) as path, closing(Cluster(path)) as cluster:
        yield cluster


def test_the_topology_tells_what_runs(cluster: Cluster) -> None:
    topology = cluster.topology
    assert topology["schema"] == "clinigate.topology/1"
    assert topology["environment"] == "local"
    assert {p["name"] for p in topology["processes"]} == {
        "api-1",
        "api-2",
        "db-1",
        "desk-1",
        "entry",
        "inference-1",
    }
    for process in topology["processes"]:
        assert start_ticks(process["pid"]) == process["start_ticks"]
    assert {link["name"] for link in topology["links"]} == {"api-db", "api-inference", "api-queue"}
    assert {store["name"] for store in topology["storage"]} == {"audit", "outbox"}
    assert cluster.path.stat().st_mode & 0o077 == 0
    assert cluster.client.headers["Authorization"] not in cluster.path.read_text()


def test_a_killed_replica_is_started_again_and_nobody_notices(cluster: Cluster) -> None:
    before = cluster.signal("api-1", signal.SIGKILL)
    answers = [cluster.chat(CRISIS) for _ in range(10)]
    assert {answer.status_code for answer in answers} == {200}
    until(lambda: cluster.restarted(before))
    until(lambda: cluster.up("api-1"))
    for answer in answers:
        until(lambda trace=answer.headers["x-trace-id"]: cluster.complete(trace))


def test_a_frozen_replica_gets_nothing_until_it_thaws(cluster: Cluster) -> None:
    cluster.signal("api-2", signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(cluster.chat, [HELLO] * 8))
        assert {answer.status_code for answer in answers} == {200}
        until(lambda: not cluster.up("api-2"))
        assert cluster.chat(CRISIS).status_code == 200
    finally:
        cluster.signal("api-2", signal.SIGCONT)
    until(lambda: cluster.up("api-2"))


def test_all_replicas_at_once_come_back(cluster: Cluster) -> None:
    before = [cluster.signal(name, signal.SIGKILL) for name in ("api-1", "api-2")]
    for process in before:
        until(lambda process=process: cluster.restarted(process))
    until(lambda: cluster.chat(CRISIS).status_code == 200)


def test_the_entry_comes_back_at_its_address(cluster: Cluster) -> None:
    before = cluster.signal("entry", signal.SIGKILL)
    until(lambda: cluster.restarted(before))

    def answers() -> bool:
        try:
            return cluster.chat(HELLO).status_code == 200
        except httpx.TransportError:
            return False

    until(answers)


def control(cluster: Cluster, link: str, **command: Any) -> dict[str, Any]:
    (found,) = (one for one in cluster.topology["links"] if one["name"] == link)
    host, _, port = found["control"].rpartition(":")
    with socket.create_connection((host, int(port)), PATIENCE_S) as connection:
        connection.sendall(json.dumps(command).encode() + b"\n")
        with connection.makefile() as answer:
            said: dict[str, Any] = json.loads(answer.readline())
            return said


def test_a_link_that_is_cut_is_lived_without(cluster: Cluster) -> None:
    control(cluster, "api-inference", fault="blackhole", ttl_s=60)
    body = cluster.chat(CRISIS).json()
    assert "inference" in body["degraded_by"]
    control(cluster, "api-inference", fault="clear")
    until(lambda: "degraded" not in cluster.chat(CRISIS).json())


def test_the_audit_fails_closed_where_the_records_cannot_grow(cluster: Cluster) -> None:
    """The limit on file size of the database's process stands for a full disk; no root needed."""
    import resource

    process = cluster.process("db-1")
    assert process is not None
    before = resource.prlimit(process["pid"], resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    try:
        assert cluster.chat(HELLO).status_code == 503
        answer = cluster.chat(CRISIS)
        assert "database" in answer.json()["degraded_by"]
    finally:
        resource.prlimit(process["pid"], resource.RLIMIT_FSIZE, before)
    until(lambda: cluster.chat(HELLO).status_code == 200)
    until(lambda: cluster.complete(answer.headers["x-trace-id"]))


def test_an_expired_certificate_is_served_and_told(cluster: Cluster) -> None:
    (files,) = (one for one in cluster.topology["certificates"] if one["name"] == "entry")
    served = Path(files["path"])

    def put(variant: str) -> None:
        draft = served.with_name("entry.draft")
        draft.write_bytes(Path(files["variants"][variant]).read_bytes())
        draft.replace(served)

    def left_s() -> float:
        page = cluster.client.get("/metrics").text
        name = 'clinigate_reference_certificate_expiry_seconds{certificate="entry"}'
        (line,) = (line for line in page.splitlines() if line.startswith(name))
        return float(line.rpartition(" ")[2])

    assert left_s() > 14 * 86_400
    put("expiring")
    assert 0 < left_s() < 14 * 86_400
    put("expired")
    try:
        assert left_s() < 0
        until(lambda: not trusted(cluster))
    finally:
        put("good")
    until(lambda: trusted(cluster))


def trusted(cluster: Cluster) -> bool:
    try:
        context = ssl.create_default_context(cafile=cluster.ca_file)
        httpx.get(f"{cluster.client.base_url}/health", verify=context, timeout=PATIENCE_S)
    except httpx.ConnectError as error:
        return "certificate has expired" not in str(error)
    return True


OWNER = """
import sys
from clinigate.reference.cluster import running_cluster
with running_cluster(1) as path:
    print(path.read_text().replace("\\n", " "), flush=True)
    sys.stdin.read()
"""


def test_no_process_outlives_a_killed_owner_or_supervisor() -> None:
    """Also not a frozen one."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert owner.stdout is not None
    topology = json.loads(owner.stdout.readline())
    pids = [one["pid"] for one in (*topology["processes"], *topology["links"])]
    supervisor = int(Path(f"/proc/{pids[0]}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(next(p["pid"] for p in topology["processes"] if p["name"] == "api-1"), signal.SIGSTOP)
    os.kill(supervisor, signal.SIGKILL)
    owner.kill()
    owner.communicate()
    for pid in (*pids, supervisor):
        until(lambda pid=pid: gone(pid))


def test_defects_of_the_entry_and_the_supervisor() -> None:
    """Two of them in one cluster: each shows in a process of its own."""
    defects = ["frozen-replica-stays", "no-restart"]
    with running_cluster(defects=defects) as path, closing(Cluster(path)) as cluster:
        killed = cluster.signal("inference-1", signal.SIGKILL)
        until(lambda: cluster.process("inference-1") is None)
        cluster.signal("api-2", signal.SIGSTOP)
        body = {"messages": [{"role": "user", "content": HELLO}]}
        outcomes = []
        for _ in range(2):
            try:
                answer = cluster.client.post("/v1/chat/completions", json=body, timeout=4.0)
                outcomes.append(answer.status_code)
            except httpx.ReadTimeout:
                outcomes.append(0)
        assert sorted(outcomes) == [0, 200]
        assert cluster.up("api-2")
        assert not cluster.restarted(killed)


def test_a_stream_comes_word_by_word_through_the_entry() -> None:
    """The first word is read before the last one is said."""
    with (
        running_cluster(1, tokens_per_s=40.0) as path,
        closing(Cluster(path)) as cluster,
        cluster.client.stream(
            "POST",
            "/v1/chat/completions",
            json={"messages": [{"role": "user", "content": CRISIS}], "stream": True},
        ) as answer,
    ):
        read_at, said_at, words = [], [], []
        for line in answer.iter_lines():
            if line.startswith("data: {"):
                event = json.loads(line.removeprefix("data: "))
                read_at.append(time.monotonic())
                said_at.append(event["monotonic_s"])
                words.append(event["choices"][0]["delta"].get("content", ""))
    assert "988" in "".join(words)
    assert len(words) > 50
    assert said_at == sorted(said_at)
    assert read_at[0] < said_at[-1]
    assert event["safety"]["crisis"] is True


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"replicas": 0}, "replicas is 0"),
        ({"defects": ["retry-strom"]}, "did you mean 'retry-storm'"),
        ({"defects": ["diagnoses", "minimises"]}, "exclude each other"),
        ({"defects": "retry-storm"}, "must be a sequence"),
        ({"model": "x"}, "unknown model"),
        ({"tokens_per_s": -1.0}, "tokens_per_s"),
    ],
)
def test_settings_that_make_no_sense_are_told(options: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told), running_cluster(**options):
        pass
