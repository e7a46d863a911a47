"""The engines by name, fitted and with their cards."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from functools import cache

from clinigate.core.case import Split
from clinigate.errors import UsageError
from clinigate.reference import MODELS
from clinigate.reference.engine.baseline import Baseline
from clinigate.reference.engine.calibrator import Calibrator
from clinigate.reference.engine.exemplars import exemplars_of, published
from clinigate.reference.engine.reading import Engine, ModelCard

__all__ = ["fitted"]

_NOT_CLINICAL = "It is no clinical model, and nobody clinical has reviewed it."
_SAYS_NOTHING_OF_UNSEEN = (
    "Fitted to the published scenario packs: its results on them say nothing about unseen "
    "utterances."
)
_HAS_NOT_SEEN_HELD_OUT = (
    "Fitted to the dev split alone: its results on the held-out split are those of a small model "
    "on utterances that it has not seen."
)
_CALIBRATOR_METHOD = (
    "Letter 4-grams of the message, spelling disguises undone, are matched with every published "
    "utterance; the nearest one's label, topic and emotion are the answer. A message that "
    "resembles none is left to fixed rules. Replies are fixed sentences, one for "
    "each obligation of the topic."
)
_BASELINE_METHOD = (
    "Naive Bayes over words and pairs of words: crisis or not, topic, emotion. Replies are fixed "
    "sentences, one for each obligation of the topic."
)


@cache
def fitted(model: str) -> Engine:
    """Fit the engine called `model` to the published packs, once in a process; it never changes.

    Raises:
        UsageError: there is no engine of this name.
    """
    if model not in MODELS:
        near = get_close_matches(model, MODELS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(MODELS)}"
        raise UsageError(f"unknown model {model!r}; {hint}")
    with _without_collections():
        return _calibrator() if model == "calibrator" else _baseline()


@contextmanager
def _without_collections() -> Iterator[None]:
    """Hold the cyclic collector back.

    Packs and index are made of very many small objects and no cycles: looking for some again and
    again takes half of the start.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _calibrator() -> Calibrator:
    packs = published()
    card = ModelCard(
        model="calibrator",
        method=_CALIBRATOR_METHOD,
        fitted_to="the published scenario packs, dev and held-out splits alike",
        exposed_to=tuple(pack.id for pack in packs),
        packs=tuple(pack.ref for pack in packs),
        limits=(
            _SAYS_NOTHING_OF_UNSEEN,
            _NOT_CLINICAL,
        ),
    )
    return Calibrator(exemplars_of(packs), card)


def _baseline() -> Baseline:
    packs = published()
    card = ModelCard(
        model="baseline",
        method=_BASELINE_METHOD,
        fitted_to="the dev split of the published scenario packs",
        exposed_to=tuple(f"{pack.id}#{Split.DEV}" for pack in packs),
        packs=tuple(pack.ref for pack in packs),
        limits=(
            _HAS_NOT_SEEN_HELD_OUT,
            _NOT_CLINICAL,
        ),
    )
    return Baseline(exemplars_of(packs, Split.DEV), card)
