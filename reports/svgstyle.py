"""Figures of a page for a renderer that gives them none of the page's style.

WeasyPrint draws an inline SVG as a document of its own: the page's style sheet, its variables and
the icons that stand once at its top do not reach it. Here every element of a figure gets what the
style sheet says of it as attributes, by the cascade of CSS with variables and `currentColor`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

__all__ = ["with_styled_figures"]

SVG = "{http://www.w3.org/2000/svg}"
#: What an SVG element takes as an attribute; the rest of a rule is layout, and the page's.
_PAINT = re.compile(
    r"(fill|stroke|opacity|stop|text-anchor|dominant-baseline|paint-order"
    r"|font-(size|weight|family|style))(-.*)?"
)
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,\s*([^()]*))?\)")
#: The attribute that names the views of a part.
_VIEWS = "data-views"
#: How the page's style asks which view a reader chose, and whether a link leads into a part.
_CHOICE = re.compile(r":has\(#view-(?P<view>[a-z]+):checked\)")
_TARGETED = ":not(:has(:target))"
_MEDIA = ("print", "all")
_DEPTH = 8

Declared = tuple[tuple[str, str], ...]


def with_styled_figures(page: str, added: str = "", *, view: str | None = None) -> str:
    """Return a page whose figures carry their style themselves, and which runs no script.

    Args:
        page: of HTML; its style stands in its head.
        added: a style sheet that comes last, for the whole page.
        view: parts that are marked for other views alone are left out; None keeps all.
    """
    import tinyhtml5

    root: ET.Element = tinyhtml5.parse(page, namespace_html_elements=False)
    _drop(root, lambda element: element.tag == "script")
    if view is not None:
        _drop(root, lambda element: view not in element.get(_VIEWS, view).split())
        for element in root.iter():
            element.attrib.pop(_VIEWS, None)
        for style in root.iter("style"):
            style.text = _chosen(style.text or "", view)
    head = root.find("head")
    if head is None:
        raise ValueError("a page without a head")
    if added:
        ET.SubElement(head, "style").text = added
    sheet = _Sheet.of("".join(style.text or "" for style in head.iter("style")))
    symbols = {each.get("id", ""): each for each in root.iter(f"{SVG}symbol")}
    _draw_symbols(root, symbols)
    sheet.paint(root)
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.removeprefix(SVG)
    return "<!DOCTYPE html>\n" + ET.tostring(root, encoding="unicode", method="html")


def _chosen(css: str, view: str) -> str:
    """A style sheet in which the choice of a view is made: it asks no page what it holds.

    Such a question takes a renderer without a browser's tricks minutes: it walks the page anew for
    every element of it.
    """
    told = _CHOICE.sub(lambda found: "" if found["view"] == view else ":not(*)", css)
    return told.replace(_TARGETED, "")


def _drop(root: ET.Element, unwanted: Callable[[ET.Element], bool]) -> None:
    for parent in list(root.iter()):
        for child in list(parent):
            if isinstance(child.tag, str) and unwanted(child):
                parent.remove(child)


def _draw_symbols(root: ET.Element, symbols: Mapping[str, ET.Element]) -> None:
    """Put what a `use` refers to in its place: the symbols stand in another figure."""
    for parent in list(root.iter()):
        for number, child in enumerate(list(parent)):
            symbol = symbols.get(child.get("href", "").removeprefix("#"))
            if child.tag == f"{SVG}use" and symbol is not None:
                group = ET.Element(f"{SVG}g")
                group.extend(copy.deepcopy(each) for each in symbol)
                group.tail = child.tail
                parent[number] = group


@dataclass(frozen=True, slots=True)
class _Inherited:
    """What an element hands on to those within it: variables, and the colour of text."""

    variables: Mapping[str, str]
    colour: str


class _Sheet:
    """The rules of a style sheet that concern figures."""

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher

    @classmethod
    def of(cls, text: str) -> _Sheet:
        """Read a style sheet as it holds on paper."""
        import cssselect2
        import tinycss2

        matcher = cssselect2.Matcher()
        rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
        for rule in _on_paper(rules):
            declared = tuple(_declarations(rule))
            try:
                selectors = cssselect2.compile_selector_list(rule.prelude)
            except cssselect2.SelectorError:
                continue  # a selector of tomorrow: WeasyPrint leaves it out as well
            for selector in selectors if declared else ():
                if selector.pseudo_element is None:
                    matcher.add_selector(selector, declared)
        return cls(matcher)

    def paint(self, root: ET.Element) -> None:
        """Give every element of every figure its attributes."""
        import cssselect2

        wrapper = cssselect2.ElementWrapper.from_html_root(root)
        wanted = _around_figures(root)
        self._walk(wrapper, _Inherited({}, "black"), wanted)

    def _walk(self, wrapper: Any, above: _Inherited, wanted: set[ET.Element]) -> None:
        element = wrapper.etree_element
        declared = self._declared(wrapper)
        own = {name: value for name, value in declared.items() if name.startswith("--")}
        variables = {**above.variables, **own}
        colour = _resolved(declared.get("color", "inherit"), variables, above.colour)
        here = _Inherited(variables, above.colour if colour == "inherit" else colour)
        if element.tag.startswith(SVG):
            for name, value in declared.items():
                if _PAINT.fullmatch(name):
                    element.set(name, _resolved(value, variables, here.colour))
        for child in wrapper.iter_children():
            if child.etree_element in wanted:
                self._walk(child, here, wanted)

    def _declared(self, wrapper: Any) -> dict[str, str]:
        found: dict[str, str] = {}
        for *_, declarations in self._matcher.match(wrapper):
            found.update(declarations)
        return found


def _around_figures(root: ET.Element) -> set[ET.Element]:
    """The elements within figures, and those that hold one: all others need no look."""
    wanted: set[ET.Element] = set()

    def holds(element: ET.Element, inside: bool) -> bool:
        within = inside or element.tag == f"{SVG}svg"
        below = [holds(child, within) for child in element if isinstance(child.tag, str)]
        if within or any(below):
            wanted.add(element)
            return True
        return False

    holds(root, inside=False)
    return wanted


def _on_paper(rules: Any) -> Iterator[Any]:
    import tinycss2

    for rule in rules:
        if rule.type == "qualified-rule":
            yield rule
        elif _of_print(rule):
            yield from _on_paper(
                tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            )


def _of_print(rule: Any) -> bool:
    import tinycss2

    if rule.type != "at-rule" or rule.lower_at_keyword != "media":
        return False
    return tinycss2.serialize(rule.prelude).strip() in _MEDIA


def _declarations(rule: Any) -> Iterator[tuple[str, str]]:
    import tinycss2

    for each in tinycss2.parse_blocks_contents(rule.content):
        if each.type == "declaration":
            name = each.name if each.name.startswith("--") else each.lower_name
            if name.startswith("--") or name == "color" or _PAINT.fullmatch(name):
                yield name, tinycss2.serialize(each.value).strip()


def _resolved(value: str, variables: Mapping[str, str], colour: str) -> str:
    """A value without variables; `colour` is what `currentColor` means here."""
    for _ in range(_DEPTH):
        told = _VARIABLE.sub(lambda m: variables.get(m[1], m[2] or "none"), value)
        if told == value:
            break
        value = told
    if "var(" in value:  # variables that name each other
        return "none"
    return colour if value.lower() == "currentcolor" else value
