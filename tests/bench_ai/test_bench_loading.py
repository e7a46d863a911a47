"""What `--model` names is found, or one sentence says why not; and its faults are its own."""

from __future__ import annotations

import sys

import pytest

from clinigate.errors import TargetError, UsageError
from clinigate.gpu_bench.ai.loading import load_model

PLANTED = """
import math

def sound(texts):
    return [float(len(text)) for text in texts]

def nan_at_16(texts):
    return [math.nan if len(texts) == 16 else 0.5 for _ in texts]

def raises(texts):
    raise RuntimeError("what the patient said: " + texts[0])

class Loaded:
    def __call__(self, texts):
        return [1.0 for _ in texts]

class Unloadable:
    def __init__(self):
        raise OSError("weights are missing")

number = 7
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "planted_bench.py").write_text(PLANTED)
    (tmp_path / "planted_broken.py").write_text("1 / 0\n")
    (tmp_path / "planted_needy.py").write_text("import a_module_that_nobody_has\n")
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name in ("planted_bench", "planted_broken", "planted_needy"):
        sys.modules.pop(name, None)


def load(folder, reference, device="auto"):
    return load_model(reference, device=device, seed=0, base_dir=folder)


def test_a_callable_answers_texts(folder) -> None:
    model = load(folder, "planted_bench:sound")
    queries = model.queries(3, seed=1)
    assert queries == model.queries(3, seed=1)
    assert model.serve(queries) == [float(len(text)) for text in queries]
    model.check()
    assert model.fingerprint["model"] == "planted_bench:sound"
    assert model.device_seconds() == ()


def test_a_class_is_called_without_arguments(folder) -> None:
    assert load(folder, "planted_bench:Loaded").serve(["a", "b"]) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("planted_bench", "wanted module:attr"),
        (":sound", "wanted module:attr"),
        ("planted_bench:", "wanted module:attr"),
        ("planted_absent:sound", "no module planted_absent"),
        ("planted_absent.deep:sound", "no module planted_absent.deep"),
        ("planted_bench:absent", "has no 'absent'"),
        ("planted_bench:number", "of type int"),
    ],
)
def test_what_is_not_there_is_the_callers_mistake(folder, reference, told) -> None:
    with pytest.raises(UsageError, match=told):
        load(folder, reference)


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("planted_broken:x", "failed to load with ZeroDivisionError at planted_broken.py:1"),
        ("planted_needy:x", "needs the module a_module_that_nobody_has"),
        ("planted_bench:Unloadable", "failed to load with OSError"),
    ],
)
def test_a_model_whose_own_code_fails_is_at_fault_itself(folder, reference, told) -> None:
    with pytest.raises(TargetError, match=told):
        load(folder, reference)


def test_an_answer_that_is_none_is_found_after_the_block(folder) -> None:
    """Planted: NaN at batch 16 alone."""
    model = load(folder, "planted_bench:nan_at_16")
    model.serve(["a"])
    model.check()
    model.serve(["a"] * 16)
    with pytest.raises(TargetError, match=r"returned NaN or an infinity \(batch of 16\)"):
        model.check()


def test_what_a_model_says_when_it_raises_is_not_repeated(folder) -> None:
    """It may quote what a patient said."""
    model = load(folder, "planted_bench:raises")
    with pytest.raises(TargetError, match=r"raised RuntimeError at planted_bench\.py") as caught:
        model.serve(["my secret"])
    assert "secret" not in str(caught.value)
