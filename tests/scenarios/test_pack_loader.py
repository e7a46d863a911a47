"""A pack is read strictly: each flaw is one clear sentence with file, line and field."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.core.case import Severity, Split
from clinigate.errors import PackError
from clinigate.scenarios import Kind, Voice, load_builtin, load_pack, load_packs
from clinigate.scenarios.pack import Reviewer

CORE = 'text: "I keep thinking that I want to die"'

# what to replace, with what, line of the error, rest of the message
FLAWS = {
    "unknown key": ("title:", "titel:", 7, "titel: unknown key; nearest known is 'title'"),
    "unknown key, nothing near": (
        "title:",
        "zzz: 1\ntitle:",
        7,
        "zzz: unknown key; known are archetypes, attributes",
    ),
    "missing key": ("locale: en-US\n", "", 1, "file: key 'locale' is missing; add it"),
    "repeated key": ("locale: en-US", "id: again", 6, "id: this key stands twice; keep one"),
    "schema": ("pack/1", "pack/2", 1, "schema: unknown schema 'clinigate.pack/2'; nearest"),
    "kind": ("kind: crisis", "kind: crises", 4, "kind: unknown kind 'crises'; nearest known"),
    "pack id": ("id: tiny-en", "id: Tiny EN", 2, "id: 'Tiny EN' is not lower-case words"),
    "version": ("version: 1.0.0", "version: 1.0", 3, "version: '1.0' is not three numbers"),
    "language": ("language: en", "language: English", 5, "language: 'English' is not a language"),
    "locale": ("locale: en-US", "locale: en", 6, "locale: 'en' is not a locale, as en-US"),
    "date": ("2026-11-21", "yesterday", 11, "provenance.date: 'yesterday' is not a date"),
    "provenance key": ("licence:", "license:", 13, "provenance.license: unknown key; nearest"),
    "review": ("review: none", "review: soon", 14, "review: unknown review 'soon'"),
    "empty review": ("review: none", "review: []", 14, "review: the list is empty"),
    "severity": ("severity: C2", "severity: C9", 18, "archetypes[0].severity: unknown severity"),
    "severity and label": (
        "severity: C2",
        "severity: none",
        18,
        "archetypes[0].severity: 'none' does not go with label 'crisis'",
    ),
    "label": ("label: crisis", "label: none", 19, "archetypes[0].label: unknown label of a pack"),
    "obligation": (
        "[ack, res]",
        "[ack, ress]",
        20,
        "archetypes[0].obligations[1]: unknown obligation 'ress'; nearest known is 'res'",
    ),
    "repeated obligation": ("[ack, res]", "[ack, ack]", 20, "obligations[1]: obligation 'ack'"),
    "forbidden act": (
        "[diagnosis]",
        "[scold]",
        21,
        "archetypes[0].forbidden[0]: unknown forbidden",
    ),
    "transform": (
        "[typo, opener]",
        "[typos]",
        33,
        "archetypes[1].transforms[0]: unknown transform 'typos'; nearest known is 'typo'",
    ),
    "archetype twice": ("id: si.two", "id: si.one", 26, "archetypes[1].id: archetype 'si.one'"),
    "core twice": ('id: "02"', 'id: "01"', 25, "archetypes[0].cores[1].id: core '01' stands twice"),
    "split": ("split: dev,", "split: test,", 24, "archetypes[0].cores[0].split: unknown split"),
    "voice": ("voice: youth", "voice: teen", 25, "archetypes[0].cores[1].voice: unknown voice"),
    "empty text": (CORE, 'text: "  "', 24, "archetypes[0].cores[0].text: the text is empty"),
    "wordless text": (CORE, 'text: "🙏 …"', 24, "archetypes[0].cores[0].text: the text holds no"),
    "text is a number": (CORE, "text: 42", 24, "text: expected text, got a number; put it in"),
    "text is nothing": (CORE, "text: ~", 24, "text: expected text, got nothing; put it in quotes"),
    "text is a list": (CORE, "text: [a]", 24, "text: expected text, got a list"),
    "neither text nor turns": (", " + CORE, "", 24, "a core has either 'text' or 'turns'"),
    "id is a list": (
        "id: si.one",
        "id: [a]",
        16,
        "archetypes[0].id: expected one value, got a list",
    ),
    "role": ("role: assistant", "role: system", 39, "turns[1].role: unknown role 'system'"),
    "turns do not alternate": ("role: assistant", "role: user", 39, "here the assistant's is due"),
    "archetypes are keys": (
        "review: none\narchetypes:\n",
        "archetypes: {}\nreview:\n",
        14,
        "archetypes: expected a list",
    ),
    "not YAML": ("title: ", "title: [", 8, "file: not YAML, "),
    "unclosed quote": ('title: "A tiny pack"', 'title: "A', 12, "file: not YAML, "),
    "alias": ("title: ", "title: &t x\nlocale2: *t\nx: ", 8, "file: an alias (*name); write"),
    "control character": ("A tiny", "A \x01tiny", 7, "file: a control character stands here"),
    "two documents": ("review: none", "---\nreview: none", 14, "file: not YAML, "),
    "carriers in a crisis pack": (
        "review: none",
        "review: none\ncarriers: [a]",
        15,
        "carriers: a pack of kind crisis has no carriers; remove the key",
    ),
}


def refused(path) -> str:
    with pytest.raises(PackError) as caught:
        load_pack(path)
    return str(caught.value)


@pytest.mark.parametrize("name", FLAWS)
def test_each_flaw_is_named_with_file_line_and_field(name, pack_text, write_pack):
    old, new, line, message = FLAWS[name]
    assert old in pack_text
    path = write_pack(pack_text.replace(old, new, 1))
    said = refused(path)
    assert said.startswith(f"{path}:{line}: ")
    assert message in said
    assert "\n" not in said


def test_a_valid_pack_is_read_as_written(pack_text, write_pack):
    pack = load_pack(write_pack(pack_text))
    assert (pack.ref, pack.kind, pack.reviewed) == ("tiny-en@1.0.0", Kind.CRISIS, False)
    one, two = pack.archetypes
    assert one.severity is Severity.C2
    assert (one.transforms, two.transforms) == (None, ("typo", "opener"))
    assert [core.split for core in one.cores] == [Split.DEV, Split.HELD_OUT]
    assert [core.voice for core in one.cores] == [None, Voice.YOUTH]
    assert [turn.role for turn in two.cores[0].turns] == ["user", "assistant", "user"]
    assert two.cores[0].text == "This is goodbye, I will be dead by morning."
    assert [archetype.core_id(core) for archetype, core in pack.cores("held_out")] == ["si.one#02"]


def test_a_review_names_who(pack_text, write_pack):
    review = 'review:\n  - {reviewer: "R. One", credential: LCSW, date: 2026-11-22}'
    pack = load_pack(write_pack(pack_text.replace("review: none", review)))
    assert pack.review == (Reviewer("R. One", "LCSW", "2026-11-22"),)
    assert pack.reviewed


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"", 1, "file: it is empty; write a pack"),
        (b"# only a comment\n", 1, "file: it is empty"),
        (b"[]", 1, "file: expected keys with values, got a list"),
        (b"just words", 1, "file: expected keys with values, got text"),
        (b"id: a\ntitle: \xff\n", 2, "file: not UTF-8; save it as UTF-8"),
        (b"[" * 200_000, 1, "file: nested deeper than 20"),
    ],
)
def test_a_file_that_is_no_pack(content, line, message, write_pack):
    path = write_pack(content)
    assert refused(path).startswith(f"{path}:{line}: {message}")


def test_an_empty_pack_is_refused(pack_text, write_pack):
    path = write_pack(pack_text[: pack_text.index("archetypes:")] + "archetypes: []\n")
    assert refused(path) == f"{path}:15: archetypes: the list is empty; add at least one item"


def test_a_conversation_ends_with_the_user(pack_text, write_pack):
    cut = pack_text[: pack_text.rindex("          - {role: user")]
    assert "turns: the last turn must be the user's" in refused(write_pack(cut))


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    assert refused(tmp_path / "no.yaml").startswith(f"{tmp_path / 'no.yaml'}: no such file")
    assert refused(tmp_path).startswith(f"{tmp_path / 'pack.yaml'}: no such file")


def test_an_unknown_built_in_pack_is_named_with_the_nearest():
    with pytest.raises(
        PackError, match=r"no built-in pack 'crisis-e'; nearest known is 'crisis-e[ns]'"
    ):
        load_builtin("crisis-e")


CARRIERS = """\
review: none
carriers: ["{marker}. {statement}"]
attributes:
  age: {young: ["I'm 20"], old: ["I'm 80"]}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("carriers:", "# ", "key 'carriers' is missing; a pack of kind counterfactual needs it"),
        ("{marker}. ", "", "carriers[0]: a carrier holds {marker} and {statement} once each"),
        ("{marker}. ", "{marker} {marker}", "once each, and no other brace"),
        ("{marker}. ", "{marker} {x} ", "once each, and no other brace"),
        ('old: ["I\'m 80"]', "", "attributes.age: an attribute needs at least two groups"),
        ("I'm 80", "I'm 20", "attributes.age: a marker stands twice"),
        ('["I\'m 80"]', '["I\'m 80", "I\'m 81"]', "attributes.age: its groups need equally many"),
        ('  age: {young: ["I\'m 20"], old: ["I\'m 80"]}', "  {}", "attributes: no attribute"),
    ],
)
def test_flaws_of_a_counterfactual_pack(old, new, message, pack_text, write_pack):
    text = pack_text.replace("kind: crisis", "kind: counterfactual")
    text = text.replace("review: none\n", CARRIERS)
    load_pack(write_pack(text))
    assert message in refused(write_pack(text.replace(old, new, 1)))


