"""`clinigate doctor` says what is ready and what is not, before anybody waits for a run."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.cli.exposure import exposures
from clinigate.config.model import Config
from clinigate.reference.launch import running

Write = Callable[..., Path]


def test_a_configured_service_is_ready(cli: Callable[..., Any], service_config: Write) -> None:
    service_config()
    said = cli("doctor")
    assert (said.code, said.err) == (ExitCode.OK, "")
    assert "reference service (calibrator), reachable" in said.out
    (line,) = (line for line in said.out.splitlines() if "CG-CLIN-CRISIS-001" in line)
    assert line.split() == ["ok", "CG-CLIN-CRISIS-001", "will", "run"]
    assert said.out.endswith("\nready\n")


def test_what_is_not_offered_is_not_assessed(
    cli: Callable[..., Any], service_config: Write
) -> None:
    """No problem, and said before the run rather than after it."""
    service_config(lambda target: target.pop("emotion"))
    said = cli("doctor")
    assert said.code == ExitCode.OK
    (line,) = (line for line in said.out.splitlines() if "CG-CLIN-EMOTION-001" in line)
    assert "will be NOT_ASSESSED: the target offers no emotion" in line


def wrong_path(target: dict[str, Any]) -> None:
    target["crisis"]["answer"]["flag"] = "result.crisis"


def wrong_address(target: dict[str, Any]) -> None:
    target["chat"]["path"] = "/v2/chat"


def nobody_there(target: dict[str, Any]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        target["base_url"] = f"https://127.0.0.1:{probe.getsockname()[1]}"


def no_authority(target: dict[str, Any]) -> None:
    del target["tls"]


def missing_variable(target: dict[str, Any]) -> None:
    target["auth"] = {"bearer_env": "NOBODY_SET_THIS"}


TROUBLES = {
    "wrong response path": (wrong_path, ["crisis", "'result.crisis'"]),
    "wrong address": (wrong_address, ["chat", "404"]),
    "unreachable service": (nobody_there, ["127.0.0.1"]),
    "unknown authority": (no_authority, ["certificate"]),
    "missing variable": (missing_variable, ["NOBODY_SET_THIS"]),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_service_that_cannot_be_used_is_a_problem(
    cli: Callable[..., Any], service_config: Write, name: str
) -> None:
    """One sentence that says what is wrong where, and the exit code of a thing not in order."""
    change, expected = TROUBLES[name]
    service_config(change)
    said = cli("doctor")
    assert said.code == ExitCode.NOT_PASSED
    assert said.sentence.startswith("not ready: target: ")
    for text in expected:
        assert text in said.sentence


@pytest.mark.parametrize("name", ["wrong response path", "unreachable service"])
def test_a_case_cannot_be_replayed_on_it(
    cli: Callable[..., Any], service_config: Write, name: str
) -> None:
    """What was sent is shown all the same, and the exit code says that it is unfinished."""
    service_config(TROUBLES[name][0])
    case = cli("repro", "--offline", first_case()).out
    said = cli("repro", first_case())
    assert said.code == ExitCode.UNFINISHED
    assert "no usable answer to crisis" in said.sentence
    assert said.out.startswith(case)


def first_case() -> str:
    from clinigate.clinical import draw
    from clinigate.core.plan import Plan, Profile

    return draw.detection(Plan(profile=Profile.PR))[0].id


def test_an_expired_token_is_told(
    cli: Callable[..., Any], service_config: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the name of its variable, never by its value."""
    with running(token_lifetime_s=0.0) as connection:

        def expired(target: dict[str, Any]) -> None:
            target["base_url"] = connection.base_url
            target["tls"] = {"ca_file": str(connection.ca_file)}
            target["auth"] = {"bearer_env": "SERVICE_TOKEN"}

        token = connection.token()
        monkeypatch.setenv("SERVICE_TOKEN", token)
        service_config(expired)
        said = cli("doctor")
    assert said.code == ExitCode.NOT_PASSED
    assert "401" in said.sentence
    assert "SERVICE_TOKEN" in said.sentence
    assert token not in said.out + said.err


