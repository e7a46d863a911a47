"""What presidio sees of the table: a recognizer of its own kind for each row.

Imported where presidio is used, never at the start: it takes two seconds and 100 MB.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from presidio_analyzer import (
    AnalyzerEngine,
    EntityRecognizer,
    Pattern,
    PatternRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine, NoOpNlpEngine

from clinigate.phi.adopted import ADOPTED, CEILING, MODELLED, PROVEN
from clinigate.phi.engine import Find
from clinigate.phi.finding import DEFAULT_THRESHOLD, find, settled
from clinigate.phi.model import BOOST, Hit
from clinigate.phi.nearby import says
from clinigate.phi.recognizer import Recognizer
from clinigate.phi.table import RECOGNIZERS

__all__ = ["Nearby", "RowRecognizer", "analyzer_find", "recognizers"]

_LANGUAGE = "en"
_NOBODY = "nobody"
#: What a language model finds, not an expression.
_OF_MODELS = frozenset({"LOCATION", "PERSON"})


class _Found:
    """What the table finds in a text; asked for each of its rows, it looks once."""

    def __init__(self, rows: Sequence[Recognizer], threshold: float) -> None:
        self._rows, self._threshold = rows, threshold
        self._last: tuple[str, list[Hit]] = ("", [])

    def of(self, text: str, rule: str) -> list[Hit]:
        """Return the finds of one rule."""
        if self._last[0] != text:
            self._last = (text, find(text, threshold=self._threshold, rows=self._rows))
        return [hit for hit in self._last[1] if hit.rule == rule]


class RowRecognizer(PatternRecognizer):
    """The table's rows of one id, as presidio knows recognizers: its entity is the id.

    The expressions are over bytes and consume what stands beside a value, so the table's own
    search runs them, with its words nearby, check digits and placeholders.
    """

    def __init__(self, rule: str, rows: Sequence[Recognizer], found: _Found) -> None:
        """Take the rows of `rule`; `found` is shared by all recognizers of a table."""
        forms = [form for row in rows for form in row.forms]
        self._found = found
        super().__init__(
            supported_entity=rule,
            name=f"Clinigate {rule}",
            patterns=[
                Pattern(f"{rule}-{number}", form.pattern, form.score)
                for number, form in enumerate(forms, start=1)
            ],
            context=sorted({word for row in rows for word in row.context}),
        )

    def analyze(
        self,
        text: str,
        entities: list[str],  # noqa: ARG002 - presidio's signature
        nlp_artifacts: NlpArtifacts | None = None,  # noqa: ARG002
        regex_flags: int | None = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        """Return what the rows find."""
        rule = self.supported_entities[0]
        about = {
            RecognizerResult.RECOGNIZER_NAME_KEY: f"Clinigate {rule}",
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
        }
        return [
            RecognizerResult(rule, hit.start, hit.end, hit.score,
                             recognition_metadata={**about, _NOBODY: hit.placeholder})
            for hit in self._found.of(text, rule)
        ]  # fmt: skip


def recognizers(
    rows: Sequence[Recognizer] = RECOGNIZERS, threshold: float = DEFAULT_THRESHOLD
) -> list[RowRecognizer]:
    """Return the table as recognizers for any registry of presidio.

    Args:
        rows: the table.
        threshold: least score of what they find.
    """
    found = _Found(rows, threshold)
    by_rule: dict[str, list[Recognizer]] = {}
    for row in rows:
        by_rule.setdefault(row.id, []).append(row)
    return [RowRecognizer(rule, each, found) for rule, each in by_rule.items() if _forms(each)]


def _forms(rows: Sequence[Recognizer]) -> bool:
    return any(row.forms for row in rows)


class Nearby(ContextAwareEnhancer):
    """Raises what presidio's own recognizers found beside one of their words.

    The table's recognizers have looked at their words already.
    """

    def __init__(self) -> None:
        super().__init__(
            context_similarity_factor=BOOST,
            min_score_with_context_similarity=0.0,
            context_prefix_count=0,
            context_suffix_count=0,
        )

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,  # noqa: ARG002 - presidio's signature
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,  # noqa: ARG002 - presidio's signature
    ) -> list[RecognizerResult]:
        """Return the results, some with a higher score."""
        words = {each.id: frozenset(each.context or ()) for each in recognizers}
        for result in raw_results:
            about = result.recognition_metadata
            named = words.get(about[RecognizerResult.RECOGNIZER_IDENTIFIER_KEY], frozenset())
            if _NOBODY not in about and says(text, result.start, result.end, named):
                result.score = min(1.0, result.score + self.context_similarity_factor)
        return raw_results


def analyzer_find(
    threshold: float, rows: Sequence[Recognizer] = RECOGNIZERS, nlp: NlpEngine | None = None
) -> Find:
    """Return a search of presidio's engine, as `clinigate.phi.engine.presidio_find` says."""
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)  # it tells of each recognizer
    nlp = nlp or _no_model()
    registry = RecognizerRegistry(supported_languages=[_LANGUAGE])
    registry.load_predefined_recognizers(nlp_engine=nlp, languages=[_LANGUAGE])
    registry.remove_recognizer("PhoneRecognizer")
    own = recognizers(rows, threshold)
    for each in own:
        registry.add_recognizer(each)
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=nlp, context_aware_enhancer=Nearby())
    entities = [*(each.supported_entities[0] for each in own), *_heard(threshold)]

    def search(text: str) -> list[Hit]:
        results: Sequence[Any] = analyzer.analyze(
            text, language=_LANGUAGE, entities=entities, score_threshold=threshold
        )
        return settled(hit for each in results if (hit := _hit(text, each)).score >= threshold)

    return search


def _no_model() -> NlpEngine:
    nlp = NoOpNlpEngine(models=[{"lang_code": _LANGUAGE, "model_name": "no_op"}])
    nlp.load()
    return nlp


def _heard(threshold: float) -> list[str]:
    """Return the entities of presidio that can reach a threshold."""
    of_forms = set(ADOPTED) - _OF_MODELS if threshold <= CEILING else PROVEN
    return sorted(of_forms | (_OF_MODELS if threshold <= MODELLED else set()))


def _hit(text: str, result: RecognizerResult) -> Hit:
    start, end, score = result.start, result.end, float(result.score)
    row = ADOPTED.get(result.entity_type)
    if row is None:
        nobody = result.recognition_metadata[_NOBODY]
        return Hit(result.entity_type, start, end, score, nobody)
    if result.entity_type not in PROVEN:
        score = min(score, MODELLED if result.entity_type in _OF_MODELS else CEILING)
    try:
        nobody = row.placeholder(text[start:end])
    except ValueError:  # presidio takes for an address what is none
        nobody = None
    return Hit(row.id, start, end, round(score, 3), nobody)
