"""What cannot be tried is told, and is never a pass; what is configured wrongly is an error."""

from __future__ import annotations

import http.server
import json
import re
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from clinigate.config.hipaa import HipaaTable
from clinigate.core.verdict import Status
from clinigate.hipaa import planting
from clinigate.hipaa.checks import transmission
from clinigate.hipaa.interface import operations
from clinigate.hipaa.named import NAMED
from clinigate.hipaa.premises import Premises, ask_program, files_under
from clinigate.hipaa.rows import moment_of

TODAY = date(2026, 11, 22)
PROBED = [name for name, named in NAMED.items() if not named.attested]


@pytest.mark.parametrize("name", PROBED)
def test_without_a_service_nothing_is_shown(
    name: str, tmp_path: Path, see: Callable[..., Any]
) -> None:
    seen = see(name, Premises(HipaaTable(), tmp_path, None, {}, TODAY))
    assert seen.status is Status.NOT_ASSESSED
    assert "[hipaa." in seen.reason or "[target]" in seen.reason


@pytest.mark.parametrize(
    ("name", "hipaa", "status", "told"),
    [
        ("phi_encryption", {"stores": []}, Status.NOT_ASSESSED, "[hipaa] stores"),
        ("phi_encryption", {"stores": ["gone"]}, Status.ERROR, "neither a file nor a folder"),
        ("phi_encryption", {"stores": ["idle"]}, Status.INCONCLUSIVE, "did not change"),
        ("phi_in_logs", {"logs": []}, Status.NOT_ASSESSED, "[hipaa] logs"),
        ("phi_in_logs", {"logs": ["idle"]}, Status.INCONCLUSIVE, "nothing was written"),
        ("audit_trail", {"audit": {}}, Status.NOT_ASSESSED, "[hipaa.audit] file or command"),
        ("audit_trail", {"audit": {"file": "gone"}}, Status.ERROR, "[hipaa.audit] file"),
        (
            "audit_trail",
            {"audit": {"file": "idle"}, "patience_s": 0.01},
            Status.FAIL,
            "9 findings",
        ),
        ("integrity_controls", {"integrity": {}, "audit": {}}, Status.NOT_ASSESSED, "verifiers"),
        ("authentication", {"expired_token_env": None}, Status.INCONCLUSIVE, "expired token"),
        ("authentication", {"expired_token_env": "GONE"}, Status.ERROR, "GONE is not set"),
        ("consent", {"consent": None}, Status.NOT_ASSESSED, "[hipaa.consent]"),
        ("access_control", {"openapi": "/nowhere"}, Status.ERROR, "answers 404"),
        ("access_control", {"openapi": "idle"}, Status.ERROR, "is no OpenAPI document"),
    ],
)
def test_what_is_missing_is_named(
    name: str,
    hipaa: dict[str, Any],
    status: Status,
    told: str,
    at_clean: Callable[..., Any],
    see: Callable[..., Any],
    tmp_path: Path,
) -> None:
    (tmp_path / "idle").write_text("")
    with at_clean(hipaa=hipaa) as premises:
        seen = see(name, premises)
    assert seen.status is status, seen.reason
    assert told in seen.reason


@pytest.mark.parametrize(
    ("verify", "told"),
    [
        (["false", "{copy}"], "its own verifier refuses the audit log as it is"),
        (["true", "{copy}"], "a bit flipped at 1/4 of its length is not noticed"),
    ],
)
def test_a_verifier_that_always_says_the_same_is_found_out(
    verify: list[str],
    told: str,
    at_clean: Callable[..., Any],
    see: Callable[..., Any],
) -> None:
    with at_clean() as premises:
        table = premises.table
        audit = table.audit.model_copy(update={"verify": verify})
        changed = table.model_copy(update={"audit": audit})
        seen = see("integrity_controls", replace(premises, table=changed, ask_verifier=ask_program))
    assert seen.status is Status.FAIL
    assert told in [message for _, message in seen.findings]


def test_a_verifier_that_is_not_there_is_an_error(
    at_clean: Callable[..., Any], see: Callable[..., Any]
) -> None:
    with at_clean() as premises:
        audit = premises.table.audit.model_copy(update={"verify": ["no-such-verifier", "{copy}"]})
        changed = premises.table.model_copy(update={"audit": audit})
        seen = see("audit_trail", replace(premises, table=changed, ask_verifier=ask_program))
    assert seen.status is Status.ERROR
    assert "no program 'no-such-verifier'" in seen.reason


def test_plain_http_and_a_stranger_s_certificate_are_found(
    at_clean: Callable[..., Any], see: Callable[..., Any], tmp_path: Path
) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    plain = f"http://127.0.0.1:{server.server_port}"
    try:
        with at_clean(hipaa={"transmission": {"plain": [plain]}}) as premises:
            seen = see("transmission_security", premises)
    finally:
        server.shutdown()
        server.server_close()
    assert seen.findings == [(plain, "answers 200 over plain HTTP")]
    with at_clean(tls={}) as premises:
        seen = see("transmission_security", premises)
    assert [message for _, message in seen.findings] == [
        "its certificate is not trusted: unable to get local issuer certificate"
    ]


