"""An answer is finite and there is one for each query; everything else is a fault."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
import pytest

from clinigate.errors import TargetError
from clinigate.gpu_bench.ai.models import CallableModel
from clinigate.gpu_bench.ai.outputs import fault_of


@dataclass
class Output:
    """As some libraries wrap what a module returns."""

    logits: list[float]
    loss: float | None = None


@pytest.mark.parametrize(
    "outputs",
    [
        [1, 2.0],
        ("calm", "glad"),
        [{"label": "calm", "score": 0.5}, {"label": "glad", "score": 1}],
        {"logits": [[0.1, 0.2], [0.3, 0.4]]},
        np.zeros((2, 3)),
        {"logits": np.zeros((2, 3)), "loss": np.float64(0.5)},
        [np.float32(1), np.float32(2)],
        deque([1.0, 2.0]),
        Output([1.0, 2.0]),
    ],
)
def test_an_answer_is_an_answer(outputs) -> None:
    assert fault_of(outputs, 2) is None


@pytest.mark.parametrize(
    ("outputs", "fault"),
    [
        (None, "returned nothing"),
        ([1.0, None], "NaN"),
        ([1.0, math.nan], "NaN"),
        ([[1.0], [math.inf]], "infinity"),
        ({"logits": [1.0, -math.inf]}, "infinity"),
        (np.array([1.0, np.nan]), "NaN"),
        ([np.float32(1), np.float32("inf")], "infinity"),
        ([1.0], "returned 1 answers to 2 queries"),
        (np.zeros((3, 2)), "returned 3 answers to 2 queries"),
        ({"logits": [1.0, 2.0, 3.0]}, "returned 3 answers to 2 queries"),
        ([], "returned 0 answers to 2 queries"),
        (Output([1.0, math.nan]), "NaN"),
        (Output([1.0]), "returned 1 answers to 2 queries"),
    ],
)
def test_a_fault_is_named(outputs, fault) -> None:
    assert fault in fault_of(outputs, 2)


async def answer(texts):
    return [1.0 for _ in texts]


async def answers(texts):
    for _ in texts:
        yield 1.0


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (answer, "coroutine"),
        (answers, "async_generator"),
        (lambda texts: (len(text) for text in texts), "generator"),
        (lambda texts: map(len, texts), "map"),
        (lambda texts: [answer([text]) for text in texts], "coroutine"),
        (lambda texts: {"logits": [1.0] * len(texts), "extra": iter(texts)}, "list_iterator"),
        (lambda texts: Future(), "Future"),
        (lambda texts: "calm", "str"),
        (lambda texts: b"calm", "bytes"),
        (lambda texts: bytearray(len(texts)), "bytearray"),
        (lambda texts: 0.5, "float"),
        (lambda texts: np.float32(0.5), "float32"),
        (lambda texts: {"label": "calm"}, "dict"),
        (lambda texts: object(), "object"),
    ],
)
def test_what_has_not_answered_is_no_fast_model(call, kind) -> None:
    """A call that puts its work off returns at once: timed, it would be the fastest of all."""
    model = CallableModel("planted", call)

    def serve() -> None:
        model.serve(["how", "are", "you", "?"])
        model.check()

    with pytest.raises(TargetError) as refused:
        serve()
    assert f"returned {kind}, wanted one answer for each query" in str(refused.value)


def test_a_coroutine_that_nobody_awaits_is_closed() -> None:
    coroutine = answer(["how"])
    assert fault_of(coroutine, 1) is not None
    with pytest.raises(RuntimeError, match="cannot reuse"):
        asyncio.run(coroutine)
