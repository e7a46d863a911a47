"""What was refused for another reason is no pass, and what only looks alike is no proof."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from otherwise import at, says

from clinigate.core.verdict import Status
from clinigate.hipaa.probes.accounts.guessing import in_base64
from clinigate.hipaa.probes.accounts.roles import names_each

AtClean = Callable[..., Any]


@pytest.mark.parametrize("name", ["idle_logoff", "termination"])
def test_a_refresh_that_never_works_shows_nothing(name: str, at_clean: AtClean, see: Any) -> None:
    with at_clean(answer=at("POST", "/session/refresh", says(422))) as premises:
        seen = see(name, premises)
    assert (seen.status, seen.findings) == (Status.INCONCLUSIVE, []), seen.reason
    assert "while a session is open it is answered 422" in seen.reason


def test_a_list_of_alerts_that_is_refused_is_an_error(at_clean: AtClean, see: Any) -> None:
    alerts = {"path": "/v1/alerts-of-nobody", "method": "GET", "answer": "alerts"}
    emergency = {"alerts_file": None, "alerts": alerts}
    with at_clean(accounts={"emergency": emergency}) as premises:
        seen = see("break_glass", premises)
    assert (seen.status, seen.findings) == (Status.ERROR, [])
    assert "mend [hipaa.accounts.emergency] alerts" in seen.reason


@given(st.text("abcXYZ019-_", min_size=12, max_size=40), st.binary(max_size=9), st.binary())
def test_a_password_is_known_in_base64_wherever_it_stands(
    password: str, before: bytes, behind: bytes
) -> None:
    said = base64.b64encode(before + password.encode() + behind)
    assert any(each in said for each in in_base64(password))


def test_a_role_is_not_told_by_a_longer_name() -> None:
    assert names_each({"old": "user", "new": "user-limited"}, "user", "user-limited")
    assert not names_each({"new": "user-limited"}, "user", "user-limited")
    assert not names_each({"old": "user"}, "user", "user-limited")
