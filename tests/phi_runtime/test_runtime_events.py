"""The processor of structlog cleans fields, exceptions, and what renderers have made."""

from __future__ import annotations

import io
import json
from collections import Counter
from typing import Any

import pytest

structlog = pytest.importorskip("structlog")

from clinigate.phi.runtime.events import PhiProcessor  # noqa: E402


def logged(*processors: Any, out: io.StringIO) -> Any:
    return structlog.wrap_logger(structlog.PrintLogger(out), processors=list(processors))


def test_fields_of_an_event(ssn: str) -> None:
    told: list[tuple[str, Counter[str]]] = []
    out = io.StringIO()
    clean = PhiProcessor(on_find=lambda method, rules: told.append((method, rules)))
    log = logged(clean, structlog.processors.JSONRenderer(), out=out)
    log.bind(patient={"ssn": ssn}).info("looked up", rows=3, note=f"ssn {ssn}")
    assert json.loads(out.getvalue()) == {
        "event": "looked up",
        "rows": 3,
        "patient": {"ssn": "[CG-PHI-SSN]"},
        "note": "ssn [CG-PHI-SSN]",
    }
    assert told == [("info", {"CG-PHI-SSN": 2})]


@pytest.mark.parametrize("given", [True, "tuple", "error"])
def test_exceptions_however_they_are_given(ssn: str, given: Any) -> None:
    out = io.StringIO()
    log = logged(
        PhiProcessor(), structlog.processors.format_exc_info, structlog.processors.JSONRenderer(),
        out=out,
    )  # fmt: skip
    try:
        raise KeyError(f"ssn {ssn}")
    except KeyError as error:
        info = {"tuple": (KeyError, error, error.__traceback__), "error": error}.get(given, True)
        log.error("failed", exc_info=info)
    assert ssn not in out.getvalue()
    assert "[CG-PHI-SSN]" in json.loads(out.getvalue())["exception"]


def test_an_exception_without_finds_reaches_the_renderer() -> None:
    out = io.StringIO()
    log = logged(
        PhiProcessor(), structlog.processors.format_exc_info, structlog.processors.JSONRenderer(),
        out=out,
    )  # fmt: skip
    try:
        raise ValueError("of nobody")
    except ValueError:
        log.error("failed", exc_info=True)
    log.info("no error at all", exc_info=None)
    first, second = map(json.loads, out.getvalue().splitlines())
    assert first["exception"].endswith("ValueError: of nobody")
    assert second["event"] == "no error at all"


def test_behind_a_renderer_it_cleans_the_text(ssn: str) -> None:
    out = io.StringIO()
    logged(structlog.processors.JSONRenderer(), PhiProcessor(), out=out).info("x", ssn=ssn)
    assert ssn not in out.getvalue()
    assert PhiProcessor()(None, "info", f"ssn {ssn}".encode()) == b"ssn [CG-PHI-SSN]"


def test_what_cannot_be_searched_is_withheld(ssn: str) -> None:
    class Broken:
        def __repr__(self) -> str:
            raise OSError(ssn)

    clean = PhiProcessor()(None, "info", {"event": "x", "field": Broken(), "ssn": ssn})
    assert ssn not in repr(clean)
    assert "OSError" in clean["event"]
