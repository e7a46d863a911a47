"""Who is let in: by this machine, by a token, by a proxy's word; and by nothing that is made up."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.config.portal import PortalTable
from clinigate.errors import UsageError
from clinigate.portal.access import Access, Sessions, access_of

TOKEN = "7f3a9c5e1b8d2046fa71c3e95d80b26417ce"
NOW = datetime(2026, 8, 21, 10, 0, tzinfo=UTC)
TOKENS = st.text(string.ascii_letters + string.digits, min_size=0, max_size=60)


def given_token(token: str) -> Access:
    return access_of(PortalTable(), "127.0.0.1", {"CLINIGATE_PORTAL_TOKEN": token})


@given(TOKENS)
def test_a_token_is_long_and_mixed_or_refused(token: str) -> None:
    strong = len(token) >= 32 and len(set(token)) >= 10
    if not token:
        assert given_token(token).token is None
    elif strong:
        assert given_token(token).knows(token)
        assert not given_token(token).knows(token + "x")
        assert token not in repr(given_token(token))
    else:
        with pytest.raises(UsageError) as told:
            given_token(token)
        assert token not in str(told.value) or len(token) < 4


@given(st.text(max_size=80))
def test_no_made_up_cookie_counts(cookie: str) -> None:
    assert not Sessions(timedelta(hours=8)).counts(cookie, NOW)


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_changed_cookie_counts_no_more(place: int, char: str) -> None:
    sessions = Sessions(timedelta(hours=8))
    cookie = sessions.begin(NOW)
    at = place % len(cookie)
    changed = cookie[:at] + char + cookie[at + 1 :]
    assert sessions.counts(changed, NOW) == (changed == cookie)


def test_a_cookie_ends_and_dies_with_the_process() -> None:
    sessions = Sessions(timedelta(hours=8))
    cookie = sessions.begin(NOW)
    assert sessions.counts(cookie, NOW + timedelta(hours=7, minutes=59))
    assert not sessions.counts(cookie, NOW + timedelta(hours=8))
    assert not Sessions(timedelta(hours=8)).counts(cookie, NOW)


@given(st.ip_addresses())
def test_a_proxy_is_who_is_listed(address: object) -> None:
    table = PortalTable(user_header="X-Auth-User", trusted_proxies=["10.0.0.0/8", "fd00::/8"])
    access = access_of(table, "127.0.0.1", {})
    text = str(address)
    listed = text.startswith("10.") or (":" in text and text.startswith("fd"))
    assert access.believes(text) == listed


def test_a_mapped_address_is_the_one_that_it_maps() -> None:
    table = PortalTable(user_header="X-Auth-User", trusted_proxies=["10.0.0.5"])
    access = access_of(table, "127.0.0.1", {})
    assert access.believes("::ffff:10.0.0.5")
    assert not access.believes("::ffff:10.0.0.6")
    assert not access.believes("no address")
    assert not access.believes("")


@pytest.mark.parametrize(
    ("host", "hosts"),
    [
        ("127.0.0.1", {"127.0.0.1", "localhost", "[::1]"}),
        ("::1", {"127.0.0.1", "localhost", "[::1]"}),
        ("192.0.2.7", {"192.0.2.7"}),
        ("2001:db8::7", {"[2001:db8::7]"}),
    ],
)
def test_it_answers_to_its_own_names(host: str, hosts: set[str]) -> None:
    table = PortalTable(tls_in_front=True)
    assert access_of(table, host, {"CLINIGATE_PORTAL_TOKEN": TOKEN}).hosts == hosts


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_no_other_machine_is_let_in_without_a_key(host: str) -> None:
    with pytest.raises(UsageError, match="reached from other machines"):
        access_of(PortalTable(hosts=["portal.example"], tls_in_front=True), host, {})


def test_by_tls_the_cookie_goes_by_tls_alone() -> None:
    table = PortalTable(tls_in_front=True, hosts=["portal.example"])
    far = access_of(table, "192.0.2.7", {"CLINIGATE_PORTAL_TOKEN": TOKEN})
    assert far.secure
    assert not given_token(TOKEN).secure


def test_two_ways_in_are_refused() -> None:
    table = PortalTable(user_header="X-Auth-User", trusted_proxies=["10.0.0.5"])
    with pytest.raises(UsageError, match="both set"):
        access_of(table, "127.0.0.1", {"CLINIGATE_PORTAL_TOKEN": TOKEN})
