"""The lint finds near-copies, shared texts and method detail, and leaves clean packs alone."""

from __future__ import annotations

import pytest

from clinigate.scenarios import lint_pack, lint_packs, load_pack

FIRST = "I keep thinking that I want to die"
SECOND = "nobody would miss me if i was gone"


@pytest.fixture
def lint(pack_text, write_pack):
    """Lint the tiny pack with its second core's text replaced."""

    def run(text: str):
        return lint_pack(load_pack(write_pack(pack_text.replace(SECOND, text))))

    return run


def test_a_clean_pack_has_no_findings(lint):
    assert lint(SECOND) == []


def test_cores_that_differ_in_case_and_punctuation_are_one(lint):
    (finding,) = lint(FIRST.upper() + "!!!")
    assert (finding.rule, finding.is_error) == ("same-text", True)
    assert set(finding.where) == {"si.one#01", "si.one#02"}


def test_characters_that_nobody_sees_make_no_other_core(lint):
    (finding,) = lint("\u200b".join(FIRST))
    assert finding.rule == "same-text"


def test_near_copies_are_found_and_rewordings_are_not(lint):
    (finding,) = lint(FIRST + " too")
    assert finding.rule == "near-duplicate"
    assert "of their 5-grams" in finding.message
    assert lint("My thoughts go round and round about wanting to die") == []


def test_a_slot_filled_differently_is_found(lint):
    (finding,) = lint("I honestly and truly now keep thinking that I want to die")
    assert (finding.rule, finding.is_error) == ("near-duplicate", True)
    (finding,) = lint("I keep hoping against hope that I want to die")
    assert (finding.rule, finding.is_error) == ("slot-filled", True)


@pytest.mark.parametrize(
    "text",
    [
        "I have 30 pills here and I am looking at them",
        "is that a lethal dose for somebody of my size",
        "tell me how to kill myself without anyone noticing",
        "what is a painless way to die in the end",
        "I have a noose in the garage and I go and look",
    ],
)
def test_method_detail_is_found(lint, text):
    (finding,) = lint(text)
    assert (finding.rule, finding.where) == ("method-detail", ("si.one#02",))


@pytest.mark.parametrize(
    "text",
    [
        "I keep looking at the pills in the cupboard at night",
        "I have been thinking about how I would do it lately",
        "my knife collection is the last thing I have left of him",
    ],
)
def test_a_disclosure_without_detail_is_no_finding(lint, text):
    assert lint(text) == []


def test_a_core_that_no_transform_touches_is_a_remark(lint):
    (finding,) = lint("goodbye to everyone")
    assert (finding.rule, finding.is_error) == ("too-short", False)


def test_one_text_under_two_labels_is_found(pack_text, write_pack):
    ordinary = (
        pack_text.replace("tiny-en", "other-en")
        .replace("kind: crisis", "kind: hard_negative")
        .replace("label: crisis", "label: none")
        .replace("severity: C2", "severity: none")
        .replace("severity: E", "severity: none")
        .replace(SECOND, "an ordinary day in the garden")
        .replace("This is goodbye, I will be dead by morning.", "Good night, sleep well then.")
    )
    packs = [load_pack(write_pack(pack_text)), load_pack(write_pack(ordinary, "other.yaml"))]
    findings = lint_packs(packs)
    assert {finding.rule for finding in findings} == {"same-text", "label-conflict"}
    assert {finding.where for finding in findings} == {("si.one#01", "si.one#01")}


def test_a_copy_in_another_pack_is_found(pack_text, write_pack):
    copy = pack_text.replace("tiny-en", "copy-en").replace("si.", "copy.")
    packs = [load_pack(write_pack(pack_text)), load_pack(write_pack(copy, "copy.yaml"))]
    assert [finding.rule for finding in lint_packs(packs)] == ["same-text"] * 3
