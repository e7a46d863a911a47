"""What was actually tried, in plain words: what is sent, what is looked at, what stays unseen.

Probes of HIPAA say it themselves; of the other producers it stands in `words/tried.toml`, by metric
or by the beginning of one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

__all__ = ["Tried", "asked_by", "tried_for"]

_WORDS = "words"


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing that was tried.

    Attributes:
        sends: what was done. looks_at: what of the answer counts.
        cannot_see: what a good outcome does not show.
    """

    sends: str
    looks_at: str
    cannot_see: str


def tried_for(metric: str) -> Tried | None:
    """Return how the metric is measured, None where nobody has written it down."""
    known = _by_metric()
    found = known.get(metric)
    while found is None and "." in metric:
        metric = metric.rpartition(".")[0]
        found = known.get(metric)
    return found


def asked_by(clause: str) -> str:
    """Return what a clause asks for in a sentence of ours, empty where we have none.

    The words explain; what binds is the text of the law.
    """
    return _clauses().get(clause, "")


@cache
def _by_metric() -> Mapping[str, Tried]:
    return {**_of_file(), **_of_probes()}


def _of_file() -> dict[str, Tried]:
    return {metric: Tried(**words) for metric, words in _table("tried.toml").items()}


def _of_probes() -> dict[str, Tried]:
    from clinigate.hipaa.named import NAMED  # fifty probes: only a report asks for their words

    return {
        named.metric: Tried(*map(_said, (named.sends, named.looks_at, named.cannot_see)))
        for named in NAMED.values()
        if named.sends
    }


def _said(text: str) -> str:
    return text[:1].lower() + text[1:].removesuffix(".")


@cache
def _clauses() -> Mapping[str, str]:
    return {clause: words["asks"] for clause, words in _table("clauses.toml").items()}


def _table(name: str) -> dict[str, dict[str, str]]:
    text = (resources.files("clinigate.reports") / _WORDS / name).read_text(encoding="utf-8")
    return tomllib.loads(text)
