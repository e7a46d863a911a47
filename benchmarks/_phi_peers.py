"""Other tools that look for identifiers in texts, each as it comes, as a search of a text."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

__all__ = ["Peer", "Search", "peers", "presidio_spans"]

#: Returns how much was found.
Search = Callable[[str], int]
#: Name with version, and its search.
Peer = tuple[str, Search]


def _analyzer() -> Any:
    """Presidio's default recognizers on its NoOp engine.

    Its e-mail recognizer would ask publicsuffix.org for a list; it gets the copy it ships with.
    """
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
    nlp = NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "no_op"}])
    return AnalyzerEngine(nlp_engine=nlp)


def presidio_spans(threshold: float) -> Callable[[str], list[tuple[int, int]]]:
    """Return presidio's search, as the stretches that it finds."""
    analyzer = _analyzer()

    def find(text: str) -> list[tuple[int, int]]:
        results = analyzer.analyze(text, language="en", score_threshold=threshold)
        return [(each.start, each.end) for each in results]

    return find


def _presidio() -> Peer:
    analyzer = _analyzer()
    return (
        f"presidio-analyzer {version('presidio-analyzer')}, NoOp engine",
        lambda text: len(analyzer.analyze(text, language="en")),
    )


def _scrubadub() -> Peer:
    import scrubadub

    scrubber = scrubadub.Scrubber()
    return (
        f"scrubadub {version('scrubadub')}, default",
        lambda text: sum(1 for _ in scrubber.iter_filth(text)),
    )


def _datafog() -> Peer:
    from datafog.processing.text_processing.regex_annotator import RegexAnnotator

    annotator = RegexAnnotator()

    def search(text: str) -> int:
        return sum(map(len, annotator.annotate(text).values()))

    return f"datafog {version('datafog')}, regex", search


def peers() -> list[Peer]:
    """Return those that are installed."""
    found = []
    for load in (_presidio, _scrubadub, _datafog):
        try:
            found.append(load())
        except ImportError as problem:
            print(f"left out: {load.__name__.lstrip('_')} ({problem})")
    return found
