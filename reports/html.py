"""The report as one HTML file that loads nothing and trusts no text in it.

Every expression is escaped. The content security policy allows the one style sheet and our
scripts by their hashes and nothing else, so that markup which slipped through would still be dead.
The finished page goes through `visible`: no character in it acts without being seen.
"""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Iterable, Iterator
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from clinigate.controls.standing import State
from clinigate.core.verdict import Status
from clinigate.reports.backtrace import backward, orphans, tests_of
from clinigate.reports.clauserows import ClauseRow
from clinigate.reports.duties import FrameworkRow, dues, frameworks, open_clauses, signatures
from clinigate.reports.evidenceindex import evidence_index
from clinigate.reports.facts import fingerprint, moment
from clinigate.reports.fixes import fix_rows
from clinigate.reports.model import Report, Tone
from clinigate.reports.numbers import count
from clinigate.reports.objectives import objectives
from clinigate.reports.overall import WORDS, tally_text
from clinigate.reports.plot import axis_for, plot
from clinigate.reports.text import visible
from clinigate.reports.views import View

__all__ = ["page_environment", "render_html"]

#: Files listed of a bundle; the others are counted.
MAX_FILES = 200
#: Pieces of evidence that are traced back, one by one.
MAX_BACK = 200

#: Parts of the one style sheet.
STYLES = ("report.css.j2", "views.css.j2", "change.css.j2", "proof.css.j2")
#: Scripts in their order. The first is there where the page can verify itself: it digests the page
#: as it was sent, before any other touches it.
PROOF = "proof.js"
SCRIPTS = ("report.js", "search.js")

_TONES = {
    Tone.GOOD: "pass",
    Tone.BAD: "fail",
    Tone.OPEN: "inconclusive",
    Tone.NEUTRAL: "not_assessed",
}


def render_html(report: Report, view: View | None = None) -> str:
    """Return the whole page; the same report gives the same text, on every machine.

    Args:
        report: what it says.
        view: whose view is shown first, by default the full record. The page holds all of them:
            a reader chooses another without a script.
    """
    environment = page_environment()
    css = "".join(_asset(name) for name in STYLES)
    scripts = [_asset(name) for name in ((PROOF, *SCRIPTS) if report.proof else SCRIPTS)]
    page = environment.get_template("report.html.j2").render(
        report=report,
        css=css,
        scripts=scripts,
        policy=_policy(css, scripts),
        view=View.FULL if view is None else view,
    )
    return visible(page)


@cache
def page_environment() -> Environment:
    """Return the environment of the report's templates, for pages that look like it."""
    environment = Environment(
        loader=PackageLoader("clinigate.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(headword=_headword, moment=moment, sentence=_sentence)
    environment.globals.update(
        attested=_attested,
        axis_for=axis_for,
        backward=backward,
        dues=dues,
        evidence_index=evidence_index,
        fingerprint=fingerprint,
        fix_rows=fix_rows,
        frameworks=frameworks,
        max_back=MAX_BACK,
        max_files=MAX_FILES,
        number=count,
        numbered=_numbered,
        objectives=objectives,
        open_clauses=open_clauses,
        orphans_of=orphans,
        parts=_parts,
        plot=plot,
        shares=_shares,
        shell=shlex.quote,
        signatures=signatures,
        tally_text=tally_text,
        tests_of=tests_of,
        tones=_TONES,
        views=tuple(View),
        words=WORDS,
    )
    return environment


@cache
def _asset(name: str) -> str:
    """A style sheet or script of ours, as it stands between its tags."""
    return page_environment().get_template(name).render()


def _policy(css: str, scripts: Iterable[str]) -> str:
    allowed = " ".join(f"'{_hash(script)}'" for script in scripts)
    return (
        f"default-src 'none'; style-src '{_hash(css)}'; script-src {allowed}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _headword(text: str) -> str:
    """Words as they stand at the head of a line."""
    return f"{text[:1].upper()}{text[1:]}"


def _sentence(text: str) -> str:
    """A reason as it stands in running text: a capital first unless it is an id, a stop last."""
    begun = _headword(text) if text.split(" ", 1)[0].isalpha() else text
    return begun if begun.endswith((".", "!", "?")) else f"{begun}."


def _shares(tally: Iterable[tuple[Status, int]]) -> Iterator[tuple[Status, float, float]]:
    """Each status with where its stretch of the whole begins and how wide it is, in percent."""
    counted = list(tally)
    whole = sum(number for _, number in counted)
    start = 0
    for status, number in counted:
        yield status, round(100 * start / whole, 2), round(100 * number / whole, 2)
        start += number


def _parts(row: FrameworkRow) -> Iterator[tuple[str, float, float]]:
    """The clauses of a framework as stretches of a line, in percent."""
    counted = (
        ("pass", row.kept), ("fail", row.broken), ("inconclusive", row.open),
        ("not_assessed", row.unknown),
    )  # fmt: skip
    start = 0
    for kind, number in counted:
        if number:
            yield kind, round(100 * start / row.clauses, 2), round(100 * number / row.clauses, 2)
        start += number


def _numbered(
    chapter: str, first: int, parts: Iterable[tuple[str, str, str, object]]
) -> list[tuple[str, str, str, str]]:
    """Sections of a chapter with their numbers; those that are empty are left out."""
    there = [part for part in parts if part[3]]
    return [
        (anchor, f"{chapter}.{number}", title, whose)
        for number, (anchor, title, whose, _) in enumerate(there, start=first)
    ]


def _attested(report: Report) -> tuple[ClauseRow, ...]:
    """The clauses that stand on what people attest."""
    rows = () if report.clauses is None else report.clauses.rows
    return tuple(row for row in rows if row.state is State.ATTESTED)
