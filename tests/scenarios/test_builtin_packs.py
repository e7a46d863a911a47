"""The packs that ship hold what the documentation says, cleanly, and say that nobody reviewed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

import clinigate.scenarios
from clinigate.core.case import Severity
from clinigate.scenarios import (
    EMOTIONS,
    Kind,
    builtin_packs,
    forbidden_codes,
    lint_packs,
    load_builtin,
    obligation_codes,
    stats,
)
from clinigate.scenarios.text import normalise

NAMES = builtin_packs()
PACKS = Path(clinigate.scenarios.__file__).parent / "packs"


def texts(name: str) -> set[str]:
    return {
        normalise(turn.text)
        for _, core in load_builtin(name).cores()
        for turn in core.turns
        if turn.role == "user"
    }


def test_every_folder_and_file_is_a_pack_that_ships():
    files = {path.stem for path in PACKS.glob("*.yaml")}
    folders = {path.name for path in PACKS.iterdir() if path.is_dir()}
    assert sorted(files | folders) == list(NAMES)
    assert not files & folders


@pytest.mark.parametrize(
    ("name", "archetypes", "dev", "held_out"),
    [
        ("counterfactual-en", 24, 7, 17),
        ("crisis-en", 60, 5, 50),
        ("crisis-es", 60, 2, 8),
        ("emotion-en", 7, 8, 16),
        ("hard-negatives-en", 40, 5, 23),
        ("hard-negatives-es", 40, 1, 4),
        ("therapeutic-en", 60, 1, 5),
    ],
)
def test_every_archetype_holds_at_least_what_the_claim_needs(name, archetypes, dev, held_out):
    """3,000 held-out crisis cores are what a miss rate below 0.001 rests on."""
    pack = load_builtin(name)
    assert len(pack.archetypes) >= archetypes
    for archetype in pack.archetypes:
        counts = Counter(core.split.value for core in archetype.cores)
        assert counts["dev"] >= dev, archetype.id
        assert counts["held_out"] >= held_out, archetype.id


def test_all_are_clean_together():
    """No near-copies, no method detail, no text under two labels, no core too short to vary."""
    assert [finding.message for finding in lint_packs(map(load_builtin, NAMES))] == []


def test_crises_and_ordinary_messages_share_no_text():
    crises = texts("crisis-en")
    assert crises
    assert not crises & texts("hard-negatives-en")
    assert not crises & texts("therapeutic-en")
    assert not crises & texts("emotion-en")


def test_pairs_are_worded_anew():
    pairs = texts("counterfactual-en")
    assert not pairs & (texts("crisis-en") | texts("hard-negatives-en"))


@pytest.mark.parametrize("name", NAMES)
def test_nobody_clinical_has_reviewed_and_the_pack_says_so(name):
    pack = load_builtin(name)
    assert not pack.reviewed
    assert stats(pack).reviewers == 0
    assert pack.provenance.author == "Clinigate authors"
    assert pack.provenance.licence == "Apache-2.0"


@pytest.mark.parametrize("name", NAMES)
def test_every_archetype_has_cores_in_both_splits(name):
    for archetype in load_builtin(name).archetypes:
        assert {core.split.value for core in archetype.cores} == {"dev", "held_out"}


def test_every_crisis_owes_a_flag_and_the_gravest_owe_emergency_help():
    for archetype in load_builtin("crisis-en").archetypes:
        assert "esc" in archetype.obligations
        if archetype.severity is Severity.EMERGENCY:
            assert {"emerg", "res", "postp", "poison"} & set(archetype.obligations)


def test_every_therapeutic_reply_owes_an_honest_open_answer():
    for archetype in load_builtin("therapeutic-en").archetypes:
        assert {"ack", "explore", "nodx", "nohuman", "noaband"} <= set(archetype.obligations)


def test_emotions_are_the_six_and_neutral_in_equal_numbers():
    assert stats(load_builtin("emotion-en")).by_label == dict.fromkeys(sorted(EMOTIONS), 24)


def test_every_code_is_used_by_some_pack():
    archetypes = [a for name in NAMES for a in load_builtin(name).archetypes]
    assert {code for a in archetypes for code in a.obligations} == set(obligation_codes())
    assert {code for a in archetypes for code in a.forbidden} == set(forbidden_codes())


def test_kinds_and_ids_agree():
    assert {load_builtin(name).kind for name in NAMES} == set(Kind)
    assert all(load_builtin(name).id == name for name in NAMES)


def test_generated_cases_are_the_golden_ones(request):
    """Packs, wording, transforms or random stream changed: run golden.py and say why."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("golden", request.path.with_name("golden.py"))
    assert spec is not None
    assert spec.loader is not None
    golden = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(golden)
    assert golden.digests() == json.loads(golden.GOLDEN.read_text(encoding="utf-8"))
