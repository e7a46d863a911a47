"""What hangs, breaks, points elsewhere or is not there is told, and never a pass."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from troubled import serving, troubled_service

from clinigate.config.hipaa import AuditTable, HipaaTable
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.core.verdict import Status
from clinigate.errors import ConfigError
from clinigate.hipaa.premises import Premises, opened
from clinigate.hipaa.rows import Rows

TODAY = date(2026, 11, 22)
ASKED = (
    "access_control",
    "authentication",
    "cache_control",
    "malware_upload",
    "message_integrity",
    "activity_review",
    "privacy_notice",
)

At = Callable[..., Any]


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with troubled_service() as found:
        yield found


@pytest.fixture
def at(running: Any, tmp_path: Path) -> Iterator[At]:
    """Opens premises of the small service, in trouble."""
    service, base_url = running

    @contextmanager
    def premises(trouble: str = "", *, clock_off_s: float = 0.0, **more: Any) -> Iterator[Premises]:
        service.trouble, service.clock_off_s = trouble, clock_off_s
        tables = service.tables(base_url)
        tables["target"] |= more.get("target", {})
        tables["hipaa"] |= more.get("hipaa", {})
        config = LoadedConfig(Config.model_validate(tables), tmp_path, "clinigate.toml")
        environ = {**service.environment(), **more.get("environ", {})}
        with opened(config, today=TODAY, environ=environ) as found:
            yield found

    yield premises
    service.trouble, service.clock_off_s = "", 0.0


@pytest.mark.parametrize("trouble", ["hang", "redirect", "stream", "fail"])
@pytest.mark.parametrize("name", ASKED)
def test_a_service_in_trouble_never_passes(name: str, trouble: str, at: At, see: Any) -> None:
    with at(trouble) as premises:
        seen = see(name, premises)
    if (name, trouble) == ("authentication", "stream"):
        # Whoever begins to answer a stranger has let them in, whether or not it ends.
        assert seen.status is Status.FAIL
        return
    assert (seen.status, seen.findings) == (Status.ERROR, []), seen.reason
    told = {"hang": "within 0.2 s", "redirect": "302", "stream": "", "fail": "500"}[trouble]
    assert told in seen.reason


def test_a_notice_without_an_end_is_no_notice(at: At, see: Any) -> None:
    with at("stream") as premises:
        assert "answers without an end" in see("privacy_notice", premises).reason


def test_a_clock_that_is_off_decides_nothing(at: At, see: Any) -> None:
    """Where it is a minute off nobody minds."""
    for off_s, told in ((600.0, "ahead of ours"), (-600.0, "behind ours")):
        with at(clock_off_s=off_s) as premises:
            seen = see("privacy_notice", premises)
        assert seen.status is Status.ERROR
        assert told in seen.reason
        assert "time server" in seen.reason
    with at(clock_off_s=600.0) as premises:
        see("privacy_notice", premises)
        assert "clock" not in see("security_officer", premises).reason
    with at(clock_off_s=60.0) as premises:
        assert see("privacy_notice", premises).status is Status.PASS


def test_nobody_there_is_told(at: At, see: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        target = {"base_url": f"http://127.0.0.1:{taken.getsockname()[1]}"}
        with at(target=target) as premises:
            seen = see("privacy_notice", premises)
    assert seen.status is Status.ERROR
    assert "connection refused; start it or mend [target] base_url" in seen.reason


def test_a_certificate_of_nobody_is_told(at_clean: At, see: Any) -> None:
    with at_clean(target={"tls": None}) as premises:
        seen = {name: see(name, premises) for name in ("privacy_notice", "hsts", "cache_control")}
    for each in seen.values():
        assert each.status is Status.ERROR
        assert "a certificate that is not trusted" in each.reason
        assert "[target.tls] ca_file" in each.reason


@pytest.mark.parametrize(
    ("name", "variable", "field"),
    [
        ("activity_review", "READER", "[hipaa.roles.reader] password_env"),
        ("message_integrity", "SIGNS", "[hipaa.traffic.message] secret_env"),
    ],
)
def test_credentials_that_are_missing_are_named(
    name: str, variable: str, field: str, at: At, see: Any
) -> None:
    with at(environ={variable: ""}) as premises:
        environ = {key: text for key, text in premises.environ.items() if key != variable}
        seen = see(name, replace(premises, environ=environ))
    assert seen.status is Status.ERROR
    assert variable in seen.reason
    assert field in seen.reason


def test_a_secret_that_is_written_otherwise_is_named(at: At, see: Any) -> None:
    message = {
        "path": "/messages", "text": "A", "secret_env": "SIGNS", "written_as": "hex",
        "headers": {"X-Signature": "{{signature}}"},
    }  # fmt: skip
    with at(hipaa={"traffic": {"message": message}}) as premises:
        seen = see("message_integrity", premises)
    assert seen.status is Status.ERROR
    assert "SIGNS holds no hex" in seen.reason
    assert "a secret" not in seen.reason.replace("its secret", "")


def test_a_role_that_nobody_knows_is_named(at: At, see: Any) -> None:
    activity = {"role": "nobody", "charts": 2, "alerts": {"path": "/alerts"}}
    with at(hipaa={"traffic": {"activity": activity}}) as premises:
        seen = see("activity_review", premises)
    assert seen.status is Status.ERROR
    assert "[hipaa.roles.nobody]" in seen.reason


def test_a_database_that_is_not_there_is_told(at: At, see: Any) -> None:
    pytest.importorskip("psycopg")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        dsn = f"postgresql://x@127.0.0.1:{taken.getsockname()[1]}/x"
        with at(hipaa={"store_dsn_env": "DSN"}, environ={"DSN": dsn}) as premises:
            seen = see("phi_encryption", premises)
    assert seen.status is Status.ERROR
    assert "[hipaa] store_dsn_env: the server cannot be asked" in seen.reason


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    """The rows of a log that has one already."""
    (tmp_path / "audit.jsonl").write_text('{"n": 0}\n')
    table = HipaaTable(audit=AuditTable(file="audit.jsonl"))
    return Rows(Premises(table, tmp_path, None, {}, TODAY))


def write(path: Path, *numbers: int) -> None:
    with path.open("a") as file:
        file.writelines(f'{{"n": {number}}}\n' for number in numbers)


def numbers(rows: Rows) -> list[Any]:
    return [row["n"] for row in rows.new()]


def test_a_log_that_is_renamed_loses_no_row(rows: Rows, tmp_path: Path) -> None:
    """Nor does it while there is no new one yet."""
    log, old = tmp_path / "audit.jsonl", tmp_path / "audit.jsonl.1"
    write(log, 1)
    assert numbers(rows) == [1]
    write(log, 2)
    log.rename(old)
    assert numbers(rows) == [2]
    write(old, 3)
    write(log, 4)
    assert numbers(rows) == [3, 4]
    write(log, 5)
    assert numbers(rows) == [5]


def test_a_log_that_was_cut_or_replaced_says_nothing(rows: Rows, tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    write(log, 1, 2)
    assert numbers(rows) == [1, 2]
    os.truncate(log, 0)
    with pytest.raises(ConfigError, match="was rotated while it was read"):
        rows.new()


def test_a_log_that_went_away_says_nothing(rows: Rows, tmp_path: Path) -> None:
    """As where the old file is packed and removed."""
    log = tmp_path / "audit.jsonl"
    other = tmp_path / "new.jsonl"
    write(other, 1)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.move(log, elsewhere / "old.jsonl")
    other.rename(log)
    with pytest.raises(ConfigError, match=r"let \[hipaa.audit\] command print all rows"):
        rows.new()


class Logging:
    """A service that logs what is said to it, and rotates its log on the way, if at all."""

    def __init__(self, folder: Path, how: str) -> None:
        self.folder = folder
        self.how = how
        self.log = folder / "service.log"
        self.log.write_text("begun, with a first line that is longer than what comes\n" * 99)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.how == "renamed":
            self.log.rename(self.folder / "service.log.1")
        if self.how == "cut":
            os.truncate(self.log, 0)
        self.how = ""
        with self.log.open("a") as file:
            file.write("asked\n")
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"said": "Good."}'})


@pytest.mark.parametrize(
    ("how", "logs", "status"),
    [
        ("", "service.log", Status.PASS),
        ("renamed", "service.log", Status.INCONCLUSIVE),
        ("renamed", ".", Status.PASS),
        ("cut", ".", Status.INCONCLUSIVE),
    ],
)
def test_a_log_that_is_rotated_while_patients_speak_is_no_pass(
    how: str, logs: str, status: Status, tmp_path: Path, see: Any
) -> None:
    """Unless its old part is looked at too."""
    chat = {"path": "/chat", "request": {"m": "{{messages}}"}, "answer": {"text": "said"}}
    with serving(Logging(tmp_path, how)) as base_url:
        target = {"kind": "http", "base_url": base_url, "chat": chat}
        tables = {
            "target": target,
            "hipaa": {"test_environment": True, "logs": [logs], "patience_s": 0.1},
        }
        config = LoadedConfig(Config.model_validate(tables), tmp_path, "clinigate.toml")
        with opened(config, today=TODAY, environ={}) as premises:
            seen = see("phi_in_logs", premises)
    assert seen.status is status, seen.reason
    assert ("was rotated while patients spoke" in seen.reason) == (status is not Status.PASS)
