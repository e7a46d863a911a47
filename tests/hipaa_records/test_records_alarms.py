"""A write or a record that is refused for another reason shows nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from clinigate.core.verdict import Status
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.records.flips import altered
from clinigate.targets.service import Answer, Request

Open = Callable[..., Any]


class _Busy:
    """A service that after its first of some writes has no time for another."""

    def __init__(self, real: Any, ending: str) -> None:
        self._real, self._ending, self._count = real, ending, 0

    def _answer(self, request: Request) -> Answer | None:
        if request.method != "POST" or not request.path.endswith(self._ending):
            return None
        self._count += 1
        return Answer(429, {}, None, b"") if self._count > 1 else None

    def send(self, request: Request) -> Answer:
        return self._answer(request) or self._real.send(request)

    def send_as(self, request: Request, headers: Any = None) -> Answer:
        return self._answer(request) or self._real.send_as(request, headers or {})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@contextmanager
def _busy(premises: Premises, ending: str) -> Iterator[Premises]:
    yield replace(premises, service=_Busy(premises.service, ending))  # type: ignore[arg-type]


def test_a_write_that_comes_too_soon_shows_nothing(
    at_clean: Open, see: Any, records_of: Any
) -> None:
    ending = records_of()["replay"]["write"]["path"].rpartition("/")[2]
    with at_clean() as premises, _busy(premises, ending) as busy:
        seen = see("replay", busy)
    assert seen.status is Status.NOT_ASSESSED
    assert (seen.findings, "it answers 429, which says nothing of a nonce" in seen.reason) == (
        [],
        True,
    )


@pytest.mark.parametrize("value", [bytes(64), "0" * 64])
def test_a_nonce_is_flipped_too(value: str | bytes) -> None:
    """Where a cipher is not authenticated it alters the first block alone, and in one bit."""
    places = []
    for _, each in altered("sealed", value):
        assert isinstance(each, str | bytes)
        pairs = enumerate(zip(value, each, strict=True))
        places.append(next(at for at, (old, new) in pairs if old != new))
    assert places[0] < 12
    assert max(places) >= len(value) * 3 // 4
