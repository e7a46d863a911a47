"""The page in a real browser: accessible, self-contained, readable on a phone and on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from clinigate.reports.html import render_html

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
NAMES = ["clean", "defective", "experiments", "sample"]


@dataclass
class Opened:
    """A page, with what it complained of and what it asked for."""

    page: Any
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def show(browser: Any, examples: ModuleType, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    contexts = []

    def open_page(name: str, *, scheme: str = "light", viewport: Any = None) -> Opened:
        context = browser.new_context(color_scheme=scheme, viewport=viewport or DESK)
        contexts.append(context)
        path = tmp_path / f"{name}.html"
        path.write_text(render_html(examples.reports()[name]), encoding="utf-8")
        opened = Opened(context.new_page())
        opened.page.on("console", lambda message: opened.console.append(message.text))
        opened.page.on("pageerror", lambda error: opened.console.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.goto(path.as_uri())
        return opened

    yield open_page
    for context in contexts:
        context.close()


def expand(page: Any) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


@pytest.mark.parametrize(
    ("name", "scheme", "viewport"),
    [
        ("defective", "light", DESK),
        ("defective", "dark", DESK),
        ("defective", "light", PHONE),
        ("defective", "dark", PHONE),
        ("clean", "light", DESK),
        ("clean", "dark", PHONE),
        ("experiments", "light", DESK),
        ("experiments", "dark", PHONE),
        ("sample", "dark", DESK),
        ("sample", "light", PHONE),
    ],
)
def test_axe_finds_nothing(
    show: Callable[..., Opened], name: str, scheme: str, viewport: dict[str, int]
) -> None:
    """No violation of any rule that axe-core has, with everything unfolded."""
    opened = show(name, scheme=scheme, viewport=viewport)
    expand(opened.page)
    found = Axe().run(opened.page)
    assert found.violations_count == 0, found.generate_report()
    assert "color-contrast" in {rule["id"] for rule in found.response["passes"]}


@pytest.mark.parametrize("name", NAMES)
def test_it_asks_for_nothing_and_breaks_no_policy(show: Callable[..., Opened], name: str) -> None:
    opened = show(name)
    opened.page.get_by_role("button", name="Dark theme").click()
    assert opened.console == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []
    assert len(opened.requests) <= 2


def test_markup_that_slips_in_is_dead(show: Callable[..., Opened]) -> None:
    """The policy holds even where escaping had failed: injected code and styles do not run."""
    opened = show("clean")
    opened.page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.textContent = 'window.owned = true';
            document.body.append(script);
            document.body.insertAdjacentHTML(
                'beforeend', '<img src="data:," onerror="window.owned = true">'
                + '<p id="styled" style="color: rgb(1, 2, 3)">x</p>');
        }"""
    )
    opened.page.wait_for_function("document.querySelector('img').complete")
    assert opened.page.evaluate("window.owned") is None
    colour = "getComputedStyle(document.getElementById('styled')).color"
    assert opened.page.evaluate(colour) != "rgb(1, 2, 3)"
    assert any("Content Security Policy" in text for text in opened.console)


@pytest.mark.parametrize(
    ("name", "width"),
    [
        *(("defective", width) for width in (320, 390, 700, 768, 1000, 1280)),
        ("clean", 390),
        *(("experiments", width) for width in (320, 1280)),
        ("sample", 390),
    ],
)
def test_it_never_scrolls_sideways(show: Callable[..., Opened], name: str, width: int) -> None:
    opened = show(name, viewport={"width": width, "height": 800})
    expand(opened.page)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    outside = opened.page.evaluate(
        """() => [...document.querySelectorAll('main *, header *, footer *')].filter((each) => {
            const box = each.getBoundingClientRect();
            return box.width > 1 && box.height > 1 && box.right > innerWidth + 1;
        }).map((each) => each.outerHTML.slice(0, 120))"""
    )
    assert outside == []


@pytest.mark.parametrize(("scheme", "other"), [("light", "Dark theme"), ("dark", "Light theme")])
def test_the_theme_follows_the_system_and_the_button(
    show: Callable[..., Opened], scheme: str, other: str
) -> None:
    opened = show("clean", scheme=scheme)
    paper = "getComputedStyle(document.body).backgroundColor"
    before = opened.page.evaluate(paper)
    button = opened.page.get_by_role("button", name="theme")
    assert button.inner_text() == other
    button.click()
    after = opened.page.evaluate(paper)
    assert before != after
    button.click()
    assert opened.page.evaluate(paper) == before


def test_the_keyboard_reaches_the_report_first(show: Callable[..., Opened]) -> None:
    opened = show("clean")
    opened.page.keyboard.press("Tab")
    focused = "document.activeElement.textContent"
    assert opened.page.evaluate(focused) == "Skip to the report"
    opened.page.keyboard.press("Enter")
    assert opened.page.evaluate("document.activeElement.id") == "main"


def test_tables_stay_tables_on_a_phone(show: Callable[..., Opened]) -> None:
    """Laid out as cards, a screen reader still finds rows with headers."""
    opened = show("clean", viewport=PHONE)
    table = opened.page.get_by_role("table", name="11 acceptance criteria and how they came out")
    assert table.get_by_role("row").count() == 12
    assert table.get_by_role("rowheader").count() == 11
    assert table.get_by_role("columnheader").count() == 7


def test_paper_is_light_and_unfolded(show: Callable[..., Opened]) -> None:
    opened = show("defective", scheme="dark")
    opened.page.emulate_media(media="print", color_scheme="dark")
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    paper = "getComputedStyle(document.body).backgroundColor"
    assert opened.page.evaluate(paper) == "rgb(255, 255, 255)"
    assert opened.page.evaluate("document.querySelectorAll('details:not([open])').length") == 0
    assert not opened.page.get_by_role("button", name="theme").is_visible()
    opened.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert opened.page.evaluate("document.querySelectorAll('details[open]').length") == 0
