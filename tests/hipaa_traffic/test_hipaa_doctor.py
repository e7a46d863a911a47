"""`clinigate doctor` says of each HIPAA probe whether it would run, and if not, what is missing."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.app import run as clinigate
from clinigate.cli.doctor_hipaa import hipaa_readiness
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.hipaa.named import ASKED_FOR, NAMED
from clinigate.hipaa.probes.traffic import DECLARED
from clinigate.hipaa.rehearsal import rehearse
from clinigate.targets.service import Request

ATTESTED = {each.name for each in NAMED.values() if each.attested}
OWN = [each for each in ASKED_FOR if each not in ATTESTED] + [each.name for each in DECLARED]
TARGET = {
    "kind": "http",
    "base_url": "https://service.example",
    "chat": {"path": "/chat", "request": {"m": "{{messages}}"}, "answer": {"text": "t"}},
}
HIPAA = {
    "test_environment": True,
    "stores": ["store"],
    "patients": {
        "create": {"path": "/patients", "body": {}},
        "read": {"path": "/patients/{{patient}}", "method": "GET"},
    },
    "traffic": {
        "notice": {"path": "/notice", "version": "3", "effective": "2026-10-01"},
        "upload": {"path": "/files", "body": {"content": "{{base64}}"}},
        "message": {
            "path": "/messages", "text": "A", "secret_env": "NOBODY_SET_THIS",
            "headers": {"X-Signature": "{{signature}}"},
        },
    },
}  # fmt: skip


def said(folder: Path, **tables: Any) -> dict[str, tuple[bool, str]]:
    config = LoadedConfig(Config.model_validate(tables), folder, "clinigate.toml")
    return {topic: (ready, text) for topic, ready, text in hipaa_readiness(config)}


def test_every_probe_has_its_line(tmp_path: Path) -> None:
    found = said(tmp_path, target=TARGET, hipaa=HIPAA)
    assert {f"hipaa {name}" for name in NAMED} <= set(found)
    assert found["hipaa privacy_notice"] == (True, "will run")
    assert found["hipaa cache_control"] == (True, "will run")
    assert found["hipaa phi_encryption"] == (True, "will run")


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    found = said(tmp_path, target=TARGET, hipaa=HIPAA)
    for name, told in {
        "activity_review": "needs [hipaa.roles], [hipaa.traffic.activity]",
        "phi_in_logs": "name the log files in [hipaa] logs",
        "audit_trail": "[hipaa.audit] file or command",
        "consent": "say how consent is recorded in [hipaa.consent]",
        "bit_flip": "--allow-destructive",
        "security_officer": "nobody attests 164.308(a)(2)",
    }.items():
        ready, text = found[f"hipaa {name}"]
        assert not ready
        assert text.startswith("will be NOT_ASSESSED: ")
        assert told in text
    ready, text = found["hipaa message_integrity"]
    assert (ready, text.startswith("will be ERROR: ")) == (False, True)
    ready, text = found["[hipaa.traffic.message] secret_env"]
    assert not ready
    assert "NOBODY_SET_THIS is not set" in text


def test_a_whole_configuration_lets_every_probe_run(at_clean: Any) -> None:
    """And nobody is asked: the budget would not allow it."""
    safety = {"most_requests": 1, "allow_destructive": True}
    with at_clean(hipaa={"safety": safety}) as premises:
        lacks = {name: rehearse(NAMED[name], premises) for name in OWN}
        assert premises.service.send_as(Request("GET", "/health")).served
    assert lacks == dict.fromkeys(OWN)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"test_environment": False}, "[hipaa] test_environment = true"),
        ({"safety": {"production": True}}, "production = true states that patients are served"),
    ],
)
def test_what_may_not_be_done_is_said(tmp_path: Path, changes: Any, told: str) -> None:
    found = said(tmp_path, target=TARGET, hipaa=HIPAA | changes)
    assert told in found["hipaa cache_control"][1]
    assert found["hipaa privacy_notice"][0]


def test_without_a_service_nothing_is_probed(tmp_path: Path) -> None:
    found = said(tmp_path, hipaa=HIPAA)
    assert "[target] kind = 'http'" in found["hipaa hsts"][1]


def test_without_the_table_one_line_is_enough(tmp_path: Path) -> None:
    found = said(tmp_path, target=TARGET)
    assert list(found) == ["hipaa probes"]
    assert f"{len(NAMED)} probes will be NOT_ASSESSED" in found["hipaa probes"][1]


def test_a_credential_of_the_target_that_is_missing_stops_all(tmp_path: Path) -> None:
    target = {**TARGET, "auth": {"bearer_env": "NOBODY_SET_THIS"}}
    found = said(tmp_path, target=target, hipaa=HIPAA)
    ready, text = found["hipaa probes"]
    assert not ready
    assert text.startswith("none will run: ")
    assert "NOBODY_SET_THIS" in text


def test_sslyze_that_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    ready, text = said(tmp_path, target=TARGET, hipaa=HIPAA)["hipaa tls_ciphers"]
    assert not ready
    assert "pipx install 'sslyze>=6.3,<7'" in text


def test_the_command_shows_them_and_asks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0)
        (tmp_path / "clinigate.toml").write_text(
            f'[target]\nkind = "http"\nbase_url = "http://127.0.0.1:{listener.getsockname()[1]}"\n'
            '[target.chat]\npath = "/chat"\nrequest = { m = "{{messages}}" }\n'
            'answer = { text = "t" }\n[hipaa]\ntest_environment = true\nlogs = ["a.log"]\n'
        )
        (tmp_path / "a.log").touch()
        monkeypatch.chdir(tmp_path)
        for name in ("CLINIGATE_RUN", "CLINIGATE_KEY", "CLINIGATE_CONFIG"):
            monkeypatch.delenv(name, raising=False)
        clinigate(["doctor", "--offline"])
        with pytest.raises(BlockingIOError):
            listener.accept()
    out = capsys.readouterr().out
    (line,) = (line for line in out.splitlines() if " hipaa phi_in_logs " in line)
    assert line.startswith("ok ")
    (line,) = (line for line in out.splitlines() if " hipaa cache_control " in line)
    assert line.startswith("note ")
