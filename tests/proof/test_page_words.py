"""The digest of a page's words: every word and look counts, how the source is laid out does not."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import EvidenceError
from clinigate.evidence.envelope import verify_envelope
from clinigate.evidence.signing import PublicKey
from clinigate.pipeline.examine import examine, proof_of
from clinigate.reports.pagesign import PAGE_PAYLOAD_TYPE, sign_page, words_digest
from clinigate.reports.proof import ProofView, chosen

WORDS = st.text(st.characters(min_codepoint=33, exclude_categories=["Cs", "Cc"]), min_size=1)
PAGE = '<p class="{0}" id="x">a {1} <b>c</b></p><!-- note --><script>x = 1</script>'


def escaped(text: str) -> str:
    return "".join(f"&#x{ord(char):x};" for char in text)


@given(WORDS, WORDS)
def test_layout_and_spelling_do_not_count(look: str, word: str) -> None:
    page = PAGE.format(escaped(look), escaped(word))
    same = (
        f"\n<p id='x'\n  class='{escaped(look)}'>a\n\t{escaped(word)}<b>c</b>"
        "</p>\n<script>x = 2</script>"
    )
    assert words_digest(page) == words_digest(same)


@given(WORDS, WORDS, WORDS)
def test_every_word_and_every_look_counts(look: str, word: str, other: str) -> None:
    page = words_digest(PAGE.format(escaped(look), escaped(word)))
    if other != word:
        assert page != words_digest(PAGE.format(escaped(look), escaped(other)))
    if other != look:
        assert page != words_digest(PAGE.format(escaped(other), escaped(word)))


@pytest.mark.parametrize(
    "other",
    [
        '<p class="a">x</p><p hidden>y</p>',
        '<p>x</p><p class="a">y</p>',
        '<p class="a">y</p><p>x</p>',
        '<div class="a">x</div><p>y</p>',
        '<p class="a" id="">x</p><p>y</p>',
        '<p class="a">xy</p>!',
    ],
)
def test_another_page_has_another_digest(other: str) -> None:
    assert words_digest(other) != words_digest('<p class="a">x</p><p>y</p>')


def test_an_opened_detail_and_what_nobody_reads_do_not_count() -> None:
    page = '<details class="d"><summary>s</summary>t</details>'
    more = page.replace("<details", "<details open") + "<template>x</template><script>y</script>"
    assert words_digest(page) == words_digest(more)


SIZES = st.lists(st.tuples(st.text(min_size=1, max_size=3), st.integers(0, 50)), unique_by=str)


@given(SIZES, st.integers(0, 100))
def test_what_is_embedded_fits_and_nothing_that_fits_is_left(
    sizes: list[tuple[str, int]], room: int
) -> None:
    sizes = list(dict(sizes).items())
    names = chosen(sizes, room)
    held = sum(dict(sizes)[name] for name in names)
    assert held <= room
    assert all(size > room - held for name, size in sizes if name not in names)
    assert list(names) == sorted(names)


def test_results_come_first() -> None:
    assert chosen([("a", 1), ("results.json", 10), ("b", 2)], 11) == ("a", "results.json")


def test_data_ends_no_tag() -> None:
    view = ProofView(b"{}", (("</script><b>", b"x"),), (), 1)
    assert "<" not in view.data
    assert json.loads(view.data)["files"][0]["name"] == "</script><b>"


def test_a_page_is_signed_once_and_only_where_it_carries_a_statement(ed25519_run: Any) -> None:
    page = sign_page(ed25519_run.page(), ed25519_run.signer)
    for wrong in (page, "<p>no statement</p>"):
        with pytest.raises(EvidenceError, match="make it again"):
            sign_page(wrong, ed25519_run.signer)


def test_the_signature_names_statement_and_words(made: Any) -> None:
    """What the page says of itself can be checked without a browser too."""
    page = sign_page(made.page(), made.signer)
    block = re.search(r'id="proof-page">(\{.*?\})</script>', page)
    assert block is not None
    signed = json.loads(block[1])
    key = PublicKey.from_spki(base64.b64decode(signed["keys"][0]))
    payload, _ = verify_envelope(base64.b64decode(signed["envelope"]), {key.keyid: key})
    told = json.loads(payload)
    assert PAGE_PAYLOAD_TYPE in base64.b64decode(signed["envelope"]).decode()
    assert told["statement"] == made.bundle.statement_digest
    assert told["words"] == f"sha256:{words_digest(page)}"


def test_a_damaged_bundle_still_gives_its_page_what_is_there(make: Callable[..., Any]) -> None:
    made = make()
    (made.bundle.path / "environment.json").unlink()
    view = proof_of(examine(made.bundle.path, trust=made.trust))
    assert view is not None
    assert view.left_out == 1
    assert made.bundle.envelope_bytes == view.envelope
