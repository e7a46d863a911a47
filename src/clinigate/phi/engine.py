"""The table run by presidio's AnalyzerEngine, with no language model, or with the user's.

presidio brings its engine, its registry and recognizers of its own; the table brings ours. Three
things differ from presidio as it comes:

- its PhoneRecognizer, which takes nearly nine tenths of its time, is replaced by the table's forms,
  and only what they find is handed to phonenumbers;
- its look at words beside a find needs tokens, which the NoOp engine has not:
  `clinigate.phi.presidio.Nearby` looks itself;
- what its recognizers find by form alone is believed up to `clinigate.phi.adopted.CEILING`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from clinigate.errors import MissingExtraError
from clinigate.phi.model import Hit
from clinigate.phi.recognizer import Recognizer
from clinigate.phi.table import RECOGNIZERS

if TYPE_CHECKING:
    from clinigate.config.phi_rows import NlpTable

__all__ = ["ENGINE", "Find", "presidio_find", "presidio_version"]

#: Returns what is found in a text.
Find = Callable[[str], list[Hit]]

ENGINE = "presidio-analyzer"


def presidio_version() -> str | None:
    """Return the installed presidio-analyzer's version, None where there is none."""
    try:
        return version(ENGINE)
    except PackageNotFoundError:
        return None


def presidio_find(
    threshold: float,
    *,
    rows: Sequence[Recognizer] = RECOGNIZERS,
    nlp: NlpTable | None = None,
) -> Find:
    """Return a search by presidio's engine with our recognizers; loading it takes about 2 s.

    Args:
        threshold: least score of what is found.
        rows: the table.
        nlp: a language model of the user's; its names and places score 0.75 at most. Nothing is
            downloaded: what is not installed is refused.

    Raises:
        MissingExtraError: presidio-analyzer, or something that it needs, is not installed.
        ConfigError: the language model is not installed, or does not load.
    """
    missing = MissingExtraError("the search for identifiers in files", "phi")
    if presidio_version() is None:
        raise missing
    try:
        from clinigate.phi.language_model import loaded
        from clinigate.phi.presidio import analyzer_find
    except ImportError:  # something that it needs is not there
        raise missing from None
    return analyzer_find(threshold, rows, None if nlp is None else loaded(nlp))
