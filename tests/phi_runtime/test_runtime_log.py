"""The filter of `logging`: no way on which a record carries an identifier stays open."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections import Counter
from collections.abc import Iterator

import pytest

from clinigate.phi import PhiFilter


class Shipper(logging.Handler):
    """Ships everything that a record holds, as collectors of errors do."""

    def __init__(self) -> None:
        super().__init__()
        self.shipped: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self.shipped.append(repr((record.__dict__, error, getattr(error, "args", None))))


@pytest.fixture
def told() -> list[tuple[str, Counter[str]]]:
    return []


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def shipper() -> Shipper:
    return Shipper()


@pytest.fixture
def log(
    out: io.StringIO, shipper: Shipper, told: list[tuple[str, Counter[str]]]
) -> Iterator[logging.Logger]:
    logger = logging.getLogger("phi_runtime.log")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    stream = logging.StreamHandler(out)
    stream.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    stream.addFilter(PhiFilter(on_find=lambda name, rules: told.append((name, rules))))
    logger.handlers = [stream, shipper]
    yield logger
    logger.handlers = []


def test_message_arguments_and_extras(
    log: logging.Logger, out: io.StringIO, shipper: Shipper, ssn: str, told: list[object]
) -> None:
    log.info("saw ssn %s of %d", ssn, 3)
    log.info("looked up %(name)s", {"name": "a record", "ssn": ssn})
    log.warning("fine", extra={"patient_ssn": int(ssn.replace("-", "")), "rows": 12})
    assert out.getvalue() == (
        "INFO saw ssn [CG-PHI-SSN] of 3\nINFO looked up a record\nWARNING fine\n"
    )
    shipped = "".join(shipper.shipped)
    assert ssn not in shipped
    assert ssn.replace("-", "") not in shipped
    assert "'rows': 12" in shipped
    assert told == [("phi_runtime.log", {"CG-PHI-SSN": 1})] * 3, "what no message shows is told too"


def test_a_clean_record_is_untouched(
    log: logging.Logger, out: io.StringIO, shipper: Shipper, told: list[object]
) -> None:
    log.info("took %d ms", 12)
    assert out.getvalue() == "INFO took 12 ms\n"
    assert "'args': (12,)" in shipper.shipped[0]
    assert told == []


def test_tracebacks_lose_the_value_and_keep_the_way(
    log: logging.Logger, out: io.StringIO, shipper: Shipper, ssn: str
) -> None:
    try:
        try:
            raise KeyError(f"no patient with ssn {ssn}")
        except KeyError as error:
            raise RuntimeError("lookup failed") from error
    except RuntimeError:
        log.exception("failed", stack_info=True)
    assert ssn not in out.getvalue() + shipper.shipped[0]
    assert "RuntimeError: lookup failed" in out.getvalue()
    assert "no patient with ssn [CG-PHI-SSN]" in out.getvalue()


def test_an_exception_without_finds_is_handed_on_as_it_is(
    log: logging.Logger, out: io.StringIO, shipper: Shipper
) -> None:
    try:
        raise ValueError("nothing of anybody")
    except ValueError:
        log.exception("failed")
    assert "ValueError: nothing of anybody" in out.getvalue()
    assert "ValueError('nothing of anybody')" in shipper.shipped[0]


def test_what_cannot_be_searched_is_withheld_and_breaks_nothing(
    log: logging.Logger, out: io.StringIO, shipper: Shipper, ssn: str
) -> None:
    class Broken:
        def __str__(self) -> str:
            raise OSError(ssn)

    log.info("one %s %s", "argument of two")
    log.info("a %s", Broken(), extra={"ssn": ssn})
    assert "TypeError" in out.getvalue()
    assert "OSError" in out.getvalue()
    assert out.getvalue().count("CG-PHI-WITHHELD") == 2
    assert ssn not in out.getvalue() + "".join(shipper.shipped)


def test_by_a_configuration_and_its_name(ssn: str, tmp_path: object) -> None:
    logging.config.dictConfig(
        json.loads(
            '{"version": 1, "disable_existing_loggers": false,'
            ' "filters": {"phi": {"()": "clinigate.phi.PhiFilter"}},'
            ' "handlers": {"here": {"class": "logging.StreamHandler", "filters": ["phi"]}},'
            ' "loggers": {"phi_runtime.configured": {"handlers": ["here"], "propagate": false}}}'
        )
    )
    logger = logging.getLogger("phi_runtime.configured")
    handler = logger.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(out := io.StringIO())
    logging.getLogger("phi_runtime.configured.child").error("ssn %s", ssn)
    logger.handlers = []
    assert out.getvalue() == "ssn [CG-PHI-SSN]\n"