class _FrontPageOnly(http.server.BaseHTTPRequestHandler):
    """Sends the front page to HTTPS, and serves or forbids the rest in clear."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(301 if self.path == "/" else self.status)
        self.send_header("Location", "https://therapy.example/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        (200, Status.FAIL, "answers 200 over plain HTTP"),
        (401, Status.FAIL, "answers 401 over plain HTTP"),
        (403, Status.INCONCLUSIVE, "answers 403 over plain HTTP, maybe for who asks"),
    ],
)
def test_a_front_page_that_redirects_hides_nothing_behind_it(
    code: int, status: Status, told: str, at_clean: Callable[..., Any], see: Callable[..., Any]
) -> None:
    handler = type("Handler", (_FrontPageOnly,), {"status": code})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        plain = [f"http://127.0.0.1:{server.server_port}"]
        with at_clean(hipaa={"transmission": {"plain": plain}}) as premises:
            seen = see("transmission_security", premises)
    finally:
        server.shutdown()
        server.server_close()
    assert seen.status is status
    assert told in f"{seen.reason} {seen.findings}"


def test_an_address_that_cannot_be_asked_is_no_pass(
    at_clean: Callable[..., Any], see: Callable[..., Any]
) -> None:
    with at_clean(hipaa={"transmission": {"plain": ["http://nowhere.invalid:80"]}}) as premises:
        seen = see("transmission_security", premises)
    assert seen.status is Status.INCONCLUSIVE
    assert "http://nowhere.invalid:80: it cannot be reached" in seen.reason


def test_an_openssl_that_speaks_no_old_version_shows_nothing_of_the_service(
    at_clean: Callable[..., Any], see: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(_place: Any, context: ssl.SSLContext) -> str:
        if context.verify_mode is ssl.CERT_NONE:
            error = ssl.SSLError("no protocols available")
            error.reason = "NO_PROTOCOLS_AVAILABLE"
            raise error
        return "TLSv1.3"

    monkeypatch.setattr(transmission, "_version", version)
    with at_clean() as premises:
        seen = see("transmission_security", premises)
    assert seen.status is Status.INCONCLUSIVE
    assert "this OpenSSL refuses to be one" in seen.reason


@pytest.mark.parametrize(
    ("kept", "key", "unit", "status"),
    [
        ("days = 6", "days", "days", Status.FAIL),
        ("days = 2191", "days", "days", Status.FAIL),
        ("days = 2192", "days", "days", Status.PASS),
        ("retention = 6", "retention", "years", Status.PASS),
        ("retention_ms = 604800000", "retention_ms", "milliseconds", Status.FAIL),
        ("keepHours = 52608", "keepHours", "hours", Status.PASS),
    ],
)
def test_six_years_are_six_years_in_every_unit(
    kept: str, key: str, unit: str, status: Status, tmp_path: Path, see: Callable[..., Any]
) -> None:
    (tmp_path / "own.toml").write_text(kept)
    table = {"retention": {"file": "own.toml", "key": key, "unit": unit}}
    premises = Premises(HipaaTable.model_validate(table), tmp_path, None, {}, TODAY)
    assert see("data_retention", premises).status is status


def test_a_role_that_may_do_less_is_refused_the_rest(
    at_clean: Callable[..., Any], see: Callable[..., Any], clean: Any
) -> None:
    roles = {"reader": {"bearer_env": "READER", "scopes": ["emotion"]}}
    for scopes, status in ((("emotion",), Status.PASS), (("emotion", "chat"), Status.FAIL)):
        with at_clean(hipaa={"roles": roles}) as premises:
            environ = {**premises.environ, "READER": clean.token(*scopes)}
            seen = see("access_control", replace(premises, environ=environ))
        assert seen.status is status
    assert seen.findings == [("POST /v1/chat/completions", "serves the role reader")]


def _read(folder: Path, document: Any, **hipaa: Any) -> list[tuple[str, frozenset[str], bool]]:
    (folder / "api.json").write_text(json.dumps(document))
    table = HipaaTable.model_validate({"openapi": "api.json", **hipaa})
    found = operations(Premises(table, folder, None, {}, TODAY))
    return [(str(each.request), each.scopes, each.is_open) for each in found]


def test_what_a_document_says_of_security(tmp_path: Path) -> None:
    document = {
        "servers": [{"url": "https://api.example/v2/"}],
        "security": [{"oauth": ["read"]}],
        "paths": {
            "/a": {"get": {}, "post": {"security": [{"oauth": ["write", "read"]}]}},
            "/b": {"get": {"security": []}, "put": {"security": [{}, {"oauth": []}]}},
            "/c/{id}": {
                "parameters": [{"name": "id", "in": "path", "schema": {"type": "integer"}}],
                "delete": {},
            },
        },
    }
    assert _read(tmp_path, document) == [
        ("GET /v2/a", {"read"}, False),
        ("POST /v2/a", {"write", "read"}, False),
        ("GET /v2/b", frozenset(), True),
        ("PUT /v2/b", frozenset(), True),
        ("DELETE /v2/c/999999999", {"read"}, False),
    ]


def test_what_says_nothing_of_security_counts_as_guarded(tmp_path: Path) -> None:
    document = {"paths": {"/a": {"get": {}}, "/health": {"get": {}}}}
    assert _read(tmp_path, document, open=["GET /health"]) == [
        ("GET /a", frozenset(), False),
        ("GET /health", frozenset(), True),
    ]


@pytest.mark.parametrize(
    "media",
    [
        {"example": {"a": 1}},
        {"examples": {"one": {"value": {"a": 1}}}},
        {"schema": {"$ref": "#/components/schemas/A"}},
        {"schema": {"examples": [{"a": 1}]}},
    ],
)
def test_examples_are_found_wherever_they_stand(tmp_path: Path, media: dict[str, Any]) -> None:
    document = {
        "paths": {"/a": {"post": {"requestBody": {"content": {"application/json": media}}}}},
        "components": {"schemas": {"A": {"example": {"a": 1}}}},
    }
    (tmp_path / "api.json").write_text(json.dumps(document))
    table = HipaaTable(openapi="api.json")
    (operation,) = operations(Premises(table, tmp_path, None, {}, TODAY))
    assert operation.request.body == {"a": 1}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2026-11-22T04:00:00+00:00", "2026-11-22 04:00:00+00:00"),
        ("2026-11-22T04:00:00Z", "2026-11-22 04:00:00+00:00"),
        ("2026-11-22T04:00:00", "2026-11-22 04:00:00+00:00"),
        (0, "1970-01-01 00:00:00+00:00"),
        ("yesterday", "None"),
        (True, "None"),
        (None, "None"),
        (1e300, "None"),
    ],
)
def test_when_a_row_was_written(value: Any, shown: str) -> None:
    assert str(moment_of(value)) == shown


def test_stores_are_files_folders_and_what_sqlite_keeps_beside_them(tmp_path: Path) -> None:
    for name in ("a.db", "a.db-wal", "b.db", "folder/c.log", "folder/deep/d.log"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    premises = Premises(HipaaTable(), tmp_path, None, {}, TODAY)
    found = files_under(premises, ["a.db", "folder", "a.db"], "stores")
    names = [str(path.relative_to(tmp_path)) for path in found]
    assert names == ["a.db-wal", "a.db", "folder/c.log", "folder/deep/d.log"]


@pytest.mark.parametrize(
    ("sizes", "asked", "changed"),
    [([1, 1, 2, 3, 3, 9], 5, True), ([2, 2, 9], 2, True), ([1] * 3, 2, False)],
)
def test_what_is_still_being_written_is_waited_for(
    sizes: list[int], asked: int, changed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time passes here by being asked for: a second each time."""
    clock = iter(range(100))
    monkeypatch.setattr(planting.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(planting.time, "sleep", lambda _seconds: None)
    left = list(sizes)
    patience = 50 if changed else 1.5
    assert planting.settled(patience, lambda: left.pop(0), 1) is changed
    assert len(sizes) - len(left) == asked


def test_a_token_that_ran_out_is_renewed(at_clean: Callable[..., Any]) -> None:
    with at_clean() as premises:
        service = premises.service
        assert service.bearer()
        service._token = "gone"
        assert service.send(service.saying("Good morning.", service.capabilities[0])).served


@pytest.mark.parametrize(
    ("hipaa", "told"),
    [
        ({"audit": {"verify": ["check"]}}, "must have {copy}"),
        ({"audit": {"file": "a", "command": ["b"]}}, "give one of file and command"),
        ({"consent": {"path": "consent", "give": {}, "withdraw": {}, "chat": {"a": 1}}}, "path"),
        ({"audits": {}}, "audits"),
        (
            {"retention": {"file": "a.toml", "key": "topic.retention_ms"}},
            "unit is days, and key is named after milliseconds",
        ),
        ({"retention": {"file": "a.toml", "key": "retentionHours"}}, "named after hours"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(hipaa: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        HipaaTable.model_validate(hipaa)


def test_rows_may_come_from_a_program(
    at_clean: Callable[..., Any], see: Callable[..., Any], clean: Any
) -> None:
    command = {"command": ["cat", str(clean.audit_log)], "request": "request"}
    with at_clean(hipaa={"audit": command}) as premises:
        seen = see("audit_trail", premises)
    assert seen.status is Status.INCONCLUSIVE
    assert "name the service's own verifier" in seen.reason
    assert seen.findings == []
    with at_clean(hipaa={"audit": {**command, "command": ["false"]}}) as premises:
        assert see("audit_trail", premises).status is Status.ERROR
