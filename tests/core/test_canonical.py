"""Equal values give equal bytes, and what JSON cannot say is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.canonical import canonical_bytes, canonical_text, parse_json

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(values)
def test_round_trip(value: object) -> None:
    assert parse_json(canonical_bytes(value)) == value


@given(st.dictionaries(st.text(), st.integers()))
def test_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    backwards = dict(reversed(value.items()))
    assert canonical_bytes(value) == canonical_bytes(backwards)


def test_big_integers_stay_integers() -> None:
    assert canonical_text({"b": 9007199254740993, "a": "ü"}) == '{"a":"ü","b":9007199254740993}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - three different sentences of the standard library
        canonical_bytes(value)


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '{"a":NaN}', "[Infinity]"])
def test_strict_parsing(text: str) -> None:
    with pytest.raises(ValueError, match=r"twice|is not JSON"):
        parse_json(text)


@pytest.mark.parametrize("text", ["1e999", "-1e999", '{"a":[1.5e400]}'])
def test_a_number_beyond_all_floats_is_no_infinity(text: str) -> None:
    with pytest.raises(ValueError, match="larger than any float"):
        parse_json(text)
