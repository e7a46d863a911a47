"""What the probes of accounts are made of: digests are judged, spellings and codes are made."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from clinigate.config.hipaa_accounts import AccountsTable
from clinigate.errors import ConfigError
from clinigate.hipaa.probes.accounts.names import spellings
from clinigate.hipaa.probes.accounts.second_factor import wrong_code
from clinigate.hipaa.probes.accounts.strength import weakness
from clinigate.hipaa.probes.accounts.synthetic import Account
from clinigate.reference.care.passwords import (
    digest_of,
    fast_digest_of,
    is_password,
    weakness_of,
)
from clinigate.reference.care.people import folded

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    "digest",
    [
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
        "$argon2id$v=19$m=7168,t=5,p=1$c2FsdA$aGFzaA",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA",
        "{bcrypt}$2a$10$c2FsdA",
        "bcrypt_sha256$$2b$12$c2FsdA",
        "$scrypt$ln=17,r=8,p=1$c2FsdA$aGFzaA",
        "$scrypt$ln=14,r=8,p=5$c2FsdA$aGFzaA",
        "scrypt:131072:8:1$c2FsdA$aGFzaA",
        "pbkdf2_sha256$600000$salt$aGFzaA",
        "pbkdf2:sha256:1000000$salt$aGFzaA",
        "$pbkdf2-sha512$210000$c2FsdA$aGFzaA",
        "$pbkdf2-sha256$i=600000,l=32$c2FsdA$aGFzaA",
    ],
)
def test_a_slow_digest_is_sound(digest: str) -> None:
    assert weakness(digest) is None


@pytest.mark.parametrize(
    ("digest", "told"),
    [
        ("$argon2i$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "Argon2i in place of Argon2id"),
        ("$argon2id$v=19$m=4096,t=3,p=1$c2FsdA$aGFzaA", "4096 KiB and 3 passes"),
        ("$2b$08$c2FsdA", "bcrypt with cost 8"),
        ("$scrypt$ln=14,r=8,p=1$c2FsdA$aGFzaA", "N 16384, r 8 and p 1"),
        ("pbkdf2_sha256$100000$salt$aGFzaA", "100000 rounds, fewer than 600000"),
        ("$pbkdf2$131000$c2FsdA$aGFzaA", "131000 rounds, fewer than 1300000"),
        ("5f4dcc3b5aa765d61d8327deb882cf99", "none of"),
        ("$6$rounds=5000$salt$hash", "none of"),
        ("{noop}letters", "none of"),
        ("", "none of"),
    ],
)
def test_a_fast_digest_is_told_without_its_value(digest: str, told: str) -> None:
    found = weakness(digest)
    assert found is not None
    assert told in found
    assert not digest or digest not in found


@given(st.text(max_size=60))
def test_whatever_lies_there_is_judged(digest: str) -> None:
    assert weakness(digest) is None or isinstance(weakness(digest), str)


@given(kib=st.integers(1, 2**20), passes=st.integers(1, 10), more=st.integers(0, 2**20))
def test_more_work_is_never_weaker(kib: int, passes: int, more: int) -> None:
    def of(memory: int) -> str | None:
        return weakness(f"$argon2id$v=19$m={memory},t={passes},p=1$c2FsdA$aGFzaA")

    assert of(kib) is not None or of(kib + more) is None


@given(st.from_regex(r"[a-z][a-z0-9.-]{1,30}", fullmatch=True))
def test_spellings_are_one_login_to_who_folds(login: str) -> None:
    found = spellings(login)
    assert found["the same login"] == login
    assert {folded(each) for each in found.values()} == {folded(login)}
    assert len(set(found.values())) == len(found)


def test_a_code_is_that_of_rfc_6238() -> None:
    account = Account("a", "b", secret=SECRET)
    counter = int(time.time()) // 30
    near = {_hotp(counter + each) for each in (-1, 0, 1)}
    assert account.code() in near
    assert Account("a", "b").code() == ""
    with pytest.raises(ConfigError, match="no secret in base 32"):
        Account("a", "b", secret="0189").code()


def test_a_wrong_code_is_wrong_for_minutes() -> None:
    account = Account("a", "b", secret=SECRET)
    counter = int(time.time()) // 30
    assert wrong_code(account) not in {_hotp(counter + each) for each in (-1, 0, 1)}


def _hotp(counter: int) -> str:
    mac = hmac.digest(b"12345678901234567890", counter.to_bytes(8), hashlib.sha1)
    at = mac[-1] & 15
    return f"{(int.from_bytes(mac[at : at + 4]) & 0x7FFFFFFF) % 10**6:06}"


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_password_of_the_fast_digest_is_known_again(one: str, other: str) -> None:
    assert is_password(one, fast_digest_of(one))
    assert is_password(other, fast_digest_of(one)) == (one == other)


def test_a_password_of_the_slow_digest_is_known_again() -> None:
    kept = digest_of("a password")
    assert is_password("a password", kept)
    assert not is_password("another", kept)
    assert weakness(kept) is None
    assert kept != digest_of("a password")


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("short", "fewer than 12"),
        ("Password1234", "everybody tries"),
        ("aaaaaaaaaaaaaaaa", "everybody tries"),
        ("this-is-ann-north", "holds the login"),
    ],
)
def test_a_weak_password_is_told(password: str, told: str) -> None:
    assert told in (weakness_of(password, "ann") or "")
    assert weakness_of("correct horse battery", "ann") is None


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"digests": {"query": "SELECT 1"}}, "one of file and dsn_env"),
        ({"digests": {"query": "SELECT 1", "file": "a", "dsn_env": "B"}}, "one of file and"),
        ({"emergency": {"begin": {"path": "/e"}}}, "begin is given without role"),
        (
            {
                "emergency": {
                    "begin": {"path": "/e", "role": "r"},
                    "alerts": {"path": "/a"},
                    "alerts_file": "f",
                }
            },
            "one of alerts and alerts_file",
        ),
        ({"passwords": {"reset": {"path": "/r"}}}, "both of begin_reset and reset"),
        ({"passwords": {"weak": []}}, "at least 1 item"),
        ({"locked_after": 0}, "greater than or equal to 1"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(table: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        AccountsTable.model_validate(table)
