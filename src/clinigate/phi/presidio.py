"""What presidio sees of the table: a recognizer, and a look at the words beside a find.

Imported where presidio is used, never at the start: it takes two seconds and 100 MB.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from presidio_analyzer import (
    AnalyzerEngine,
    EntityRecognizer,
    LocalRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NoOpNlpEngine

from clinigate.phi.adopted import ADOPTED, CEILING, PROVEN
from clinigate.phi.engine import Find
from clinigate.phi.finding import find, settled
from clinigate.phi.model import BOOST, Hit
from clinigate.phi.nearby import says
from clinigate.phi.table import BY_ID, RECOGNIZERS

__all__ = ["Nearby", "TableRecognizer", "analyzer_find"]

_LANGUAGE = "en"
_NOBODY = "nobody"


class TableRecognizer(LocalRecognizer):
    """All rows of the table as one recognizer of presidio; each row's id is an entity."""

    def __init__(self, threshold: float) -> None:
        """Leave out what cannot reach `threshold`."""
        self._threshold = threshold
        super().__init__(supported_entities=list(BY_ID), name="ClinigateTable")

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts,  # noqa: ARG002 - presidio's signature
    ) -> list[RecognizerResult]:
        """Return what the table finds of these entities."""
        rows = [row for row in RECOGNIZERS if row.id in entities]
        return [
            RecognizerResult(hit.rule, hit.start, hit.end, hit.score,
                             recognition_metadata={_NOBODY: hit.placeholder})
            for hit in find(text, threshold=self._threshold, rows=rows)
        ]  # fmt: skip


class Nearby(ContextAwareEnhancer):
    """Raises what presidio's own recognizers found beside one of their words.

    The table's recognizer has looked at its words already.
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


def analyzer_find(threshold: float) -> Find:
    """Return a search of presidio's engine, as `clinigate.phi.engine.presidio_find` says."""
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)  # it tells of each recognizer
    nlp = NoOpNlpEngine(models=[{"lang_code": _LANGUAGE, "model_name": "no_op"}])
    nlp.load()
    registry = RecognizerRegistry(supported_languages=[_LANGUAGE])
    registry.load_predefined_recognizers(nlp_engine=nlp, languages=[_LANGUAGE])
    registry.remove_recognizer("PhoneRecognizer")
    registry.add_recognizer(TableRecognizer(threshold))
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=nlp, context_aware_enhancer=Nearby())
    own = ADOPTED if threshold <= CEILING else PROVEN
    entities = [*BY_ID, *sorted(own)]

    def search(text: str) -> list[Hit]:
        results: Sequence[Any] = analyzer.analyze(
            text, language=_LANGUAGE, entities=entities, score_threshold=threshold
        )
        return settled(_hit(text, each) for each in results)

    return search


def _hit(text: str, result: RecognizerResult) -> Hit:
    start, end, score = result.start, result.end, float(result.score)
    row = ADOPTED.get(result.entity_type)
    if row is None:
        nobody = result.recognition_metadata[_NOBODY]
        return Hit(result.entity_type, start, end, score, nobody)
    if result.entity_type not in PROVEN:
        score = min(score, CEILING)
    try:
        nobody = row.placeholder(text[start:end])
    except ValueError:  # presidio takes for an address what is none
        nobody = None
    return Hit(row.id, start, end, round(score, 3), nobody)
