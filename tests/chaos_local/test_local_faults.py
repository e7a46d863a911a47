"""Each local fault hits exactly what was frozen, and each undo takes it back, also from outside."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clinigate.chaos.drivers.base import (
    DriverOptions,
    NotAvailableError,
    UndoStep,
    VictimGoneError,
    fault_types,
)
from clinigate.chaos.drivers.local import LocalDriver, connect
from clinigate.chaos.drivers.local_topology import SCHEMA
from clinigate.chaos.faults import procfs, storage
from clinigate.chaos.model import FaultSpec, TargetSpec
from clinigate.errors import ConfigError, TargetError, UsageError

_WRITER = """
import sys
print("ready", flush=True)
for line in sys.stdin:
    try:
        with open(sys.argv[1], "a") as file:
            file.write(line)
        print("written", flush=True)
    except OSError as error:
        print(error.strerror, flush=True)
"""


class Local:
    """A small local system: writers as processes, and a topology that can be rewritten."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "topology.json"
        self.said: dict[str, Any] = {
            "schema": SCHEMA,
            "name": "small",
            "environment": "local",
            "entry": {"url": "https://127.0.0.1:1"},
        }
        self.running: list[subprocess.Popen[str]] = []

    def write(self, **parts: Any) -> None:
        self.said.update(parts)
        self.path.write_text(json.dumps(self.said))

    def start(self, name: str, file: Path | None = None, program: str = _WRITER) -> Any:
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(file or self.folder / name)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        told = {
            "name": name,
            "labels": {"app": "api"},
            "pid": process.pid,
            "start_ticks": procfs.start_ticks(process.pid),
        }
        self.write(processes=[*self.said.get("processes", []), told])
        return process

    @property
    def driver(self) -> LocalDriver:
        driver = connect(DriverOptions(topology=str(self.path)))
        assert isinstance(driver, LocalDriver)
        return driver


