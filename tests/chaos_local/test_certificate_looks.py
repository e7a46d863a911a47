"""A system tells of a certificate's end; a scrape that was lost once is not silence."""

from __future__ import annotations

from typing import Any

import pytest

from clinigate.chaos.probes.certificates import Look, _noticed

NOTICE_S = 14 * 86400.0


def looks(*told: tuple[float, ...]) -> tuple[Look, ...]:
    """One look each half second at a certificate that ends in two days."""
    return tuple(
        Look(1, at / 2, "entry", "https://a", 172_800 - at / 2, None, values)
        for at, values in enumerate(told)
    )


def noticed(*told: tuple[float, ...]) -> Any:
    return _noticed("x.expiry_noticed", looks(*told), NOTICE_S)[0]


NEAR, FAR = (172_800.0, 172_800.0), (172_800.0, 9e6)


@pytest.mark.parametrize(
    ("told", "right", "n"),
    [
        ([NEAR] * 5, 3, 3),
        ([NEAR, NEAR, (), NEAR, NEAR], 3, 3),
        ([NEAR, FAR, NEAR, NEAR, NEAR], 3, 3),
        ([FAR] * 5, 0, 3),
        ([()] * 5, 0, 3),
        ([NEAR, NEAR, FAR, FAR, FAR], 1, 3),
        ([NEAR, NEAR], 0, 0),
    ],
)
def test_the_next_look_makes_good_a_lost_one(
    told: list[tuple[float, ...]], right: int, n: int
) -> None:
    """Two in a row are not: then nobody would have been told."""
    measured = noticed(*told)
    assert (measured.events, measured.n) == (right, n)


def test_a_swap_is_not_judged_while_it_happens() -> None:
    """Ten looks a second, the certificate swapped after 2 s, the gauge 0.3 s behind it."""
    ends = [9e6 if at < 20 else 172_800.0 for at in range(40)]
    seen = tuple(
        Look(1, at / 10, "entry", "https://a", end - at / 10, None, (ends[max(0, at - 3)],))
        for at, end in enumerate(ends)
    )
    measured = _noticed("x.expiry_noticed", seen, NOTICE_S)[0]
    assert measured.events == measured.n > 10