def test_offline_asks_nobody(cli: Callable[..., Any], service_config: Write) -> None:
    service_config(nobody_there)
    said = cli("doctor", "--offline")
    assert said.code == ExitCode.OK
    assert "reachable" not in said.out


def test_without_a_target_there_is_nothing_to_evaluate(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = cli("doctor")
    assert said.code == ExitCode.NOT_PASSED
    assert "no clinigate.toml here or above: no [target]; `clinigate init`" in said.sentence


def test_the_key_is_looked_at_without_asking_for_a_passphrase(
    cli: Callable[..., Any], project: Callable[..., Any], shared: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    mine = project()
    assert "file:ci.key (encrypted; the passphrase was not tried)" in cli("doctor").out
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", shared.PASSPHRASE)
    assert f"key {mine.signer.keyid}" in cli("doctor").out
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", "another")
    assert "ci.key" in cli("doctor").sentence
    (mine.folder / "ci.key").chmod(0o640)
    assert "mode 0640 lets others read the key" in cli("doctor").sentence


def test_a_key_that_is_not_set_is_named(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    """No problem on a developer's machine; the runs say UNSIGNED wherever they are shown."""
    project().edit("file:ci.key", "env:TEAM_KEY")
    said = cli("doctor")
    assert said.code == ExitCode.OK
    assert "env:TEAM_KEY is not set: runs are UNSIGNED" in said.out


def spec(url: str, **fields: Any) -> Any:
    section = {"path": "/chat", "request": {"m": "{{messages}}"}, "answer": {"text": "text"}}
    table = {"kind": "http", "base_url": url, "chat": section, **fields}
    return Config.model_validate({"target": table}).target


OAUTH2 = {"client_id_env": "ID", "client_secret_env": "SECRET"}
BEARER = {"bearer_env": "TOKEN"}

EXPOSED = {
    "nobody verified": ("https://a.example", {"tls": {"verify": False}}, "can pose as the service"),
    "bearer": ("http://a.example", {"auth": BEARER}, "a.example is sent credentials unencrypted"),
    "header": (
        "http://10.0.0.7:8000",
        {"auth": {"headers": {"X-Api-Key": {"env": "KEY"}}}},
        "10.0.0.7 is sent credentials unencrypted",
    ),
    "quota": (
        "http://a.example",
        {"limits": {"evaluator_header": {"name": "X-Quota", "value": {"env": "QUOTA"}}}},
        "a.example is sent credentials unencrypted",
    ),
    "secret": (
        "https://a.example",
        {"auth": {"oauth2": {**OAUTH2, "token_url": "http://login.example/token"}}},
        "login.example is sent a client secret unencrypted",
    ),
}


@pytest.mark.parametrize("name", EXPOSED)
def test_what_the_network_could_read_or_pretend_is_said(name: str) -> None:
    url, fields, expected = EXPOSED[name]
    (sentence,) = exposures(spec(url, **fields))
    assert expected in sentence


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("https://a.example", {"auth": BEARER}),
        ("http://127.0.0.1:8000", {"auth": BEARER}),
        ("http://[::1]:8000", {"auth": BEARER}),
        ("http://localhost:8000", {"auth": {"oauth2": {**OAUTH2, "token_url": "/token"}}}),
        ("http://a.example", {}),
        ("http://a.example", {"auth": {"headers": {"X-Client": "clinigate"}}}),
    ],
)
def test_what_nobody_can_read_needs_no_warning(url: str, fields: dict[str, Any]) -> None:
    assert not list(exposures(spec(url, **fields)))


def test_a_target_of_this_process_is_exposed_to_nobody() -> None:
    table = {"kind": "python", "function": "a:b"}
    target = Config.model_validate({"target": table}).target
    assert target is not None
    assert not list(exposures(target))


def test_an_exposure_is_a_warning_and_no_problem(
    cli: Callable[..., Any], service_config: Write
) -> None:
    def trusting(target: dict[str, Any]) -> None:
        target["tls"] = {"verify": False}

    service_config(trusting)
    said = cli("doctor")
    assert said.code == ExitCode.OK
    (line,) = (line for line in said.out.splitlines() if line.startswith("warning"))
    assert "verify = false" in line
