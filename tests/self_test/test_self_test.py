"""`clinigate self-test` qualifies a sound installation, and each part of it can fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from clinigate.cli.self_test import command
from clinigate.core.judgement import judge_all
from clinigate.core.observation import Finding, Observation
from clinigate.core.verdict import Status, Verdict
from clinigate.evidence.bundle import open_bundle
from clinigate.quality.validation import crash, installation, statistics, tamper
from clinigate.quality.validation.calibration import count_clean, count_defect
from clinigate.quality.validation.parts import PARTS, criterion_of
from clinigate.quality.validation.tries import Tries


def judged(tries: Tries) -> tuple[Verdict, list[Observation]]:
    seen = list(tries.observations())
    (verdict,) = judge_all([criterion_of(tries.part)], seen)
    return verdict, seen


def findings(tries: Tries) -> list[Finding]:
    return [each.about for each in judged(tries)[1] if isinstance(each.about, Finding)]


def test_statistics_are_those_of_the_tables() -> None:
    tries = Tries(PARTS["statistics"])
    statistics.look_at_statistics(tries)
    assert judged(tries)[0].status is Status.PASS
    assert tries.made == len(statistics.VALUES) + len(statistics.VERDICTS)


def test_a_wrong_bound_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "upper_bound", lambda events, n, _confidence: events / (n or 1))
    tries = Tries(PARTS["statistics"])
    statistics.look_at_statistics(tries)
    assert judged(tries)[0].status is Status.FAIL
    assert "3 of 100, upper" in {each.where for each in findings(tries)}


def test_every_change_of_a_bundle_is_found_by_name(tmp_path: Path) -> None:
    tries = Tries(PARTS["tamper"])
    tamper.look_at_tampering(tries, tmp_path)
    assert (judged(tries)[0].status, tries.wrong) == (Status.PASS, [])


def test_a_verifier_that_sees_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind = SimpleNamespace(overall=None, problems=())
    monkeypatch.setattr(tamper, "verify_bundle", lambda _bundle, *, trust: blind)
    tries = Tries(PARTS["tamper"])
    tamper.look_at_tampering(tries, tmp_path)
    assert judged(tries)[0].status is Status.FAIL
    assert any("the change was not found" in each.message for each in findings(tries))


def test_a_killed_writer_loses_nothing(tmp_path: Path) -> None:
    tries = Tries(PARTS["crash"])
    crash.look_at_crashes(tries, tmp_path)
    assert (judged(tries)[0].status, tries.wrong) == (Status.PASS, [])


def test_a_lost_observation_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Emptied:
        status = crash.RunStatus.INCOMPLETE

        def observations(self) -> tuple[()]:
            return ()

    monkeypatch.setattr(crash, "read_run", lambda _directory: Emptied())
    tries = Tries(PARTS["crash"])
    crash.look_at_crashes(tries, tmp_path)
    assert judged(tries)[0].status is Status.FAIL
    assert "1 observations were acknowledged, and 0 are there" in findings(tries)[0].message


def test_a_defect_that_is_not_seen_and_a_false_alarm_are_told() -> None:
    tries = Tries(PARTS["calibration"])
    count_clean(tries, {"a": Status.PASS, "b": Status.FAIL})
    count_defect(tries, "planted", {"a": Status.FAIL, "b": Status.PASS})
    count_defect(tries, "found", {"a": Status.FAIL})
    count_defect(tries, "foreign", {})
    count_clean(tries, {"c": Status.NOT_ASSESSED})
    count_defect(tries, "blind", {"c": Status.NOT_ASSESSED})
    assert [where for where, _ in tries.wrong] == ["clean: b", "planted"]
    assert judged(tries)[0].status is Status.FAIL
    assert tries.untried == [
        "foreign: no check that is installed looks for it",
        "clean: c is not assessed; `clinigate doctor` says what it lacks",
        "blind: c is not assessed",
    ]


class Installed:
    """A distribution of two files, one of which may have been changed since."""

    def __init__(self, folder: Path, change: Callable[[Path], None] | None) -> None:
        self.requires = ["click>=8", "no-such-package-at-all>=1"]
        self.files = []
        for name in ("clinigate/a.py", "clinigate/b.py"):
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(name)
            value = installation._digest(path, "sha256")
            self.files.append(
                SimpleNamespace(
                    hash=SimpleNamespace(mode="sha256", value=value),
                    parts=("clinigate", path.name),
                    locate=lambda path=path: path,
                    as_posix=lambda name=name: name,
                )
            )
        if change is not None:
            change(folder / "clinigate" / "a.py")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.write_text("other"), "it is not the file that was shipped"),
        (lambda path: path.unlink(), "it is missing"),
    ],
    ids=["changed", "gone"],
)
def test_a_changed_file_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], None],
    message: str,
) -> None:
    monkeypatch.setattr(installation, "distribution", lambda _name: Installed(tmp_path, change))
    tries = Tries(PARTS["installation"])
    installation.look_at_installation(tries)
    assert ("clinigate/a.py", message) in tries.wrong
    assert any(where == "no-such-package-at-all" for where, _ in tries.wrong)
    assert not any(where in ("clinigate/b.py", "click") for where, _ in tries.wrong)


@pytest.mark.parametrize("name", ["c.py", "a.abi3.so", "b.pyc"])
def test_code_that_was_put_there_later_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """An extension module comes before the module of the same name that was shipped."""

    def put(path: Path) -> None:
        (path.parent / name).write_bytes(b"")
        (path.parent / "__pycache__").mkdir()
        (path.parent / "notes.txt").write_text("no code")

    monkeypatch.setattr(installation, "distribution", lambda _name: Installed(tmp_path, put))
    tries = Tries(PARTS["installation"])
    installation.look_at_installation(tries)
    assert (f"clinigate/{name}", "it was not shipped, and would run") in tries.wrong
    assert not any("notes" in where for where, _ in tries.wrong)


def test_the_record_is_sealed_and_says_of_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(
        command, ["--part", "statistics", "--part", "tamper"], standalone_mode=False
    )
    assert done.exception is None, done.output
    assert done.return_value == 1, "three parts were left out"
    (run,) = (tmp_path / ".clinigate" / "runs").iterdir()
    results = open_bundle(run).results()
    assert results.subject.name == "clinigate"
    assert {verdict.criterion: verdict.status for verdict in results.verdicts} == {
        f"quality.own_{name}": Status.PASS
        if name in ("statistics", "tamper")
        else Status.NOT_ASSESSED
        for name in PARTS
    }
    assert {"11.10(a)"} <= {c for criterion in results.criteria for c in criterion.controls}


def test_some_defects_alone_do_not_qualify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference service for real, with one defect; the clean one is left to the whole."""
    from clinigate.cli import self_test_calibration

    monkeypatch.chdir(tmp_path)
    whole = self_test_calibration._seen
    monkeypatch.setattr(
        self_test_calibration,
        "_seen",
        lambda defect, metrics: {} if defect is None else whole(defect, metrics),
    )
    tries = Tries(PARTS["calibration"])
    self_test_calibration.look_at_calibration(
        tries, names=["who5-reversed"], on_step=lambda _step: None
    )
    assert (tries.made, tries.wrong) == (1, [])
    assert judged(tries)[0].status is Status.INCONCLUSIVE


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--defect", "no-such"], "--defect no-such: there is no such defect"),
        (["--part", "crash", "--defect", "who5-reversed"], "belongs to the part `calibration`"),
    ],
)
def test_wrong_options_are_one_sentence(arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(command, arguments, standalone_mode=False)
    assert message in str(done.exception)
