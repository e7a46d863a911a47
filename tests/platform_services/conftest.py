"""Manifests judged in memory, and findings in the short form that tests compare."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from clinigate.platform.expectations import Expectations
from clinigate.platform.judge import TopicScan, judge
from clinigate.platform.load import Text, load
from clinigate.platform.manifests import Manifests
from clinigate.platform.rules import load_rules

_MANIFESTS = Path(__file__).with_name("manifests")


def _scan(
    metric: str,
    *texts: str | Path | tuple[str, str],
    expectations: Expectations | None = None,
) -> TopicScan:
    """What the rules of one topic see in texts, in texts by name, or in files of `manifests/`."""
    loaded = load([_text(text, number) for number, text in enumerate(texts)])
    assert not loaded.excluded, loaded.excluded
    rules = [each for each in load_rules().rules if each.topic.metric == metric]
    found = judge(Manifests(loaded.resources, expectations), rules)[metric]
    assert not found.faults, found.faults
    return found


def _text(text: str | Path | tuple[str, str], number: int) -> Text:
    if isinstance(text, Path):
        return Text(str(text), (_MANIFESTS / text).read_bytes(), named=True)
    name, body = text if isinstance(text, tuple) else (f"{number}.yaml", text)
    return Text(name, body.encode(), named=True)


def _short(found: TopicScan) -> list[str]:
    """Findings as `rule line resource field: message`, by rule and line; INFO ones are marked."""
    lines = []
    for each in found.findings:
        flaw, place = each.flaw, each.flaw.place
        rule, line = flaw.rule.removeprefix("CG-PLAT-"), place.line or 0
        mark = " (info)" if flaw.severity == "info" else ""
        message = each.message.removeprefix(each.message.partition(": ")[0] + ": ")
        lines.append((rule, line, f"{rule} {line} {place.symbol}: {message}{mark}"))
    return [text for _, _, text in sorted(lines)]


@pytest.fixture(scope="session")
def scan() -> Callable[..., TopicScan]:
    return _scan


@pytest.fixture(scope="session")
def short() -> Callable[[TopicScan], list[str]]:
    return _short
