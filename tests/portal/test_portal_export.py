"""The portal as files: whole or not at all, never over something else, and without dead links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from clinigate.cli.app import run as cli
from clinigate.cli.exits import ExitCode
from clinigate.errors import EvidenceError, UsageError
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.report import LevelStatus
from clinigate.evidence.trust import load_trust
from clinigate.evidence.verify import verify_bundle
from clinigate.portal import export
from clinigate.portal.export import export_site


@pytest.fixture(scope="module")
def site(shelf: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("store") / "evidence portal"
    export_site(shelf[0].site(exported=True), folder)
    return folder


def test_every_link_leads_to_a_file_of_the_export(site: Path) -> None:
    """Relative, so that it works below any prefix and from a file."""
    pages = [page for page in site.rglob("*.html") if page.name != "report.html"]
    assert len(pages) > 10
    for page in pages:
        for link in re.findall(r'href="([^"]+)"', page.read_text(encoding="utf-8")):
            target = unquote(link.partition("#")[0])
            if target and not target.startswith("data:"):
                found = (page.parent / target).resolve()
                assert found.is_relative_to(site.resolve())
                assert found.is_file(), (page, link)


def test_an_exported_bundle_verifies_and_only_pages_are_pages(site: Path, shelf: Any) -> None:
    """What is no page of ours lies in zips: a store would show a stranger's page as one of ours."""
    mine, fates = shelf
    trust = load_trust(mine.folder / "trust.toml")
    bundle = open_bundle(site / "runs" / fates["passed"] / "bundle.zip")
    assert verify_bundle(bundle, trust=trust).overall is LevelStatus.OK
    names = {path.name for path in site.rglob("*") if path.is_file()}
    kinds = {name.rpartition(".")[2] for name in names}
    assert kinds == {"html", "zip", "txt"}
    assert not (site / "runs" / fates["damaged"] / "report.html").exists()


def test_a_page_names_no_place_of_this_machine(site: Path, shelf: Any) -> None:
    mine, _ = shelf
    for page in site.rglob("*.html"):
        assert str(mine.folder) not in page.read_text(encoding="utf-8")


def test_an_export_replaces_an_export_and_nothing_else(project: Any, tmp_path: Path) -> None:
    old = project.sealed().run
    folder = tmp_path / "out"
    folder.mkdir()
    export_site(project.site(exported=True), folder)
    (folder / "left over.html").write_text("old")
    new = project.sealed().run
    export_site(project.site(exported=True), folder, bundles=False)
    assert (folder / "runs" / new / "index.html").is_file()
    assert (folder / "runs" / old / "index.html").is_file()
    assert not (folder / "left over.html").exists()
    assert not list(folder.rglob("*.zip"))
    assert [path.name for path in tmp_path.glob(".out*")] == []
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("irreplaceable")
    with pytest.raises(UsageError, match="holds something else"):
        export_site(project.site(exported=True), mine)
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(UsageError, match="is no folder"):
        export_site(project.site(exported=True), tmp_path / "link")
    assert (mine / "thesis.txt").read_text() == "irreplaceable"


def test_a_disk_that_refuses_leaves_the_old_export(
    project: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.sealed()
    folder = tmp_path / "out"
    export_site(project.site(exported=True), folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "_write_bundle", full)
    with pytest.raises(EvidenceError, match="No space left"):
        export_site(project.site(exported=True), folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.glob(".out*")] == []


def test_the_command_says_what_it_wrote(
    project: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.sealed()
    monkeypatch.chdir(project.folder)
    assert cli(["serve", "--export", "out"]) == ExitCode.OK
    assert capsys.readouterr().out == "portal: out/index.html (7 pages, 1 bundle)\n"
    assert (project.folder / "out" / "index.html").is_file()


def test_a_run_whose_bundle_is_left_out_is_named(project: Any, tmp_path: Path) -> None:
    project.sealed()
    unfinished = project.begin().id
    done = export_site(project.site(exported=True), tmp_path / "out")
    assert done.bundles == 1
    (told,) = done.left_out
    assert told.startswith(f"{unfinished}: no bundle: not sealed")
