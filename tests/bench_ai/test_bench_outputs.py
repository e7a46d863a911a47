"""An answer is finite and there is one for each query; everything else is a fault."""

from __future__ import annotations

import math

import numpy as np
import pytest

from clinigate.gpu_bench.ai.outputs import fault_of


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
        object(),  # nothing that we know to look into
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
    ],
)
def test_a_fault_is_named(outputs, fault) -> None:
    assert fault in fault_of(outputs, 2)
