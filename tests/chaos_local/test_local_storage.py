"""Storage that is full or read-only hits its writers alone, and nothing of it is left behind."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_fault_support import ask, check_undo, elsewhere, spec, wait_for

from clinigate.chaos.drivers.base import NotAvailableError, VictimGoneError
from clinigate.chaos.faults import procfs, storage
from clinigate.errors import TargetError


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
    check_undo(steps)
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
    check_undo((step,))
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
    check_undo(steps)
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
