"""Views and search in a real browser: by keyboard, without a script, on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from clinigate.reports.html import render_html
from clinigate.reports.views import View

SHOWN = """() => [...document.querySelectorAll('section[id]')]
    .filter((each) => each.getClientRects().length).map((each) => each.id)"""
Show = Callable[..., Any]


@pytest.fixture
def show(browser: Any, examples: ModuleType, tmp_path: Path) -> Iterator[Show]:
    contexts = []

    def open_page(
        view: View = View.FULL, *, name: str = "defective", width: int = 1280, **more: Any
    ) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 800}, **more)
        contexts.append(context)
        path = tmp_path / "report.html"
        path.write_text(render_html(examples.reports()[name], view), encoding="utf-8")
        page = context.new_page()
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("view", [view for view in View if view is not View.FULL])
def test_a_view_has_no_flaw_that_axe_finds_and_never_scrolls_sideways(
    show: Show, view: View
) -> None:
    for name, width in (("defective", 1280), ("experiments", 390)):
        page = show(view, name=name, width=width, color_scheme="dark" if width < 800 else "light")
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keyboard_chooses_a_view_without_any_script(show: Show) -> None:
    page = show(java_script_enabled=False)
    page.get_by_role("radio", name="Full record").focus()
    assert page.locator("#role-developer").is_hidden()
    page.keyboard.press("ArrowRight")
    assert page.locator("#role-developer").is_visible()
    assert page.locator("#evidence").is_hidden()
    assert page.locator("#search").is_hidden()
    for name, panel in (
        ("Compliance officer", "officer"),
        ("SRE", "sre"),
        ("Executive", "executive"),
    ):
        page.get_by_role("radio", name=name).check()
        assert page.locator(f"#role-{panel}").is_visible()
        assert page.locator("section[id^=role-]:visible").count() == 1


def test_a_link_leads_to_its_section_in_any_view(show: Show) -> None:
    page = show(View.OFFICER)
    page.get_by_role("radio", name="Developer").check()
    assert page.locator("#scope").is_hidden()
    page.evaluate("location.hash = '#scope'")
    assert page.locator("#scope").is_visible()
    assert page.locator("#evidence").is_hidden()


def test_each_view_is_printed_alone(show: Show) -> None:
    for view in View:
        page = show(view)
        page.emulate_media(media="print")
        shown = page.evaluate(SHOWN)
        own = [each for each in shown if each.startswith("role-")]
        assert own == ([] if view is View.FULL else [f"role-{view.value}"])
        assert page.locator(".tools").is_hidden()
        assert page.locator(".viewed:visible").count() == 1


def test_the_executive_needs_one_sheet(show: Show) -> None:
    page = show(View.EXECUTIVE)
    pdf = page.pdf(format="A4")
    assert pdf.count(b"/Type /Page\n") == 1


def test_search_leaves_what_fits_and_escape_brings_all_back(show: Show) -> None:
    page = show()
    before = page.evaluate(SHOWN)
    page.keyboard.press("/")
    page.keyboard.type("calibration_error")
    found = page.locator("#found")
    found.filter(has_text="places").wait_for()
    rows = page.locator("#criteria table.measures tbody tr:visible")
    assert rows.count() == 1
    assert "crisis.calibration_error" in rows.first.text_content()
    assert page.locator("#evidence").is_hidden()
    page.keyboard.press("Escape")
    assert page.evaluate(SHOWN) == before
    assert found.text_content() == ""


def test_search_by_outcome_shows_that_outcome_alone(show: Show) -> None:
    page = show()
    page.get_by_label("with").select_option("error")
    rows = page.locator("#criteria table.measures tbody tr:visible")
    assert rows.count() == 1
    assert "ERROR" in rows.first.text_content()
    page.get_by_role("searchbox").fill("nothing at all is called so")
    page.locator("#found").filter(has_text="nothing found").wait_for()
    assert page.locator("tbody tr:visible").count() == 0


def test_search_unfolds_what_it_finds_and_folds_it_again(show: Show) -> None:
    page = show()
    group = page.locator("#clauses .group > details").first
    assert group.get_attribute("open") is None
    page.get_by_role("searchbox").fill("11.10(a)")
    page.locator("#clauses .clause-rows tr:visible").last.wait_for()
    assert group.get_attribute("open") is not None
    page.get_by_role("searchbox").fill("")
    page.locator("#evidence tbody tr:visible").first.wait_for()
    assert group.get_attribute("open") is None
