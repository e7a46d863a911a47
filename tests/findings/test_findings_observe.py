"""A scan goes into a run as one census and all its findings; nothing looked at is never a pass."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clinigate.core.criterion import Criterion, Relation
from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Fault, Finding, Gap
from clinigate.core.verdict import Status
from clinigate.errors import UsageError
from clinigate.findings.model import Excluded, Found, ScanResult
from clinigate.findings.observe import broken, not_looked, observations
from clinigate.findings.tree import relative_uri, unseen, walk


def seen(
    rule: str, severity: FlawSeverity = FlawSeverity.HIGH, accepted: str | None = None
) -> Found:
    flaw = Flaw(rule, ("x",), severity, Place("a.py", 3), "0" * 32, accepted=accepted)
    return Found(flaw, "m")


ZERO = Criterion("security.x.high", "security.x.high", Relation.AT_MOST, 0)


def judged(scan: ScanResult) -> tuple[Measurement, Status]:
    first = next(observations("CG-SEC-X-001", "security.x.high", scan)).about
    assert isinstance(first, Measurement)
    return first, ZERO.judge(first).status


def test_open_and_grave_findings_count_and_all_are_recorded() -> None:
    found = (
        seen("R1"),
        seen("R2", FlawSeverity.LOW),
        seen("R3", accepted="baseline until 2027-01-31: why"),
    )
    scan = ScanResult("x", "1", ("a.py", "b.py"), (), found)
    measured, status = judged(scan)
    assert (measured.value, measured.n, measured.events, status) == (1.0, 2, 1, Status.FAIL)
    rest = [each.about for each in observations("CG-SEC-X-001", "security.x.high", scan)][1:]
    assert [each.flaw.rule for each in rest if isinstance(each, Finding) and each.flaw] == [
        "R1",
        "R2",
        "R3",
    ]


@pytest.mark.parametrize(
    ("scan", "status"),
    [
        (ScanResult("x", "1", ("a.py",)), Status.PASS),
        (ScanResult("x", "1", ("a.py",), (Excluded("b.py", "?"),)), Status.INCONCLUSIVE),
        (ScanResult("x", "1", (), (Excluded("b.py", "?"),)), Status.INCONCLUSIVE),
    ],
)
def test_only_a_look_at_everything_passes(scan: ScanResult, status: Status) -> None:
    assert judged(scan)[1] is status


def test_nothing_to_look_at_is_a_gap() -> None:
    (only,) = observations("CG-SEC-X-001", "m", ScanResult("x", "1", ()), nothing="no Python file")
    assert only.about == Gap("m", "no Python file")
    assert not_looked("CG-SEC-X-001", "m", "why").about == Gap("m", "why")
    assert broken("CG-SEC-X-001", "m", "why").about == Fault("m", "why")


def test_a_tree_is_walked_in_order_without_what_is_nobodys(tmp_path: Path) -> None:
    for name in ("b.py", "a/c.py", "a/.git/x.py", "node_modules/y.py", "env/z.py", "a/skip/w.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "env/pyvenv.cfg").write_text("")
    (tmp_path / "env/bin").mkdir()
    (tmp_path / "env/bin/python").symlink_to("gone")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link.py").symlink_to(tmp_path / "b.py")
    names = [relative_uri(path, tmp_path) for path in walk(tmp_path, exclude=["a/skip"])]
    assert names == ["b.py", "a/c.py"]
    assert len(list(walk(tmp_path, [".", "b.py", "a"], exclude=["a/skip"]))) == 2
    with pytest.raises(UsageError, match="nowhere: no such file"):
        list(walk(tmp_path, ["nowhere"]))


def test_what_a_scan_does_not_see_is_named(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    for name in ("outside/x.py", "outside/x.md", "inside/a/b.py", "inside/node_modules/m.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    for name, to in {
        "lib": outside,
        "x.py": outside / "x.py",
        "x.md": outside / "x.md",
        "b.py": inside / "a/b.py",
        "top": inside,
        "m.py": inside / "node_modules/m.py",
        "broken.py": "nowhere",
        "circle.py": "circle.py",
        "left.py": outside / "x.py",
    }.items():
        (inside / name).symlink_to(to)
    hidden = unseen(inside, exclude=["left.py"], wanted=lambda path: path.suffix == ".py")
    assert [each.unit for each in hidden] == ["lib", "m.py", "x.py"]
    assert not list(unseen(tmp_path, wanted=lambda path: path.name == "x.py"))


def test_a_folder_that_cannot_be_read_is_never_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    folder = tmp_path
    # No path to it is short enough for the system: that stops the superuser too.
    handle = os.open(tmp_path, os.O_RDONLY)
    for _ in range(18):
        os.mkdir("d" * 250, dir_fd=handle)
        deeper = os.open("d" * 250, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle, folder = deeper, folder / ("d" * 250)
    os.close(handle)
    (only,) = unseen(tmp_path)
    assert "cannot be read (File name too long)" in only.reason
    with pytest.raises(UsageError, match="cannot be read"):
        list(walk(tmp_path))


def test_a_marker_alone_hides_no_folder(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/pyvenv.cfg").write_text("")
    (tmp_path / "src/app.py").write_text("")
    assert tmp_path / "src/app.py" in list(walk(tmp_path))


def test_a_place_outside_the_base_is_named_in_full(tmp_path: Path) -> None:
    assert relative_uri(tmp_path / "x", tmp_path / "y") == (tmp_path / "x").as_posix()
