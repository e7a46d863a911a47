"""The report on paper: PDF/A-3 with the signed statement, the same bytes each time."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clinigate.errors import EvidenceError, MissingExtraError
from clinigate.pipeline.exports import Form, Material, exported
from clinigate.reports import pdf
from clinigate.reports.html import render_html
from clinigate.reports.pdf import Associated, Engine, Paper, engine_here, render_pdf
from clinigate.reports.views import View

#: WeasyPrint leaves a colour profile of its own to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<style>p { color: #123456 }</style></head><body><p>Words on paper.</p>
<img src="http://127.0.0.1:9/x.png" alt=""><script>document.title = "ran"</script></body></html>"""
AT = datetime(2026, 8, 21, 12, tzinfo=UTC)
SMALL = Paper(PAGE, "demo 1.0", "NOT CERTIFIED", "run-1", (Associated("a.json", b"{}", "a", AT),))


def need(program: str) -> str:
    """A program of poppler. Without it the test is skipped by name, in our CI it fails."""
    import os

    found = shutil.which(program)
    if found is None and os.environ.get("CLINIGATE_REQUIRE_ALL") == "1":
        pytest.fail(f"no {program}: install poppler-utils")
    if found is None:
        pytest.skip(f"no {program}: install poppler-utils")
    return found


def text_of(path: Path) -> str:
    done = subprocess.run([need("pdftotext"), "-layout", str(path), "-"], capture_output=True,
                          check=True)  # fmt: skip
    return done.stdout.decode("utf-8")


@pytest.fixture(scope="module")
def printed(material: Callable[..., Material], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    made = exported(Form.PDF, material(view=View.EXECUTIVE))
    assert made.notes == ()
    path.write_bytes(made.data)
    return path


def test_it_says_what_the_page_says(material: Callable[..., Material], printed: Path) -> None:
    text = " ".join(text_of(printed).split())
    report = material().report
    for said in (report.subject, report.run, "SHUT", "On one page"):
        assert said in text
    assert "1 of " in text, "every sheet says which one it is"


def test_it_claims_pdf_a_3b_and_says_when_it_was_sealed(
    material: Callable[..., Material], printed: Path
) -> None:
    data = printed.read_bytes()
    streams = streams_of(data)
    (metadata,) = [each for each in streams if b"pdfaid" in each]
    assert b'pdfaid:part="3" pdfaid:conformance="B"' in metadata
    assert material().examined.bundle.statement.sealed_at[:19].encode() in metadata
    assert b"/OutputIntents" in data + b"".join(streams)
    assert b"/JavaScript" not in data + b"".join(streams)


def streams_of(data: bytes) -> list[bytes]:
    return [_inflated(each) for each in re.findall(rb"stream\r?\n(.*?)endstream", data, re.S)]


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def test_the_signed_statement_comes_out_of_it_as_it_went_in(
    material: Callable[..., Material], printed: Path, tmp_path: Path
) -> None:
    bundle = material().examined.bundle
    subprocess.run([need("pdfdetach"), "-saveall", "-o", str(tmp_path), str(printed)], check=True)
    (taken,) = tmp_path.iterdir()
    assert taken.name == bundle.statement_name
    assert taken.read_bytes() == bundle.envelope_bytes
    assert b"/AFRelationship /Data" in b"".join(streams_of(printed.read_bytes()))


def test_the_same_page_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE, encoding="utf-8")
    code = (
        "import sys; from datetime import datetime, UTC\n"
        "from clinigate.reports.pdf import *\n"
        "at = datetime(2026, 8, 21, 12, tzinfo=UTC)\n"
        "paper = Paper(open(sys.argv[1]).read(), 'demo 1.0', 'NOT CERTIFIED', 'run-1',\n"
        "              (Associated('a.json', b'{}', 'a', at),))\n"
        "sys.stdout.buffer.write(render_pdf(paper, engine_here()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(page)], capture_output=True, check=True)
    assert done.stdout == render_pdf(SMALL, engine_here())


def test_it_loads_nothing(tmp_path: Path) -> None:
    """Neither from the network nor from the disk, whatever a page names."""
    secret = tmp_path / "secret.css"
    secret.write_text("p::after { content: 'from the disk' }", encoding="utf-8")
    page = PAGE.replace("</head>", f'<link rel="stylesheet" href="{secret.as_uri()}"></head>')
    out = tmp_path / "out.pdf"
    out.write_bytes(render_pdf(replace(SMALL, html=page), engine_here()))
    text = text_of(out)
    assert "Words on paper." in text
    assert "from the disk" not in text


@pytest.mark.parametrize("view", [View.DEVELOPER, View.SRE])
def test_each_view_is_printed_alone(
    material: Callable[..., Material], view: View, tmp_path: Path
) -> None:
    paper = Paper(render_html(material().report, view), "demo", "x", "run", view=view)
    out = tmp_path / "out.pdf"
    out.write_bytes(render_pdf(paper, engine_here()))
    text = " ".join(text_of(out).split())
    assert "On one page" not in text
    assert ("What to fix first" in text) == (view is View.DEVELOPER)
    assert ("Objectives and experiments" in text) == (view is View.SRE)


class NoPango:
    """What is found in the place of WeasyPrint where its libraries are missing."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0': error 0x7e")


@pytest.fixture
def _no_pango(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NoPango(), *sys.meta_path])


@pytest.mark.usefixtures("_no_pango")
def test_without_pango_a_browser_prints_and_says_what_is_lost(
    material: Callable[..., Material], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    browser = next((shutil.which(name) for name in pdf._BROWSERS if shutil.which(name)), None)
    if browser is None:
        pytest.skip("no Chromium: install it")
    monkeypatch.setenv("CLINIGATE_CHROMIUM", browser)
    made = exported(Form.PDF, material())
    (note,) = made.notes
    assert note.startswith("not PDF/A, and without the signed statement")
    assert "Pango" in note
    out = tmp_path / "out.pdf"
    out.write_bytes(made.data)
    assert "Every access leaves a row" in " ".join(text_of(out).split())


@pytest.mark.usefixtures("_no_pango")
def test_with_neither_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CLINIGATE_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingExtraError, match=r"clinigate\[pdf\]"):
        engine_here()


def test_a_browser_that_fails_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    with pytest.raises(EvidenceError, match="chromium ended with exit code 3"):
        render_pdf(SMALL, Engine(str(broken), archival=False, why="x"))
    with pytest.raises(EvidenceError, match="does not start"):
        render_pdf(SMALL, Engine(str(tmp_path / "none"), archival=False, why="x"))
