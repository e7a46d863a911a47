"""The report on paper: PDF/A-3b, from the same page that a browser shows, with the statement in it.

PDF/A-3 is for keeping: fonts and colours come with the file, and so does the signed statement, as
an associated file that can be taken out and verified. The same page and statement give the same
bytes on a machine with the same fonts. Where WeasyPrint or its libraries are missing, Chromium
prints the page instead: that PDF is no PDF/A, carries no statement, and its bytes differ each time.
"""

from __future__ import annotations

import io
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from clinigate.errors import ClinigateError, EvidenceError, MissingExtraError
from clinigate.findings.programs import Program, run_program
from clinigate.reports.svgstyle import with_styled_figures
from clinigate.reports.text import one_line

__all__ = ["Associated", "Engine", "Paper", "engine_here", "render_pdf"]

_TIMEOUT_S = 300.0
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_NAMED_WEIGHT = re.compile(r"font-weight: 6\d\d")
_MISSING = "the PDF of a report (WeasyPrint with Pango, or Chromium)"


@dataclass(frozen=True, slots=True)
class Associated:
    """A file that goes into the PDF.

    Attributes:
        name: of the file. data: its bytes. about: a few words. at: its date, with a zone.
    """

    name: str
    data: bytes
    about: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Paper:
    """A page that is to be printed.

    Attributes:
        html: all of it.
        subject, verdict, run: for the head and foot of every sheet.
        files: what goes into the PDF.
        view: whose parts are printed, None for all.
    """

    html: str
    subject: str
    verdict: str
    run: str
    files: tuple[Associated, ...] = ()
    view: str | None = None


@dataclass(frozen=True, slots=True)
class Engine:
    """What makes PDFs here.

    Attributes:
        name: `WeasyPrint`, or the browser's path.
        archival: whether it makes PDF/A with associated files.
        why: why it is not the archival one, in a sentence; empty where it is.
    """

    name: str
    archival: bool
    why: str = ""


def engine_here() -> Engine:
    """Return what makes PDFs on this machine.

    Raises:
        MissingExtraError: nothing does.
    """
    try:
        import weasyprint  # noqa: F401 - whether it loads, with the libraries that it needs
    except ImportError:
        why = "WeasyPrint is not installed; pip install 'clinigate[pdf]'"
    except OSError as error:
        library = one_line(str(error)).split(":")[0]
        why = f"WeasyPrint misses a library of the system ({library}); install Pango"
    else:
        return Engine("WeasyPrint", archival=True)
    browser = os.environ.get("CLINIGATE_CHROMIUM") or next(
        (found for name in _BROWSERS if (found := shutil.which(name))), None
    )
    if browser is None:
        raise MissingExtraError(_MISSING, "pdf")
    return Engine(browser, archival=False, why=why)


def render_pdf(paper: Paper, engine: Engine) -> bytes:
    """Print a page.

    Raises:
        EvidenceError: the browser does not print it.
    """
    return _archival(paper) if engine.archival else _printed(paper, engine.name)


def _archival(paper: Paper) -> bytes:
    import weasyprint

    with _quiet():
        # A report loads nothing: what names a place gets no answer, a file no more than a host.
        nowhere = weasyprint.urls.URLFetcher(allowed_protocols=())
        document = weasyprint.HTML(string=_sheet(paper), url_fetcher=nowhere)
        attachments = [
            weasyprint.Attachment(
                file_obj=io.BytesIO(each.data),
                name=each.name,
                description=each.about,
                created=each.at.astimezone(UTC),
                modified=each.at.astimezone(UTC),
                relationship="Data",
            )
            for each in paper.files
        ]
        data: bytes = document.write_pdf(
            pdf_variant="pdf/a-3b", pdf_tags=True, attachments=attachments
        )
    return data


def _sheet(paper: Paper) -> str:
    """The page as WeasyPrint takes it: figures with their style, head and foot of the sheets."""
    from clinigate.reports.html import page_environment

    css = page_environment().get_template("print.css.j2").render()
    page = _NAMED_WEIGHT.sub(
        "font-weight: 700", with_styled_figures(paper.html, css, view=paper.view)
    )
    told = "".join(
        f'<div class="print-only print-{name}" aria-hidden="true">{escape(one_line(text))}</div>'
        for name, text in (
            ("subject", paper.subject),
            ("verdict", paper.verdict),
            ("run", paper.run),
        )
    )
    created = "".join(
        f'<meta name="dcterms.{name}" content="{each.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}">'
        for each in paper.files[:1]
        for name in ("created", "modified")
    )
    head, _, rest = page.partition("</head>")
    body, _, after = rest.partition(">")
    return f"{head}{created}</head>{body}>{told}{after}"


@contextmanager
def _quiet() -> Iterator[None]:
    """WeasyPrint tells of every rule that it does not know, which is for whoever writes styles."""
    loggers = [logging.getLogger(name) for name in ("weasyprint", "fontTools")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _printed(paper: Paper, browser: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="clinigate-pdf-") as folder:
        page, out = Path(folder) / "report.html", Path(folder) / "report.pdf"
        page.write_text(paper.html, encoding="utf-8")
        arguments = [
            "--headless",
            "--disable-gpu",
            # As root, which containers run as, a browser starts only so. The page loads nothing.
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            f"--user-data-dir={folder}/profile",
            "--no-pdf-header-footer",
            f"--print-to-pdf={out}",
            page.as_uri(),
        ]
        program = Program(Path(browser).name, (browser,), "")
        try:
            ran = run_program(program, arguments, cwd=Path(folder), timeout_s=_TIMEOUT_S)
        except ClinigateError as error:
            raise EvidenceError(f"the report was not printed: {error}") from error
        if ran.code != 0 or not out.is_file():
            raise EvidenceError(
                f"the report was not printed: {program.name} ended with exit code {ran.code} and "
                "no PDF; install WeasyPrint: pip install 'clinigate[pdf]'"
            )
        return out.read_bytes()
