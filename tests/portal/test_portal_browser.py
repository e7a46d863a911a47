"""The portal in a real browser: accessible, by keyboard, on a phone, in both themes, as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from clinigate.portal.export import export_site

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
TOKEN = "7f3a9c5e1b8d2046fa71c3e95d80b26417ce"
PAGES = [
    "index.html",
    "trends.html",
    "coverage.html",
    "due.html",
    "ledger.html",
    "passed",
    "damaged",
]


@dataclass
class Opened:
    """A page, with what it complained of and what it asked for."""

    page: Any
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def site(shelf: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The portal as files, below a folder that stands for a prefix."""
    mine, _ = shelf
    folder = tmp_path_factory.mktemp("store") / "evidence portal"
    export_site(mine.site(exported=True), folder)
    return folder


@pytest.fixture(scope="module")
def address(shelf: Any, serving: Callable[..., str]) -> str:
    return serving(shelf[0].folder)


@pytest.fixture
def show(browser: Any) -> Iterator[Callable[..., Opened]]:
    contexts = []

    def open_page(url: str, *, scheme: str = "light", viewport: Any = None) -> Opened:
        context = browser.new_context(color_scheme=scheme, viewport=viewport or DESK)
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.on("console", lambda message: opened.console.append(message.text))
        opened.page.on("pageerror", lambda error: opened.console.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.goto(url)
        return opened

    yield open_page
    for context in contexts:
        context.close()


def place(name: str, fates: dict[str, str]) -> str:
    return f"runs/{fates[name]}/index.html" if name in fates else name


@pytest.mark.parametrize(("scheme", "viewport"), [("light", DESK), ("dark", PHONE)])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(
    show: Callable[..., Opened],
    site: Path,
    shelf: Any,
    name: str,
    scheme: str,
    viewport: dict[str, int],
) -> None:
    """No violation of any rule that axe-core has, with everything unfolded; nothing sideways."""
    opened = show((site / place(name, shelf[1])).as_uri(), scheme=scheme, viewport=viewport)
    opened.page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
    found = Axe().run(opened.page)
    assert found.violations_count == 0, found.generate_report()
    width = opened.page.evaluate("document.documentElement.scrollWidth")
    assert width <= viewport["width"]
    assert opened.console == []


def test_the_served_pages_load_nothing_from_elsewhere(
    show: Callable[..., Opened], address: str, shelf: Any
) -> None:
    for name in PAGES:
        opened = show(address + place(name, shelf[1]))
        assert opened.console == []
        assert [url for url in opened.requests if not url.startswith((address, "data:"))] == []


def test_it_is_walked_by_keyboard(show: Callable[..., Opened], address: str) -> None:
    """Skip link, tabs in their order, a run, its report, and back."""
    page = show(address).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "words"
    page.keyboard.type("verified companion")
    assert page.locator("output").inner_text().endswith("of 7 shown")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "/runs/" in page.url
    assert page.get_by_role("heading", name="Verification").is_visible()
    report = page.get_by_role("link", name="Open the report")
    report.focus()
    assert report.evaluate("(e) => getComputedStyle(e).outlineStyle") != "none"
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/report.html")


def test_the_filter_narrows_and_says_so(show: Callable[..., Opened], address: str) -> None:
    page = show(f"{address}index.html").page
    rows = page.locator("tbody tr:visible")
    assert rows.count() == 7
    page.get_by_label("Show only").fill("aborted")
    assert rows.count() == 1
    assert page.locator("output").inner_text() == "1 of 7 shown"
    page.get_by_label("Show only").fill("")
    assert rows.count() == 7


def test_without_a_script_everything_is_still_there(browser: Any, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "index.html").as_uri())
    assert page.locator("tbody tr").count() == 7
    assert not page.locator("#filter").is_visible()
    assert not page.locator("#theme").is_visible()
    context.close()


@pytest.mark.parametrize(("scheme", "other"), [("light", "Dark theme"), ("dark", "Light theme")])
def test_the_theme_follows_the_system_and_the_button(
    show: Callable[..., Opened], site: Path, scheme: str, other: str
) -> None:
    page = show((site / "index.html").as_uri(), scheme=scheme).page
    paper = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(paper)
    page.get_by_role("button", name=other).click()
    assert page.evaluate(paper) != before


def test_a_report_reaches_nothing_of_the_portal(
    show: Callable[..., Opened], address: str, shelf: Any
) -> None:
    """Its scripts run shut in: no cookie, no storage, no request."""
    page = show(f"{address}runs/{shelf[1]['passed']}/report.html").page
    assert page.evaluate("origin") == "null"
    denied = "(() => { try { return document.cookie; } catch (error) { return error.name; } })()"
    assert page.evaluate(denied) == "SecurityError"
    asked = "fetch('/index.html').then(() => 'answered', (error) => error.name)"
    assert page.evaluate(asked) == "TypeError"


def test_a_reader_signs_in_once(
    show: Callable[..., Opened], shelf: Any, serving: Callable[..., str]
) -> None:
    address = serving(shelf[0].folder, CLINIGATE_PORTAL_TOKEN=TOKEN)
    opened = show(f"{address}ledger.html")
    page = opened.page
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.keyboard.type("wrong")  # the field has the focus
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.get_by_role("alert").inner_text() == "This is not the token."
    page.get_by_label("Token").fill(TOKEN)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.get_by_role("heading", name="Runs", exact=True).is_visible()
    page.get_by_role("link", name="Ledger").click()
    assert page.get_by_role("heading", name="Witnesses").is_visible()
    assert TOKEN not in page.url
    assert page.evaluate("document.cookie") == "", "no script sees who signed in"


def test_names_with_markup_are_texts(show: Callable[..., Opened], project: Any) -> None:
    """A system's name is a stranger's: it neither runs nor turns the page around."""
    name = "<img src=x onerror=\"document.title='owned'\"> \u202egnp.exe <script>1</script>"
    run = project.sealed(system=name).run
    folder = project.folder / "out"
    export_site(project.site(exported=True), folder)
    for path in ("index.html", f"runs/{run}/index.html", "trends.html", "coverage.html"):
        opened = show((folder / path).as_uri())
        assert "owned" not in opened.page.title()
        assert opened.console == []
        assert "\u202e" not in opened.page.content()
    assert "<script>1</script>" in show((folder / "index.html").as_uri()).page.inner_text("table")
