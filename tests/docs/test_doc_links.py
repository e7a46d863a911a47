"""Whoever follows a link of the documentation arrives."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.M)
_MENTION = re.compile(r"(?<![\w/.])docs/[\w./-]+\.md\b")


def links(text: str) -> list[str]:
    """The targets of a page's links that lie in the repository."""
    found = _LINK.findall(_FENCE.sub("", text))
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def anchors(text: str) -> set[str]:
    """The names by which a page's headings can be linked to, as GitHub makes them."""
    count: Counter[str] = Counter()
    names = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        names.add(f"{slug}-{count[slug]}" if count[slug] else slug)
        count[slug] += 1
    return names


def arrives(page: Path, target: str) -> bool:
    """Whether a link of a page leads to a file, and to a heading in it where one is named."""
    name, _, anchor = target.partition("#")
    place = page.parent / name if name else page
    return place.exists() and (not anchor or anchor in anchors(place.read_text(encoding="utf-8")))


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    return [each for each in links(page.read_text(encoding="utf-8")) if not arrives(page, each)]


def test_every_relative_link_resolves(pages: dict[str, str]) -> None:
    """On every page of the repository."""
    assert not {name: lost for name in pages if (lost := broken(ROOT / name))}


def test_a_page_that_a_text_names_exists(tracked: list[Path]) -> None:
    """Error messages and docstrings send their readers to pages, too."""
    readable = {".py", ".md", ".toml", ".yaml", ".yml", ".html", ".j2"}
    named = {
        (mention, str(path.relative_to(ROOT)))
        for path in tracked
        if path.suffix in readable and path != Path(__file__)
        for mention in _MENTION.findall(path.read_text(encoding="utf-8"))
    }
    assert not {(mention, where) for mention, where in named if not (ROOT / mention).is_file()}


def test_the_index_leads_to_every_page(pages: dict[str, str]) -> None:
    """What the index does not show, nobody finds; decisions are found in their folder."""
    index = {target.partition("#")[0] for target in links(pages["docs/README.md"])}
    below = {name.removeprefix("docs/") for name in pages if name.startswith("docs/")}
    assert {"adr/" if name.startswith("adr/") else name for name in below} - {"README.md"} <= index


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](there.md)", []),
        ("[a](there.md#one-heading)", []),
        ("[a](there.md#one-heading-1)", []),
        ("[a](#here)\n\n# Here", []),
        ("[a](https://elsewhere.example/x.md)", []),
        ("```\n[a](missing.md)\n```", []),
        ("[a](missing.md)", ["missing.md"]),
        ("![a](missing.png)", ["missing.png"]),
        ("[a](there.md#no-heading)", ["there.md#no-heading"]),
        ("[a](#nowhere)", ["#nowhere"]),
    ],
)
def test_a_link_is_found_and_followed(text: str, expected: list[str], tmp_path: Path) -> None:
    """A page with one link of each kind."""
    (tmp_path / "there.md").write_text("# One `heading`\n\n## One heading\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    assert broken(page) == expected