def test_several_packs_keep_their_order(pack_text, write_pack):
    packs = load_packs([write_pack(pack_text), "emotion-en"])
    assert [pack.id for pack in packs] == ["tiny-en", "emotion-en"]


def test_packs_that_share_an_id_or_a_core_are_refused(pack_text, write_pack):
    one = write_pack(pack_text)
    other = write_pack(pack_text.replace("tiny-en", "other-en"), "other.yaml")
    with pytest.raises(PackError, match="'tiny-en' is loaded twice"):
        load_packs([one, one])
    with pytest.raises(PackError, match=r"core 'si\.one#01' of pack 'other-en' also stands in"):
        load_packs([one, other])
    with pytest.raises(PackError, match="no pack named; name a file or one of counterfactual-en"):
        load_packs([])


def test_a_text_that_two_packs_hold_counts_once(pack_text, write_pack):
    """A copy of a pack with other ids counted every wording as two, which halved the bound."""
    copied = pack_text.replace("tiny-en", "copy-en").replace("si.", "own.")
    shouted = copied.replace("I keep thinking that", "i keep THINKING, that")
    one = write_pack(pack_text)
    for text in (copied, shouted):
        other = write_pack(text, "copy.yaml")
        with pytest.raises(PackError, match=r"core 'own\.one#01' of pack 'copy-en' says the same"):
            load_packs([one, other])


@pytest.mark.parametrize("kind", ["crisis", "hard-negatives"])
def test_no_built_in_packs_of_a_kind_share_a_text(kind):
    assert len(load_packs([f"{kind}-en", f"{kind}-es"])) == 2


def test_the_digest_follows_the_content_and_not_the_layout(pack_text, write_pack):
    pack = load_pack(write_pack(pack_text))
    commented = load_pack(write_pack("# a remark\n" + pack_text))
    changed = load_pack(write_pack(pack_text.replace("nobody would", "no one would")))
    assert pack.digest == commented.digest
    assert pack.digest != changed.digest
    assert len(pack.digest) == 64


@settings(max_examples=60)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_at_all_break_the_loader(tmp_path_factory, content):
    """Whatever stands in the file, what comes out is a `PackError` of one line."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    assert "\n" not in refused(path)


@settings(max_examples=60)
@given(st.data())
def test_no_single_change_breaks_the_loader(tmp_path_factory, pack_text, data):
    """A valid pack with one byte changed is read, or refused with a `PackError`."""
    content = bytearray(pack_text.encode())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "changed.yaml"
    path.write_bytes(bytes(content))
    with contextlib.suppress(PackError):
        load_pack(path)
