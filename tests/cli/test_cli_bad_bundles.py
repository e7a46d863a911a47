"""A bundle that is not what was sealed is refused by the name of the file, whatever is asked."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import trust_entry
from clinigate.evidence.signing import generate_signer


def edited(bundle: Path) -> None:
    path = bundle / "results.json"
    path.write_bytes(path.read_bytes().replace(b'"FAIL"', b'"PASS"', 1).replace(b"1", b"2", 1))


def truncated(bundle: Path) -> None:
    path = next((bundle / "spool").iterdir())
    path.write_bytes(path.read_bytes()[:-100])


def without_file(bundle: Path) -> None:
    (bundle / "environment.json").unlink()


def with_file(bundle: Path) -> None:
    (bundle / "extra.json").write_text("{}", encoding="utf-8")


def truncated_statement(bundle: Path) -> None:
    path = bundle / "statement.dsse.json"
    path.write_bytes(path.read_bytes()[:-40])


def with_link(bundle: Path) -> None:
    (bundle / "elsewhere").symlink_to("/etc/hostname")


BROKEN = {
    "edited": (edited, "results.json"),
    "truncated": (truncated, "spool/test-"),
    "file removed": (without_file, "environment.json"),
    "file added": (with_file, "extra.json"),
    "truncated statement": (truncated_statement, "statement.dsse.json"),
    "link": (with_link, "elsewhere"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("command", ["verify", "gate", "report", "bundle export"])
def test_a_bundle_that_was_changed_is_refused_by_name(
    cli: Callable[..., Any], project: Callable[..., Any], name: str, command: str
) -> None:
    """The file is named, whatever is asked of the bundle, and nothing leaves the house."""
    change, file = BROKEN[name]
    mine = project()
    change(mine.bundle)
    said = cli(*command.split(), "last")
    assert said.code == ExitCode.INTEGRITY
    assert file in said.sentence
    assert not list(mine.folder.glob("*.zip"))


def zipped(project: Any, names: dict[str, bytes]) -> Path:
    place = project.folder / "bundle.zip"
    with zipfile.ZipFile(place, "w") as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return Path(place)


def files_of(bundle: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(bundle)): path.read_bytes()
        for path in bundle.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("command", ["verify", "gate", "report"])
def test_a_zip_that_leads_out_of_itself_is_refused(
    cli: Callable[..., Any], project: Callable[..., Any], command: str
) -> None:
    """Nothing of it is unpacked."""
    mine = project()
    place = zipped(mine, files_of(mine.bundle) | {"../evil.txt": b"x"})
    said = cli(command, place)
    assert said.code == ExitCode.INTEGRITY
    assert "'../evil.txt': a name that leads out of the bundle" in said.sentence
    assert not list(mine.folder.parent.rglob("evil.txt"))


def test_a_truncated_zip_is_refused(cli: Callable[..., Any], project: Callable[..., Any]) -> None:
    mine = project()
    place = zipped(mine, files_of(mine.bundle))
    place.write_bytes(place.read_bytes()[:-200])
    said = cli("verify", place)
    assert said.code == ExitCode.INTEGRITY
    assert "bundle.zip: not a sound zip" in said.sentence


def test_a_zip_of_something_else_is_no_bundle(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    place = zipped(project(), {"holiday.jpg": b"x"})
    said = cli("verify", place)
    assert said.code == ExitCode.UNFINISHED
    assert "not sealed, there is no statement.dsse.json" in said.sentence


@pytest.mark.parametrize("command", ["verify", "gate", "report"])
def test_a_foreign_key_counts_for_nothing(
    cli: Callable[..., Any], project: Callable[..., Any], command: str
) -> None:
    """Nobody can tell it from a bundle that was changed and signed anew."""
    mine = project()
    entry = trust_entry(generate_signer().public, name="Somebody else", role="machine")
    (mine.folder / "trust.toml").write_text(entry, encoding="utf-8")
    said = cli(command, "last")
    assert said.code == ExitCode.INTEGRITY
    assert "tried 1 trusted key(s); the bytes were changed or the key is foreign" in said.sentence


@pytest.mark.parametrize("command", ["verify", "gate", "report", "bundle export"])
@pytest.mark.parametrize("finished", [True, False])
def test_an_unsealed_run_is_unfinished(
    cli: Callable[..., Any],
    project: Callable[..., Any],
    shared: Any,
    command: str,
    finished: bool,
) -> None:
    directory = project().unsealed(finished=finished)
    before = shared.digests(directory)
    said = cli(*command.split(), directory.name)
    assert said.code == ExitCode.UNFINISHED
    assert directory.name in said.sentence
    assert shared.digests(directory) == before


@pytest.mark.parametrize("arguments", [["seal", "empty", "--unsigned"], ["verify", "empty"]])
def test_a_folder_that_holds_no_run_is_told(
    cli: Callable[..., Any], project: Callable[..., Any], arguments: list[str]
) -> None:
    (project().folder / "empty").mkdir()
    said = cli(*arguments)
    assert said.code == ExitCode.UNFINISHED
    assert said.sentence.startswith("empty: ")


def test_a_run_that_was_sealed_is_not_sealed_again(
    cli: Callable[..., Any], project: Callable[..., Any], monkeypatch: pytest.MonkeyPatch,
    shared: Any,
) -> None:  # fmt: skip
    mine = project()
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", shared.PASSPHRASE)
    before = shared.digests(mine.bundle)
    said = cli("seal", "last")
    assert said.code == ExitCode.NOT_PASSED
    assert f"{mine.run}: this run is sealed already; a seal is made once" in said.sentence
    assert shared.digests(mine.bundle) == before


def test_a_ledger_that_was_edited_is_told(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    """Where the bundle was made, the log beside it is looked at too; a copy has none."""
    mine = project()
    records = mine.folder / ".clinigate" / "ledger" / "records.ndjson"
    records.write_bytes(records.read_bytes().replace(b"run-started", b"run-stopped", 1))
    said = cli("verify", "last")
    assert said.code == ExitCode.INTEGRITY
    assert "ledger" in said.sentence
    shutil.copytree(mine.bundle, mine.folder / "copy")
    assert cli("verify", "copy").code == ExitCode.OK
