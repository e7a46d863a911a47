"""What the tests of identifiers share: presidio's engine, which takes seconds to load."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clinigate.phi.engine import Find, presidio_find


@pytest.fixture(scope="session")
def engine() -> Find:
    """The engine of presidio at the usual threshold."""
    pytest.importorskip("presidio_analyzer")
    return presidio_find(0.8)


@pytest.fixture(scope="session")
def marked() -> Callable[[str], tuple[str, list[tuple[int, int]]]]:
    """Reads a text in which «» stand around what is to be found."""

    def read(text: str) -> tuple[str, list[tuple[int, int]]]:
        plain, spans = "", []
        for number, part in enumerate(text.replace("»", "«").split("«")):
            if number % 2:
                spans.append((len(plain), len(plain) + len(part)))
            plain += part
        return plain, spans

    return read