def ask(process: subprocess.Popen[str]) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("x" * 1000 + "\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    made = Local(tmp_path)
    made.write()
    yield made
    for process in made.running:
        process.kill()
        process.communicate()


def spec(kind: str, **parameters: Any) -> FaultSpec:
    return FaultSpec(kind, TargetSpec({"app": "api"}), 30.0, parameters)


_ELSEWHERE = """
import json, sys
from importlib import import_module
for line in sys.stdin:
    function, args = json.loads(line)
    module, _, name = function.partition(":")
    print(json.dumps(getattr(import_module(module), name)(args)), flush=True)
"""


@pytest.fixture(scope="module", autouse=True)
def _another_process() -> Iterator[None]:
    """Where undo steps run: as in `clinigate chaos recover`, not in the process that injected."""
    with subprocess.Popen(
        [sys.executable, "-c", _ELSEWHERE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        _elsewhere.append(process)
        yield
        _elsewhere.remove(process)
        process.communicate()


_elsewhere: list[subprocess.Popen[str]] = []


def elsewhere(function: str, step: UndoStep) -> object:
    (process,) = _elsewhere
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([function, dict(step.args)]) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def undo(steps: tuple[UndoStep, ...]) -> None:
    for step in steps:
        for _ in range(2):  # idempotent
            elsewhere(step.action, step)
        assert elsewhere(step.verify, step) is True


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_kill_kills_exactly_its_victim(local):
    one, other = local.start("api-1"), local.start("api-2")
    driver = local.driver
    (victim,) = driver.resolve({"name": "api-1"})
    steps = driver.undo_steps(spec("process.kill"), (victim,))
    driver.inject(spec("process.kill"), (victim,))
    assert one.wait(10) == -signal.SIGKILL
    assert ask(other) == "written"
    assert [each.name for each in driver.members(victim.group)] == ["api-2"]
    undo(steps)


def test_a_frozen_process_answers_nothing_until_it_is_continued_from_outside(local):
    process = local.start("api-1")
    driver = local.driver
    victims = driver.resolve({"app": "api"})
    steps = driver.undo_steps(spec("process.freeze"), victims)
    driver.inject(spec("process.freeze"), victims)
    ticks = local.said["processes"][0]["start_ticks"]
    assert procfs.stopped(process.pid, ticks)
    assert elsewhere(steps[0].verify, steps[0]) is False
    undo(steps)
    assert not procfs.stopped(process.pid, ticks)
    assert ask(process) == "written"


def test_an_undo_of_what_never_came_to_be_is_harmless(local):
    process = local.start("api-1")
    driver = local.driver
    victims = driver.resolve({"app": "api"})
    for kind in ("process.kill", "process.freeze"):
        undo(driver.undo_steps(spec(kind), victims))
    local.write(storage=[{"name": "audit", "path": str(local.folder)}])
    undo(driver.undo_steps(spec("storage.full"), driver.resolve({"name": "audit"})))
    assert ask(process) == "written"


def test_another_process_under_the_same_name_is_never_hit(local):
    local.start("api-1")
    driver = local.driver
    victims = driver.resolve({"name": "api-1"})
    local.write(processes=[])
    replacement = local.start("api-1")
    for kind in ("process.kill", "process.freeze"):
        with pytest.raises(VictimGoneError, match="plan the experiment anew"):
            driver.inject(spec(kind), victims)
    assert ask(replacement) == "written"


def test_a_pid_with_other_start_ticks_gets_no_signal(local):
    process = local.start("api-1")
    ticks = procfs.start_ticks(process.pid)
    assert ticks is not None
    assert procfs.send(process.pid, ticks + 1, signal.SIGKILL) is False
    assert ask(process) == "written"
    assert procfs.send(process.pid, ticks, signal.SIGKILL) is True
    process.wait()
    assert procfs.send(process.pid, ticks, signal.SIGKILL) is False


def test_a_zombie_counts_as_gone(local):
    process = local.start("api-1")
    ticks = procfs.start_ticks(process.pid)
    assert ticks is not None
    process.kill()
    wait_for(lambda: not procfs.same(process.pid, ticks))
    assert local.driver.resolve({"app": "api"}) == ()


@pytest.fixture
def linked(local, proxy) -> Local:
    link = {"name": "api-db", "labels": {"link": "db"}, "upstream": "127.0.0.1:1"}
    local.write(links=[{**link, "listen": str(proxy.listen), "control": str(proxy.control)}])
    return local


@pytest.mark.parametrize(
    ("kind", "parameters", "stands"),
    [
        ("link.latency", {"delay": "100ms", "jitter": "5ms"}, "latency"),
        ("link.partition", {}, "blackhole"),
        ("link.refuse", {}, "refuse"),
        ("link.reset", {}, "reset"),
    ],
)
def test_a_link_fails_as_told_and_is_cleared_from_outside(linked, proxy, kind, parameters, stands):
    driver, fault = linked.driver, spec(kind, **parameters)
    victims = driver.resolve({"kind": "link", "link": "db"})
    steps = driver.undo_steps(fault, victims)
    driver.inject(fault, victims)
    status = proxy.tell("status")
    assert status["fault"] == stands
    assert fault.duration_s < status["clears_in_s"] <= fault.duration_s + 2
    assert elsewhere(steps[0].verify, steps[0]) is False
    undo(steps)
    assert proxy.tell("status")["fault"] is None


def test_undoing_a_link_whose_proxy_is_gone_is_done(local, running_proxy):
    with running_proxy("--upstream", "127.0.0.1:1") as proxy:
        control = str(proxy.control)
        local.write(links=[{"name": "l", "upstream": "127.0.0.1:1", "control": control}])
        driver = local.driver
        steps = driver.undo_steps(spec("link.partition"), driver.resolve({"kind": "link"}))
    undo(steps)


def test_a_link_without_a_proxy_is_a_gap_where_none_can_be_put_in_its_way(local, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    local.write(links=[{"name": "api-db", "upstream": "127.0.0.1:1"}])
    driver = local.driver
    with pytest.raises(NotAvailableError, match=r"api-db has no proxy of its own: .* needs root"):
        driver.undo_steps(spec("link.partition"), driver.resolve({"kind": "link"}))


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (spec("link.latency"), r"parameters\.delay: 'None' is no duration"),
        (spec("link.latency", delay="soon"), "'soon' is no duration"),
        (spec("link.latency", delay="1s", direction="left"), "none of down, up, both"),
        (spec("link.partition", delay="1s"), "has no such parameter; it has none"),
        (spec("process.freeze", delay="1s"), "has no such parameter"),
        (spec("storage.full", size="1"), "has no such parameter"),
        (spec("certificate.expired", days="1"), "has no such parameter; it has ago"),
    ],
)
def test_parameters_that_cannot_be_meant_are_refused_before_anything_happens(local, fault, says):
    with pytest.raises(ConfigError, match=says):
        local.driver.undo_steps(fault, ())


def test_a_fault_of_another_kind_of_thing_is_refused(local):
    local.start("api-1")
    driver = local.driver
    with pytest.raises(UsageError, match=r"link\.partition hits a link.*add kind: link"):
        driver.undo_steps(spec("link.partition"), driver.resolve({"app": "api"}))
    with pytest.raises(UsageError, match=r"offers no fault 'process\.melt'; it offers cert"):
        driver.undo_steps(spec("process.melt"), ())


def test_a_full_disk_without_a_volume_of_its_own_is_a_limit_of_its_writers(local):
    writer, bystander = local.start("api-1"), local.start("api-2")
    local.write(storage=[{"name": "audit", "path": str(local.folder), "writers": ["api-1"]}])
    driver = local.driver
    victims = driver.resolve({"kind": "storage"})
    before = resource.prlimit(writer.pid, resource.RLIMIT_FSIZE)
    steps = driver.undo_steps(spec("storage.full"), victims)
    driver.inject(spec("storage.full"), victims)
    assert (ask(writer), ask(bystander)) == ("File too large", "written")
    assert elsewhere(steps[0].verify, steps[0]) is False
    undo(steps)
    assert resource.prlimit(writer.pid, resource.RLIMIT_FSIZE) == before
    assert ask(writer) == "written"


_FORKING = """
import subprocess, sys
print("ready", flush=True)
children = []
for line in sys.stdin:
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    children.append(subprocess.Popen(command, stdin=subprocess.PIPE))
    print(children[-1].pid, flush=True)
"""


def limit_of(pid: int) -> int:
    return resource.prlimit(pid, resource.RLIMIT_FSIZE)[0]


def test_what_a_limited_writer_started_and_who_replaced_it_get_their_limit_back(local):
    """The limit is inherited, and outlives who was hit."""
    writer = local.start("api-1", program=_FORKING)
    local.write(storage=[{"name": "audit", "path": str(local.folder), "writers": ["api-1"]}])
    driver = local.driver
    victims = driver.resolve({"kind": "storage"})
    (step,) = driver.undo_steps(spec("storage.full"), victims)
    driver.inject(spec("storage.full"), victims)
    child = int(ask(writer))
    local.write(processes=[])
    successor = local.start("api-1")
    resource.prlimit(successor.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    # As before: the writer alone is free again.
    resource.prlimit(writer.pid, resource.RLIMIT_FSIZE, resource.getrlimit(resource.RLIMIT_FSIZE))
    assert (limit_of(child), elsewhere(step.verify, step)) == (0, False)
    undo((step,))
    assert limit_of(child) == limit_of(successor.pid) == limit_of(os.getpid())


def test_orphans_of_a_writer_are_found_by_the_session_that_it_led():
    command = "sleep 600 >/dev/null & echo $!"
    leader = subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE, start_new_session=True)
    orphan = int(leader.communicate()[0])
    try:
        assert orphan in {pid for pid, _ in procfs.heirs({(leader.pid, 1)})}
        assert not procfs.heirs({(os.getpid(), 1)}), "of another process that had this pid"
    finally:
        os.kill(orphan, signal.SIGKILL)


def test_a_writer_that_was_replaced_since_the_plan_is_not_limited(local):
    local.start("api-1")
    local.write(storage=[{"name": "audit", "path": str(local.folder)}])
    driver = local.driver
    victims = driver.resolve({"kind": "storage"})
    driver.undo_steps(spec("storage.full"), victims)
    local.write(processes=[])
    replacement = local.start("api-1")
    with pytest.raises(VictimGoneError, match="plan the experiment anew"):
        driver.inject(spec("storage.full"), victims)
    assert ask(replacement) == "written"


@pytest.mark.parametrize("mount", ["/run", "/tmp", "/dev/shm", "/boot"])
def test_a_volume_that_the_machine_lives_on_is_not_filled(monkeypatch, mount):
    monkeypatch.setattr(os.path, "ismount", lambda folder: str(folder) in ("/", mount))
    monkeypatch.setattr(os, "access", lambda *_: True)
    assert storage._test_volume(Path(mount) / "audit") is None
    assert storage._volume(Path(mount) / "audit") is None


def test_a_writer_that_a_limit_would_kill_is_a_gap(local):
    # dd, unlike Python, takes SIGXFSZ as it comes: it would die of the limit.
    dies = subprocess.Popen(
        ["sleep", "600"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    local.running.append(dies)
    told = {"name": "pg", "pid": dies.pid, "start_ticks": procfs.start_ticks(dies.pid)}
    local.write(processes=[told], storage=[{"name": "data", "path": str(local.folder)}])
    wait_for(lambda: not procfs.survives(dies.pid, signal.SIGXFSZ))
    driver = local.driver
    with pytest.raises(NotAvailableError, match="would kill process pg"):
        driver.undo_steps(spec("storage.full"), driver.resolve({"kind": "storage"}))


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a test volume needs root")


@pytest.fixture
def volume(local) -> Iterator[Path]:
    folder = local.folder / "volume"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], check=True)
    local.start("api-1", folder / "audit.jsonl")
    local.write(storage=[{"name": "audit", "path": str(folder / "audit.jsonl")}])
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@needs_root
@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("storage.full", "No space left on device"),
        ("storage.read-only", "Read-only file system"),
    ],
)
def test_a_volume_of_its_own_is_really_full_or_read_only(local, volume, kind, says):
    (writer,) = local.running
    driver = local.driver
    assert ask(writer) == "written"
    victims = driver.resolve({"kind": "storage"})
    steps = driver.undo_steps(spec(kind), victims)
    driver.inject(spec(kind), victims)
    # The last page of the file may have room for a few lines more.
    wait_for(lambda: ask(writer) == says)
    assert elsewhere(steps[0].verify, steps[0]) is False
    undo(steps)
    assert ask(writer) == "written"


