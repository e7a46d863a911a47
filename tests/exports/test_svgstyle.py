"""Figures carry what the page's style sheet says of them: by variables, media and inheritance."""

from __future__ import annotations

import re

import pytest

from clinigate.reports.svgstyle import with_styled_figures

PAGE = """<!DOCTYPE html><html><head><title>t</title><style>
:root {{ --ink: #111111; --hue: var(--ink); }}
@media screen {{ :root {{ --ink: #eeeeee; }} }}
.warm {{ --hue: #aa0000; color: #00aa00; }}
.line {{ stroke: var(--hue); stroke-width: 2; fill: none; }}
.text {{ fill: currentColor; }}
.lost {{ fill: var(--nowhere, #00f); }}
.loop {{ --a: var(--b); --b: var(--a); fill: var(--a); }}
{more}
</style></head><body>{body}<script>1</script></body></html>"""


def styled(body: str, more: str = "") -> str:
    return with_styled_figures(PAGE.format(body=body, more=more))


def attributes(page: str, tag: str) -> dict[str, str]:
    found = re.search(f"<{tag} ([^>]*)>", page)
    assert found is not None, page
    return dict(re.findall(r'([\w-]+)="([^"]*)"', found[1]))


def test_a_variable_is_that_of_the_nearest_element_around() -> None:
    page = styled('<div class="warm"><svg><line class="line"/></svg></div>')
    assert attributes(page, "line")["stroke"] == "#aa0000"
    page = styled('<svg><line class="line"/></svg>')
    assert attributes(page, "line")["stroke"] == "#111111", "paper is no screen"
    assert attributes(page, "line")["stroke-width"] == "2"


def test_the_colour_of_text_comes_from_the_page() -> None:
    page = styled('<p class="warm"><svg><text class="text">x</text></svg></p>')
    assert attributes(page, "text")["fill"] == "#00aa00"
    assert attributes(styled('<svg><text class="text">x</text></svg>'), "text")["fill"] == "black"


def test_a_variable_that_is_nowhere_has_its_fallback_and_a_circle_ends() -> None:
    assert attributes(styled('<svg><rect class="lost"/></svg>'), "rect")["fill"] == "#00f"
    assert "var(" not in styled('<svg><rect class="loop"/></svg>').partition("</head>")[2]


def test_a_later_rule_wins_and_one_of_tomorrow_is_left_out() -> None:
    more = ".line { stroke: #222222; } .line::of-tomorrow(x) { stroke: #333333; } ??? { fill: red }"
    assert (
        attributes(styled('<svg><line class="line"/></svg>', more), "line")["stroke"] == "#222222"
    )


def test_an_icon_that_stands_elsewhere_is_drawn_in_its_place() -> None:
    body = (
        '<svg><symbol id="i-a" viewBox="0 0 24 24"><path class="line" d="M0 0"/></symbol></svg>'
        '<p><svg viewBox="0 0 24 24"><use href="#i-a"/></svg></p>'
    )
    page = styled(body)
    assert "<use" not in page
    assert page.count('d="M0 0"') == 2


def test_the_page_stays_and_its_script_goes() -> None:
    page = styled("<p>a &lt;b&gt; &amp; c<br>d</p><svg viewBox='0 0 1 1'></svg>")
    assert "<p>a &lt;b&gt; &amp; c<br>d</p>" in page
    assert 'viewBox="0 0 1 1"' in page
    assert "<script" not in page


def test_what_is_no_page_is_refused() -> None:
    """The parser makes a head for anything that is text; only a sheet of ours comes after it."""
    assert "<style>p {}</style>" in with_styled_figures("words", "p {}")


@pytest.mark.parametrize("selector", [":target", ":hover", ":focus-visible"])
def test_what_a_reader_does_is_not_on_paper(selector: str) -> None:
    page = styled('<svg><line class="line"/></svg>', f".line{selector} {{ stroke: #999999 }}")
    assert attributes(page, "line")["stroke"] == "#111111"


def test_on_paper_the_view_is_chosen_and_no_rule_searches_the_page() -> None:
    """A question of what the page holds is asked of each element anew: minutes for a report."""
    more = (
        "body:has(#view-sre:checked) .line { stroke: #0000aa; }"
        "body:has(#view-officer:checked) .line { stroke: #aa0000; }"
        'body:has(#view-sre:checked) [data-views]:not([data-views~="sre"]):not(:has(:target)) {}'
    )
    body = '<input id="view-sre"><svg><line class="line"/></svg>'
    page = with_styled_figures(PAGE.format(body=body, more=more), view="sre")
    assert ":has(" not in page
    assert attributes(page, "line")["stroke"] == "#0000aa"
    page = with_styled_figures(PAGE.format(body=body, more=more), view="executive")
    assert attributes(page, "line")["stroke"] == "#111111"
