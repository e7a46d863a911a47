"""The HTML page: nothing from outside gets in or out, whatever the texts in it are."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.reports import html
from clinigate.reports.html import render_html
from clinigate.reports.model import Report
from clinigate.reports.sealed import FileFact
from clinigate.reports.text import visible

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "--><!--",
    "]]>\x00\x1b[2J\u202e\ud800\r\n",
    "&lt;b&gt;&#60;&amp;",
]


class Shape(HTMLParser):
    """Tags with their attributes' names, in order; text and attributes' values beside."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, ...]] = []
        self.values: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.comments: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))
        self.values.extend((name, value or "") for name, value in attrs)

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def poisoned(value: Any, text: str) -> Any:
    """The same report with every free text in it replaced."""
    if is_dataclass(value) and not isinstance(value, type):
        kept = {"anchor", "kind", "level", "limit_anchor", "word", "unit"}
        changed = {
            field.name: poisoned(getattr(value, field.name), text)
            for field in fields(value)
            if field.name not in kept
        }
        return replace(value, **changed)
    if type(value) is str and value:
        return text
    if isinstance(value, tuple):
        return tuple(poisoned(each, text) for each in value)
    return value


def page_of(report: Report) -> Shape:
    return Shape(render_html(report))


@pytest.fixture(scope="module")
def reports(examples: ModuleType) -> dict[str, Report]:
    made: dict[str, Report] = examples.reports()
    return made


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", ["defective", "sample"])
def test_no_text_becomes_markup(reports: dict[str, Report], name: str, text: str) -> None:
    """Poison in every text of a report leaves its tags and attributes as they were."""
    calm = page_of(poisoned(reports[name], "calm"))
    shape = page_of(poisoned(reports[name], text))
    extra = Counter(shape.tags) - Counter(calm.tags)
    assert set(extra) <= {("wbr",)}
    assert shape.comments == []
    shown = " ".join("".join(shape.text).split())
    assert " ".join(visible(text).split()) in shown


@settings(max_examples=25, deadline=None)
@given(text=st.text(st.characters(codec=None), min_size=1, max_size=40))
def test_no_generated_text_becomes_markup(examples: ModuleType, text: str) -> None:
    report = poisoned(examples.reports()["defective"], text)
    calm = page_of(poisoned(report, "calm"))
    shape = page_of(report)
    assert set(Counter(shape.tags) - Counter(calm.tags)) <= {("wbr",)}
    render_html(report).encode("utf-8")


@pytest.mark.parametrize("name", ["clean", "defective", "sample"])
def test_the_page_loads_nothing_and_has_no_inline_code(
    reports: dict[str, Report], name: str
) -> None:
    shape = page_of(reports[name])
    assert all(not attribute.startswith("on") for attribute, _ in shape.values)
    assert "style" not in {attribute for attribute, _ in shape.values}
    loads = [value for attribute, value in shape.values if attribute in ("href", "src")]
    assert loads
    assert all(value == "data:," or value.startswith("#") for value in loads)
    assert "url(" not in render_html(reports[name])
    assert "@import" not in render_html(reports[name])


def test_the_policy_allows_the_one_style_and_our_scripts_by_hash(
    reports: dict[str, Report],
) -> None:
    page = render_html(reports["clean"])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    rules = policy[1].replace("&#39;", "'")
    assert rules.startswith("default-src 'none'; ")
    assert "unsafe" not in rules
    for tag, number in (("style", 1), ("script", 2)):
        bodies = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digests = [hashlib.sha256(body.encode()).digest() for body in bodies]
        allowed = " ".join(f"'sha256-{base64.b64encode(each).decode()}'" for each in digests)
        assert f"{tag}-src {allowed};" in rules
        assert len(bodies) == number


def test_every_fragment_link_leads_somewhere(reports: dict[str, Report]) -> None:
    for report in reports.values():
        shape = page_of(report)
        ids = [value for attribute, value in shape.values if attribute == "id"]
        assert len(ids) == len(set(ids))
        targets = {value[1:] for attribute, value in shape.values if value.startswith("#")}
        assert targets <= set(ids)
        labels = {v for attribute, v in shape.values if attribute == "aria-labelledby"}
        assert labels <= set(ids)


def test_a_verdict_is_never_colour_alone(reports: dict[str, Report]) -> None:
    """Beside every coloured pill stands its word."""
    page = render_html(reports["defective"])
    pills = re.findall(r'<span class="status \w+">.*?</svg>([^<]*)</span>', page)
    assert len(pills) > 30
    assert all(word.strip() for word in pills)


def test_the_cover_says_unsigned_and_no_sign_off(
    reports: dict[str, Report], examples: ModuleType
) -> None:
    assert "never sealed" in render_html(reports["sample"])
    assert "No sign-off is recorded" in render_html(reports["clean"])
    unsigned = replace(reports["clean"], evidence=examples.evidence(signed=False))
    assert "UNSIGNED." in render_html(unsigned)


def test_commands_are_quoted_for_the_shell(
    reports: dict[str, Report], examples: ModuleType
) -> None:
    evidence = replace(examples.evidence(), bundle="my runs/$(id)", openssl=("openssl dgst x",))
    shape = page_of(replace(reports["clean"], evidence=evidence))
    text = "".join(shape.text)
    assert "clinigate verify 'my runs/$(id)' --trust trust.toml" in text
    assert "openssl dgst x" in text


def test_long_lists_are_cut_and_counted(reports: dict[str, Report], examples: ModuleType) -> None:
    files = tuple(FileFact(f"blobs/{i}", "0" * 64, 1) for i in range(html.MAX_FILES + 5))
    evidence = replace(examples.evidence(), files=files)
    page = render_html(replace(reports["clean"], evidence=evidence))
    assert "5 more are listed in the signed statement" in page
    assert f"blobs/{html.MAX_FILES - 1}<" in page
    assert f"blobs/{html.MAX_FILES}<" not in page
    assert "55 more in results.json" in render_html(reports["defective"])


def test_a_gate_criterion_that_the_run_did_not_judge_is_shown(
    reports: dict[str, Report],
) -> None:
    report = reports["defective"]
    page = render_html(replace(report, criteria=report.criteria[1:]))
    assert "Criteria at the gate that this run did not judge" in page
    assert "Criteria at the gate" not in render_html(report)


def test_a_page_of_nothing_still_says_so(examples: ModuleType) -> None:
    empty = replace(
        examples.reports()["sample"], criteria=(), trace=(), packs=(), tally=(), gaps=()
    )
    page = render_html(empty)
    assert "Nothing is never a pass" in page
    assert "No scenario pack was used" in page


def test_criteria_that_the_decision_does_not_speak_of_are_shown(
    reports: dict[str, Report],
) -> None:
    """As those of a bundle that cannot be believed: the page says that nobody asked for them."""
    report = next(each for each in reports.values() if each.gate and each.gate.rows)
    assert report.gate is not None
    other = [row for row in report.gate.rows if row.criterion != report.criteria[0].criterion]
    page = render_html(replace(report, gate=replace(report.gate, rows=tuple(other))))
    assert "not asked" in page
