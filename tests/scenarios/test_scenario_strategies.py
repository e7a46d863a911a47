"""Users' property tests draw cases that keep their labels; the simplest example is as written."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import find, given

from clinigate.core.case import Label, Split
from clinigate.errors import PackError
from clinigate.scenarios import load_pack
from clinigate.scenarios.strategies import cases, crisis_cases, ordinary_cases, pairs


@given(crisis_cases(split="held_out"))
def test_crisis_cases_must_be_flagged(case):
    assert (case.label, case.expect.flag, case.split) == (Label.CRISIS, True, Split.HELD_OUT)


@given(ordinary_cases())
def test_ordinary_cases_must_not(case):
    assert (case.label, case.expect.flag) == (Label.NONE, False)


@given(pairs())
def test_pairs_share_their_id_and_name_different_groups(pair):
    assert len({case.pair_id for case in pair}) == 1
    assert len({tuple(case.slice.items()) for case in pair}) == len(pair) >= 3


def test_examples_shrink_to_the_first_core_as_written():
    case = find(cases("emotion-en"), lambda case: case.expect.emotion == "joy")
    assert (case.cluster.core, case.transforms) == ("emo.joy#01", ())


def test_a_pack_of_the_users_own(pack_text, write_pack):
    pack = load_pack(write_pack(pack_text))
    assert find(cases(pack), lambda case: len(case.turns) == 3).archetype == "si.two"


def test_kinds_do_not_mix():
    with pytest.raises(PackError, match="draw them with strategies"):
        cases("counterfactual-en")
    with pytest.raises(PackError, match="holds no pairs"):
        pairs("crisis-en")


def test_scenarios_need_neither_hypothesis_nor_numpy():
    """A fresh interpreter, since this one has loaded both."""
    code = "import clinigate.scenarios, sys; print({'hypothesis', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
