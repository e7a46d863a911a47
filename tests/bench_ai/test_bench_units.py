"""Values with units mean what they say, and a bare or impossible one is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import UsageError
from clinigate.gpu_bench import units


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (units.seconds, "100ms", 0.1),
        (units.seconds, " 1.5 s ", 1.5),
        (units.seconds, "250us", 0.00025),
        (units.seconds, "2m", 120.0),
        (units.rate, "100rps", 100.0),
        (units.rate, "0.5/s", 0.5),
        (units.rate, "20qps", 20.0),
        (units.share, "80%", 0.8),
        (units.share, "0.8", 0.8),
        (units.share, "100%", 1.0),
    ],
)
def test_a_value_with_its_unit_is_read(parse, text, value) -> None:
    assert parse(text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (units.seconds, "100"),
        (units.seconds, "0ms"),
        (units.seconds, "-5ms"),
        (units.seconds, "1e3ms"),
        (units.rate, "100"),
        (units.rate, "0rps"),
        (units.share, "80"),
        (units.share, "0%"),
        (units.share, "101%"),
        (units.share, "nan"),
    ],
)
def test_what_is_no_such_value_is_refused_with_what_is_wanted(parse, text) -> None:
    with pytest.raises(UsageError, match="wanted"):
        parse(text)


@given(st.text(max_size=12))
def test_no_text_breaks_a_parser(text: str) -> None:
    """Every text is a value above 0 or a UsageError."""
    for parse in (units.seconds, units.rate, units.share):
        try:
            value = parse(text)
        except UsageError:
            continue
        assert value > 0
