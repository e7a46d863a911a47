"""Kill whoever seals, exports, takes in, witnesses or prunes, and look at what is left.

A child process does the work and kills itself (SIGKILL) at the n-th time that it asks the system
for something: opens, writes, syncs, renames, links or removes a file. A write is done by half
before the kill. What is left must be all or nothing, and doing it again must end it.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from _evidence_world import World

from clinigate.errors import ClinigateError
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.checkpoint import parse_checkpoint, parse_proof
from clinigate.evidence.cosignature import cosignatures
from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.ledger_check import check_ledger
from clinigate.evidence.names import PROOF, WITNESSED
from clinigate.evidence.report import LevelStatus
from clinigate.evidence.runs import Run
from clinigate.evidence.verify import verify_bundle
from clinigate.pipeline.pruning import prune
from clinigate.pipeline.transfer import import_bundle

_STEPS = {
    *("open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.truncate"),
    *("os.chmod", "os.scandir", "os.listdir", "fcntl.flock", "shutil.rmtree"),
}


@dataclass
class Killed:
    """How many kills hit which work, and what was wrong afterwards."""

    works: Counter[str] = field(default_factory=Counter)
    ended: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Work:
    """One thing that is killed.

    Attributes:
        name: for the tally.
        prepare: what stands before; its outcome is handed to the others.
        act: what is killed, and done again.
        torn: what is wrong right after a kill, in sentences; told whether the work was done.
        whole: what is wrong after it was done again.
    """

    name: str
    prepare: Callable[[World], Any]
    act: Callable[[World, Any], object]
    torn: Callable[[World, Any, bool], list[str]]
    whole: Callable[[World, Any], list[str]]


def kill(times: int, seed: int) -> Killed:
    """Kill each work so often, at random steps; return what was seen."""
    dice = random.Random(seed)
    done = Killed()
    for number in range(times):
        work = WORKS[number % len(WORKS)]
        with tempfile.TemporaryDirectory() as folder:
            world = World(Path(folder))
            about = work.prepare(world)
            steps = _steps(work, world, about)
            finished = _child(partial(work.act, world, about), dice.randint(1, steps))
            world.clock.now += timedelta(minutes=1)  # the child's clock went on without us
            done.works[work.name] += 1
            done.ended += finished
            where = f"{work.name}, kill {number}"
            done.wrong += [f"{where}: {each}" for each in work.torn(world, about, finished)]
            try:
                work.act(world, about)
                again = [*work.whole(world, about), *check_ledger(world.root, world.trust).problems]
            except ClinigateError as error:
                again = [f"done again: {error}"]
            done.wrong += [f"{where}: {each}" for each in again]
    return done


def _steps(work: Work, world: World, about: Any) -> int:
    """How many steps the work has, counted on a copy of the world."""
    if work.name not in _COUNTED:
        kept = world.folder.with_name(f"{world.folder.name}-kept")
        shutil.copytree(world.folder, kept)
        out, into = os.pipe()
        pid = os.fork()
        if pid == 0:
            _count_in_child(lambda: work.act(world, about), into)
        os.close(into)
        with os.fdopen(out, "rb") as told:
            _COUNTED[work.name] = int(told.read() or b"1")
        os.waitpid(pid, 0)
        shutil.rmtree(world.folder)
        kept.rename(world.folder)
    return _COUNTED[work.name]


_COUNTED: dict[str, int] = {}


def _count_in_child(act: Callable[[], object], into: int) -> None:
    seen = [0]
    write = os.write

    def step(_: str) -> None:
        seen[0] += 1

    def counted(fd: int, data: Any) -> int:
        seen[0] += 1
        return write(fd, data)

    _watch(step, counted)
    try:
        act()
    finally:
        write(into, str(max(1, seen[0])).encode())
        os._exit(0)


def _child(act: Callable[[], object], at: int) -> bool:
    """Do the work in a child that kills itself at a step; whether it came to its end before."""
    pid = os.fork()
    if pid == 0:
        left = [at]
        write = os.write

        def step(_: str) -> None:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

        def half(fd: int, data: Any) -> int:
            left[0] -= 1
            if left[0] <= 0:
                write(fd, bytes(data)[: len(data) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return write(fd, data)

        _watch(step, half)
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - a child must never go on as its parent
            write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def _watch(step: Callable[[str], object], write: Callable[[int, Any], int]) -> None:
    sync = os.fsync

    def synced(fd: int) -> None:
        step("fsync")
        sync(fd)

    os.write = write
    os.fsync = synced  # type: ignore[assignment]
    sys.addaudithook(lambda event, _: step(event) if event in _STEPS else None)


def _believed(world: World, path: Path) -> list[str]:
    report = verify_bundle(open_bundle(path), trust=world.trust, ledger=world.root / "ledger")
    return [] if report.overall is LevelStatus.OK else list(report.problems or ["not believed"])


def _types(world: World, run: str) -> Counter[str]:
    return Counter(r.type for r in read_ledger(world.root / "ledger").chain.records if r.run == run)


def _once(world: World, run: str, kind: str) -> list[str]:
    count = _types(world, run)[kind]
    return [] if count == 1 else [f"{kind} stands {count} times in the ledger"]


def _after_seal(world: World, run: Run, done: bool) -> list[str]:
    sealed = (run.directory / PROOF).exists()
    if done and not sealed:
        return ["an acknowledged seal is lost"]
    return _believed(world, run.directory) if sealed else []


def _seal_again(world: World, run: Run) -> None:
    if not (run.directory / PROOF).exists():
        world.seal(run)


def _sealed(world: World, run: Run) -> list[str]:
    held = len(open_bundle(run.directory).results().observations)
    lost = [] if held == 2 else [f"{held} of 2 acknowledged observations"]
    return [*lost, *_believed(world, run.directory), *_once(world, run.id, "run-sealed")]


def _after_export(world: World, bundle: Bundle, done: bool) -> list[str]:
    place = world.folder / "copy.zip"
    logged = _types(world, bundle.run)["bundle-exported"]
    if (done or logged) and not place.exists():
        return ["an acknowledged copy is lost"]
    return _believed_copy(world, place) if place.exists() else []


def _believed_copy(world: World, place: Path) -> list[str]:
    report = verify_bundle(open_bundle(place), trust=world.trust)
    return [] if report.overall is LevelStatus.OK else list(report.problems)


def _to_import(world: World) -> Bundle:
    """A bundle of another place, which begins here as a zip."""
    other = World(world.folder / "other", machine=world.machine)
    bundle = other.seal(other.recorded())
    other.export(bundle, world.folder / "foreign.zip")
    world.seal(world.recorded())
    return bundle


def _import(world: World, _: Bundle) -> None:
    import_bundle(
        str(world.folder / "foreign.zip"),
        root=world.root,
        table=world.table,
        trust=world.trust,
        signer=world.machine,
        clock=world.clock,
    )


def _after_import(world: World, bundle: Bundle, done: bool) -> list[str]:
    home = world.root / "runs" / bundle.run
    if done and not home.is_dir():
        return ["an acknowledged import is lost"]
    if not home.is_dir():
        return []
    return list(verify_bundle(open_bundle(home), trust=world.trust).problems)


def _after_look(world: World, bundle: Bundle, done: bool) -> list[str]:
    wrong = []
    keys = [world.witness.public]
    notes = [*world.folder.glob("state/*.note"), *world.root.glob("ledger/cosig/*.note")]
    for path in notes:
        if not cosignatures(parse_checkpoint(path.read_bytes()), keys):
            wrong.append(f"{path.name} is not cosigned")
    for path in world.root.glob(f"runs/*/{WITNESSED}"):
        if not cosignatures(parse_proof(path.read_bytes()).checkpoint, keys):
            wrong.append(f"{path.parent.name}: its proof is not cosigned")
    given, kept = len(notes) > 1, bool(list(world.folder.glob("state/*.note")))
    if given and not kept:
        wrong.append("given out and not remembered")
    if done and not (bundle.path / WITNESSED).exists():
        wrong.append("an acknowledged proof is lost")
    return [*wrong, *_believed(world, bundle.path)]


def _to_prune(world: World) -> Bundle:
    bundle = world.seal(world.recorded())
    world.export(bundle, world.folder / "copy.zip")
    world.clock.now += timedelta(days=366 * 6)
    return bundle


def _prune(world: World, _: Bundle) -> None:
    prune(world.root, world.table, dry_run=False, signer=world.machine, clock=world.clock)


def _after_prune(world: World, bundle: Bundle, done: bool) -> list[str]:
    if done and bundle.path.exists():
        return ["it is said to be removed, and is there"]
    gone = [] if bundle.path.exists() else _once(world, bundle.run, "run-pruned")
    here = _believed(world, bundle.path) if bundle.path.exists() else []
    return [*gone, *here, *_believed_copy(world, world.folder / "copy.zip")]


def _pruned(world: World, bundle: Bundle) -> list[str]:
    rest = list((world.root / "runs").iterdir())
    return [*_once(world, bundle.run, "run-pruned"), *(f"left: {each.name}" for each in rest)]


WORKS = (
    Work("seal", lambda world: world.recorded(), _seal_again, _after_seal, _sealed),
    Work(
        "export",
        lambda world: world.seal(world.recorded()),
        lambda world, bundle: world.export(bundle, world.folder / "copy.zip"),
        _after_export,
        lambda world, bundle: _after_export(world, bundle, True),
    ),
    Work(
        "import",
        _to_import,
        _import,
        _after_import,
        lambda world, bundle: [
            *_believed(world, world.root / "runs" / bundle.run),
            *_once(world, bundle.run, "bundle-imported"),
        ],
    ),
    Work(
        "witness",
        lambda world: world.seal(world.recorded()),
        lambda world, _: world.look(),
        _after_look,
        lambda world, bundle: _after_look(world, bundle, True),
    ),
    Work("prune", _to_prune, _prune, _after_prune, _pruned),
)
