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

from clinigate.core.verdict import Status
from clinigate.reports.facts import fingerprint, moment
from clinigate.reports.model import Report, Tone
from clinigate.reports.numbers import count
from clinigate.reports.overall import WORDS, tally_text
from clinigate.reports.plot import axis_for, plot
from clinigate.reports.text import visible

__all__ = ["page_environment", "render_html"]

#: Files listed of a bundle; the others are counted.
MAX_FILES = 200

#: Parts of the one style sheet.
STYLES = ("report.css.j2", "change.css.j2", "proof.css.j2")
#: Scripts in their order. The first is there where the page can verify itself: it digests the page
#: as it was sent, before any other touches it.
PROOF = "proof.js"
SCRIPTS = ("report.js",)

_TONES = {
    Tone.GOOD: "pass",
    Tone.BAD: "fail",
    Tone.OPEN: "inconclusive",
    Tone.NEUTRAL: "not_assessed",
}


def render_html(report: Report) -> str:
    """Return the whole page; the same report gives the same text, on every machine."""
    environment = page_environment()
    css = "".join(_asset(name) for name in STYLES)
    scripts = [_asset(name) for name in ((PROOF, *SCRIPTS) if report.proof else SCRIPTS)]
    page = environment.get_template("report.html.j2").render(
        report=report, css=css, scripts=scripts, policy=_policy(css, scripts)
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
        axis_for=axis_for,
        fingerprint=fingerprint,
        max_files=MAX_FILES,
        number=count,
        plot=plot,
        shares=_shares,
        shell=shlex.quote,
        tally_text=tally_text,
        tones=_TONES,
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
