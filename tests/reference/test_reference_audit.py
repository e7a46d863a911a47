"""The audit log: every access has a line before its answer, and an edit is found."""

from __future__ import annotations

import json
import resource
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.errors import EvidenceError, IntegrityError
from clinigate.reference.records.audit import GENESIS, AuditEvent, AuditLog, Chain, verify_chain

CANARY = "canary-5512 I keep thinking about killing myself"


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path: Path, *actions: str) -> Chain:
    log = AuditLog(path, clock=lambda: 1_700_000_000.0)
    for action in actions:
        log.append(AuditEvent("client", action, "ok"))
    log.close()
    return log.chain


def test_each_access_leaves_one_line_without_a_word_of_the_conversation(
    app: Any, caller: Any
) -> None:
    chat = caller.ask("/v1/chat/completions", CANARY).json()
    caller.ask("/v1/crisis", CANARY)
    caller.ask("/v1/emotion", CANARY)
    path = app.service.audit.path
    written = rows(path)
    assert [row["action"] for row in written] == [
        "chat.complete",
        "crisis.escalate",
        "crisis.assess",
        "emotion.read",
    ]
    assert written[0]["resource"] == chat["id"]
    assert {row["actor"] for row in written} == {app.credentials["evaluator"].client_id}
    assert "canary" not in path.read_text()
    assert verify_chain(path) == app.service.audit.chain
    assert app.service.audit.chain.length == 4


def test_refused_access_is_on_record(app: Any, anyone: Any, as_client: Any) -> None:
    anyone.ask("/v1/crisis", "hello")
    as_client(app, "emotion").ask("/v1/crisis", "hello")
    anyone.post("/oauth/token", data={"grant_type": "client_credentials"})
    written = rows(app.service.audit.path)
    assert [(row["action"], row["resource"], row["outcome"]) for row in written] == [
        ("access.refused", "/v1/crisis", "missing_token"),
        ("access.refused", "/v1/crisis", "insufficient_scope"),
        ("access.refused", "/oauth/token", "invalid_client"),
    ]
    assert written[1]["actor"] == app.credentials["evaluator"].client_id


def test_a_token_is_on_record(app: Any, anyone: Any) -> None:
    held = app.credentials["app"]
    form = {
        "grant_type": "client_credentials",
        "client_id": held.client_id,
        "client_secret": held.client_secret,
    }
    token = anyone.post("/oauth/token", data=form).json()["access_token"]
    (row,) = rows(app.service.audit.path)
    assert (row["action"], row["actor"]) == ("token.issue", held.client_id)
    text = app.service.audit.path.read_text()
    assert token not in text
    assert held.client_secret not in text


def test_what_cannot_be_recorded_is_not_served(app: Any, caller: Any) -> None:
    app.service.audit.close()
    for path in ("/v1/chat/completions", "/v1/crisis", "/v1/emotion"):
        answer = caller.ask(path, "hello")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "records_unavailable")


def test_a_full_disk_is_an_error_and_not_a_gap() -> None:
    log = AuditLog(Path("/dev/full"), clock=lambda: 0.0)
    with pytest.raises(EvidenceError, match="No space left"):
        log.append(AuditEvent("client", "x", "ok"))
    log.close()


def test_a_line_that_the_disk_cuts_short_spoils_no_other(tmp_path: Path) -> None:
    """The limit on the file's size ends in the middle of the second line; then there is space."""
    path = tmp_path / "audit.jsonl"
    log = AuditLog(path, clock=lambda: 0.0)
    log.append(AuditEvent("client", "a", "ok"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 40, limits[1]))
    try:
        with pytest.raises(EvidenceError, match="cut short"):
            log.append(AuditEvent("client", "b", "ok"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    log.append(AuditEvent("client", "c", "ok"))
    log.close()
    assert [row["action"] for row in rows(path)] == ["a", "c"]
    assert verify_chain(path) == log.chain


@pytest.mark.parametrize(
    ("old", "new"), [(b'":', b'": '), (b"client", rb"\u0063lient"), (b"\n", b" \n")]
)
def test_another_spelling_of_the_same_line_is_found(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = tmp_path / "audit.jsonl"
    write(path, "a")
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    with pytest.raises(IntegrityError, match="line 1: the line does not match"):
        verify_chain(path)


def test_a_second_start_goes_on_with_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    first = write(path, "a", "b")
    second = write(path, "c")
    assert (first.length, second.length) == (2, 3)
    assert rows(path)[2]["prev"] == first.head
    assert verify_chain(path, head=second.head) == second


def test_the_file_is_private(tmp_path: Path) -> None:
    write(tmp_path / "audit.jsonl", "a")
    assert (tmp_path / "audit.jsonl").stat().st_mode & 0o077 == 0


def test_an_unusable_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="choose another data directory"):
        AuditLog(tmp_path / "missing" / "audit.jsonl", clock=lambda: 0.0)


def test_a_shortened_log_is_whole_and_found_by_a_head_kept_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    whole = write(path, "a", "b", "c")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]))
    assert verify_chain(path).length == 2
    with pytest.raises(IntegrityError, match="the log ends at"):
        verify_chain(path, head=whole.head)


def test_an_empty_log_is_a_chain_of_nothing(tmp_path: Path) -> None:
    write(tmp_path / "audit.jsonl")
    assert verify_chain(tmp_path / "audit.jsonl") == Chain(0, GENESIS)


@settings(max_examples=60)
@given(data=st.data())
def test_any_changed_byte_is_found_with_its_line(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("chain") / "audit.jsonl"
    write(path, "a", "b", "c")
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=rf"{path.name} line \d"):
        verify_chain(path)


@pytest.mark.parametrize("order", [[0, 2, 1], [0, 2], [1, 2], [0, 0, 1]])
def test_lines_that_are_moved_removed_or_repeated_are_found(
    tmp_path: Path, order: list[int]
) -> None:
    path = tmp_path / "audit.jsonl"
    write(path, "a", "b", "c")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[i] for i in order))
    with pytest.raises(IntegrityError):
        verify_chain(path)
    with pytest.raises(IntegrityError):
        AuditLog(path, clock=lambda: 0.0)