@needs_root
def test_a_volume_that_is_written_to_cannot_become_read_only(local, volume):
    driver = local.driver
    with (volume / "open").open("w"):
        victims = driver.resolve({"kind": "storage"})
        driver.undo_steps(spec("storage.read-only"), victims)
        with pytest.raises(NotAvailableError, match="while a file there is open for writing"):
            driver.inject(spec("storage.read-only"), victims)


def test_the_machines_own_disk_is_never_made_read_only(local, monkeypatch):
    local.write(storage=[{"name": "audit", "path": "/nowhere/at/all"}])
    driver = local.driver
    victims = driver.resolve({"kind": "storage"})
    for user, says in ((0, "lies on no small file system"), (1000, "needs root")):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        with pytest.raises(NotAvailableError, match=says):
            driver.undo_steps(spec("storage.read-only"), victims)


def test_a_writer_that_is_not_there_is_said_by_name(local):
    local.write(storage=[{"name": "audit", "path": "/x", "writers": ["api-9"]}])
    driver = local.driver
    with pytest.raises(TargetError, match="no such writer among the processes: api-9"):
        driver.undo_steps(spec("storage.full"), driver.resolve({"kind": "storage"}))


def test_every_fault_of_the_driver_is_known_by_name():
    assert fault_types("local") == (
        "certificate.expired",
        "certificate.expiring",
        "link.latency",
        "link.partition",
        "link.refuse",
        "link.reset",
        "process.freeze",
        "process.kill",
        "storage.full",
        "storage.read-only",
    )


def test_victims_stay_the_same_between_two_looks(local):
    local.start("api-1")
    driver = local.driver
    first, second = driver.resolve({"app": "api"}), local.driver.resolve({"app": "api"})
    assert first == second
    assert driver.resolve({"app": "api", "tier": "none"}) == ()
    gone = replace(first[0], id="process/api-7")
    with pytest.raises(VictimGoneError):
        driver.inject(spec("process.kill"), (gone,))
