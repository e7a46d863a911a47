"""Write pages: every expression escaped, no script and no style but our own, by their hashes."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader

from clinigate.reports.html import STYLES, page_environment
from clinigate.reports.numbers import count
from clinigate.reports.text import shortened, visible

__all__ = ["SECTIONS", "Page", "write_page"]

#: The pages of the whole portal: file and title.
SECTIONS = (
    ("index.html", "Runs"),
    ("trends.html", "Trends"),
    ("coverage.html", "Coverage"),
    ("due.html", "Waivers and attestations"),
    ("ledger.html", "Ledger"),
)


_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Page:
    """A page's bytes and the content security policy under which it is shown."""

    body: bytes
    policy: str


def write_page(template: str, *, up: str = "", **values: Any) -> Page:
    """Return a page.

    Args:
        template: its file below `templates`.
        up: the way to the portal's top, as `../../`: links are relative, so that the same page
            works under any address and from a file.
        values: what the template shows.
    """
    environment = _environment()
    css = "".join(_asset(name) for name in (*STYLES, "portal.css.j2"))
    script = _asset("portal.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(css)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'self'"
    )
    text = environment.get_template(template).render(
        css=css, script=script, policy=policy, up=up, sections=SECTIONS, **values
    )
    return Page(visible(text).encode(), policy)


@cache
def _environment() -> Environment:
    # The report's own parts are used where the portal has none of that name.
    loader = ChoiceLoader([PackageLoader("clinigate.portal"), PackageLoader("clinigate.reports")])
    environment: Environment = page_environment().overlay(loader=loader, cache_size=100)
    environment.filters = {**environment.filters, "brief": _brief, "day": _day, "size": _size}
    environment.globals = {**environment.globals, "count_of": count}
    return environment


@cache
def _asset(name: str) -> str:
    return _environment().get_template(name).render()


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _day(text: str) -> str:
    """A time as its day alone."""
    return text[:10]


def _brief(text: str) -> str:
    """A sentence for a row of a list: digests by their beginnings, and no more than two lines."""
    return shortened(_DIGEST.sub(lambda found: found[0][:12], text), 160)


def _size(number: int) -> str:
    """Bytes as people read them."""
    if number < 1000:
        return f"{number} B"
    power = min((len(str(number)) - 1) // 3, 3)
    return f"{number / 1000**power:.1f} {' kMG'[power]}B"
