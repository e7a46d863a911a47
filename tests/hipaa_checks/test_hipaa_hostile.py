"""A service that is wrong in one place only is found out, and never passes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hostile import hostile_service, token

from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.core.verdict import Status
from clinigate.hipaa.premises import Premises, opened

TODAY = date(2026, 11, 22)
SENT = "POST /emotion answers 200 to it"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with hostile_service(tmp_path_factory.mktemp("hostile")) as found:
        yield found


@pytest.fixture
def flawed(running: Any) -> Iterator[Callable[..., Any]]:
    """Opens premises of the service with these flaws."""
    service, base_url = running

    @contextmanager
    def at(*flaws: str, **hipaa: Any) -> Iterator[Premises]:
        service.flaws = set(flaws)
        if any("store" in flaw for flaw in flaws):
            service.store.unlink()
            service._keep("/chat", "begin")
        tables = service.tables(base_url)
        tables["hipaa"] |= hipaa
        config = LoadedConfig(Config.model_validate(tables), service.folder, "clinigate.toml")
        with opened(config, today=TODAY, environ=service.environment()) as premises:
            yield replace(premises, ask_verifier=lambda *_: 0)

    yield at
    service.flaws = set()


@pytest.mark.parametrize("name", ["phi_encryption", "access_control", "authentication", "consent"])
def test_without_a_flaw_it_passes(name: str, flawed: Callable[..., Any], see: Any) -> None:
    with flawed() as premises:
        seen = see(name, premises)
    assert (seen.status, seen.findings) == (Status.PASS, []), seen.reason


@pytest.mark.parametrize(
    ("name", "flaw", "told"),
    [
        ("phi_encryption", "emotion-in-clear", "in plain form"),
        ("phi_encryption", "gzip-store", "in compressed form"),
        ("phi_encryption", "gzip-base64-store", "in compressed form"),
        ("phi_encryption", "utf-16-store", "in utf-16 form"),
        ("authentication", "none-at-emotion", SENT),
        ("authentication", "unverified-at-emotion", SENT),
        ("authentication", "expired-at-emotion", SENT),
        ("authentication", "token-in-address", "POST /chat answers 200 to it"),
        ("consent", "emotion-ignores-consent", "a patient who took it back is served by emotion"),
        ("consent", "serves-the-unknown", "a patient who said nothing is served"),
        ("audit_trail", "only-successes", "leaves 0 audit rows in place of 1"),
        ("audit_trail", "constant-actor", "a stranger is named in the audit log as the target is"),
        ("audit_trail", "wrong-actor", "the target is named in the audit log as somebody else"),
        (
            "audit_trail",
            "a-new-actor-each-time",
            "the same credentials are different people in the audit log",
        ),
    ],
)
def test_one_flaw_is_found(
    name: str, flaw: str, told: str, flawed: Callable[..., Any], see: Any
) -> None:
    # Twice where an earlier run leaves something behind, which must hide nothing.
    for _ in range(2 if name == "consent" else 1):
        with flawed(flaw) as premises:
            seen = see(name, premises)
        assert seen.status is Status.FAIL, seen.reason
        assert any(told in message for _, message in seen.findings), seen.findings


def test_a_token_in_an_address_is_told_to_nobody(
    flawed: Callable[..., Any], see: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with flawed("token-in-address") as premises:
        seen = see("authentication", premises)
        premises.service.close()
        gone = see("authentication", premises)
    assert ("a token in the address", "POST /chat answers 200 to it") in seen.findings
    assert "HTTP Request: POST" in caplog.text
    # The service runs in this process, and what it logs itself is not ours.
    ours = [each for each in caplog.records if not each.name.startswith("uvicorn")]
    said = "".join(each.getMessage() for each in ours)
    assert "access_token" not in said + repr(seen) + repr(gone)


def test_a_chain_that_verifies_anything_is_no_chain(flawed: Callable[..., Any], see: Any) -> None:
    with flawed() as premises:
        seen = see("audit_trail", premises)
    assert {message for _, message in seen.findings} == {
        "its own verifier does not notice a row that was taken out",
        "its own verifier does not notice two rows that changed places",
        "its own verifier does not notice a row that was altered",
    }


@pytest.mark.parametrize(
    ("name", "flaw", "hipaa", "told"),
    [
        ("access_control", "emotion-undocumented", {}, "leaves it out, and maybe others"),
        ("access_control", "", {"test_environment": False}, "[hipaa] test_environment = true"),
        ("authentication", "", {"openapi": "/nowhere"}, "operations beside those of [target]"),
        ("authentication", "", {"test_environment": False}, "[hipaa] test_environment = true"),
        ("authentication", "", {"expired_token_env": "LIVE"}, "is good until later"),
        ("consent", "rate-limited", {}, "answers 429, which says nothing of consent"),
    ],
)
def test_what_was_not_looked_at_is_no_pass(
    name: str, flaw: str, hipaa: dict[str, Any], told: str, flawed: Callable[..., Any], see: Any
) -> None:
    with flawed(flaw, **hipaa) as premises:
        live = {"LIVE": token(scope="chat", expires=9e9)}
        seen = see(name, replace(premises, environ={**premises.environ, **live}))
    assert (seen.status, seen.findings) == (Status.INCONCLUSIVE, [])
    assert told in seen.reason


def test_no_crisis_is_spoken_of_where_somebody_may_be_paged(
    flawed: Callable[..., Any], see: Any, running: Any
) -> None:
    before = running[0].requests
    with flawed(test_environment=False) as premises:
        seen = see("consent", premises)
    assert seen.status is Status.NOT_ASSESSED
    assert "[hipaa] test_environment = true" in seen.reason
    assert running[0].requests == before
