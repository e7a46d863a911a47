"""schemathesis against a service that runs: what is well passes, planted flaws are found,
credentials are sent, and nobody but the configured service hears anything.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from clinigate.config.target import HttpSpec
from clinigate.core.criterion import Criterion, Relation
from clinigate.core.flaw import FlawSeverity
from clinigate.core.verdict import Status
from clinigate.findings.model import ScanResult
from clinigate.findings.observe import census
from clinigate.findings.programs import Program
from clinigate.findings.troubles import ScannerError
from clinigate.reference.launch import running
from clinigate.reference.web.openapi import document as reference_document
from clinigate.security.scanners import dast
from clinigate.security.scanners.dast import DastJob, scan_api, schemathesis_program
from clinigate.security.scanners.dast_target import reach

pytest.importorskip("schemathesis")
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

TOKEN = "token-of-the-tester"
BODY = "what-the-service-said"


@dataclass
class Flawed:
    """A service with a route for each planted flaw, and a place that must hear nothing."""

    elsewhere: str
    heard: list[tuple[str, str]] = field(default_factory=list)

    def app(self) -> Starlette:
        async def boom(request: Request) -> Response:
            self._hear(request)
            return self._refused(request) or JSONResponse({"said": BODY}, 500)

        async def free(request: Request) -> Response:
            self._hear(request)
            return JSONResponse({"said": BODY})

        async def well(request: Request) -> Response:
            self._hear(request)
            return self._refused(request) or JSONResponse({"said": BODY})

        async def away(request: Request) -> Response:
            self._hear(request)
            return self._refused(request) or RedirectResponse(f"{self.elsewhere}/stolen", 302)

        async def shape(request: Request) -> Response:
            self._hear(request)
            return self._refused(request) or JSONResponse([BODY])

        async def spec(_request: Request) -> Response:
            return JSONResponse(self.document())

        return Starlette(
            routes=[
                Route("/openapi.json", spec),
                Route("/boom/{n}", boom),
                Route("/free", free),
                Route("/well", well),
                Route("/away", away),
                Route("/shape", shape),
            ]
        )

    def document(self) -> dict[str, Any]:
        said = {"type": "object", "required": ["said"]}
        answers = {
            "200": {"description": "ok", "content": {"application/json": {"schema": said}}},
            "302": {"description": "away"},
            "401": {"description": "who are you"},
        }
        number = {"name": "n", "in": "path", "required": True, "schema": {"type": "integer"}}
        paths: dict[str, Any] = {
            path: {"get": {"responses": answers}} for path in ("/free", "/well", "/away", "/shape")
        }
        paths["/boom/{n}"] = {"get": {"parameters": [number], "responses": answers}}
        return {
            "openapi": "3.0.3",
            "info": {"title": "flawed", "version": "1"},
            "servers": [{"url": self.elsewhere}],
            "components": {"securitySchemes": {"b": {"type": "http", "scheme": "bearer"}}},
            "security": [{"b": []}],
            "paths": paths,
        }

    def _hear(self, request: Request) -> None:
        self.heard.append((request.url.path, request.headers.get("authorization", "")))

    def _refused(self, request: Request) -> Response | None:
        known = request.headers.get("authorization") == f"Bearer {TOKEN}"
        return None if known else JSONResponse({}, 401)


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an application; it listens before this returns, so that nobody has to wait for it."""
    import uvicorn

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def spec_of(base_url: str, **more: Any) -> HttpSpec:
    chat = {"path": "/v1/chat", "request": {"text": "{{text}}"}, "answer": {"text": "text"}}
    return HttpSpec.model_validate({"kind": "http", "base_url": base_url, "chat": chat, **more})


@pytest.fixture(scope="module")
def program() -> Program:
    found = schemathesis_program()
    assert found is not None
    return found


@dataclass(frozen=True)
class Seen:
    scan: ScanResult
    heard: list[tuple[str, str]]
    elsewhere: list[bytes]


@pytest.fixture(scope="module")
def flawed(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    base_dir = tmp_path_factory.mktemp("dast")
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.setblocking(False)
        service = Flawed(f"http://127.0.0.1:{other.getsockname()[1]}")
        with serving(service.app()) as base_url:
            spec = spec_of(base_url, auth={"bearer_env": "TESTER"})
            job = DastJob(spec, base_dir, examples=1)
            environ = {**os.environ, "TESTER": TOKEN}
            scan = scan_api(program, job, timeout_s=120, environ=environ)
        calls = []
        while True:
            try:
                calls.append(other.accept()[0].recv(100))
            except BlockingIOError:
                break
    return Seen(scan, service.heard, calls)


def judged(scan: ScanResult) -> Status:
    criterion = Criterion("security.dast.high", "security.dast.high", Relation.AT_MOST, 0)
    measured = census("security.dast.high", scan, at_least=FlawSeverity.HIGH)
    return criterion.judge(measured).status


def test_a_token_lets_requests_in_to_the_reference_service(tmp_path: Path) -> None:
    """`clinigate demo --all-stages` tests all of it; schemathesis starts for seconds, so once."""
    client = {"token_url": "/oauth/token", "client_id_env": "ID", "client_secret_env": "KEY"}
    with running() as service:
        tls = {"ca_file": str(service.ca_file)}
        spec = spec_of(service.base_url, tls=tls, auth={"oauth2": client})
        environ = {"ID": service.client_id, "KEY": service.client_secret}
        reached = reach(spec, "/openapi.json", base_dir=tmp_path, environ=environ)
    assert json.loads(reached.document)["paths"].keys() == reference_document()["paths"].keys()
    assert reached.headers["Authorization"].startswith("Bearer ")
    assert reached.headers["Authorization"] not in repr(reached)


def test_what_is_well_passes(flawed: Seen) -> None:
    part = replace(flawed.scan, units=("GET /well",), findings=())
    assert not [each for each in flawed.scan.findings if each.flaw.place.symbol == "GET /well"]
    assert judged(part) is Status.PASS


def test_each_planted_flaw_is_found_and_nothing_else(flawed: Seen) -> None:
    assert {(each.flaw.rule, each.flaw.place.symbol) for each in flawed.scan.findings} == {
        ("ST101", "GET /boom/{n}"),
        ("ST103", "GET /boom/{n}"),
        ("ST401", "GET /free"),
        ("ST108", "GET /shape"),
    }
    assert judged(flawed.scan) is Status.FAIL
    assert flawed.scan.excluded == ()
    assert len(flawed.scan.units) == 5


def test_credentials_are_sent(flawed: Seen) -> None:
    assert {path for path, who in flawed.heard if who == f"Bearer {TOKEN}"} >= {"/well", "/shape"}


def test_nobody_else_hears_anything(flawed: Seen) -> None:
    assert any(path == "/away" for path, _ in flawed.heard)
    assert flawed.elsewhere == []


def test_nothing_of_an_answer_or_a_credential_is_kept(flawed: Seen) -> None:
    assert BODY not in repr(flawed.scan)
    assert TOKEN not in repr(flawed.scan)


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("exit 0", "code 0 and no report"),
        ("exit 2", "code 2 and no report"),
        ("kill -9 $$", "schemathesis"),
        ('echo "{" > "$out"', "no whole JSON report"),
        ('echo "{}" > "$out"', "schemathesis_version"),
        ("sleep 600", "schemathesis"),
    ],
)
def test_a_schemathesis_that_breaks_is_an_error(tmp_path: Path, action: str, said: str) -> None:
    script = tmp_path / "st"
    find = 'while [ $# -gt 1 ]; do [ "$1" = --report-json-path ] && out=$2; shift; done'
    script.write_text(f"#!/bin/sh\n{find}\n{action}\n", encoding="utf-8")
    script.chmod(0o755)
    (tmp_path / "openapi.json").write_text(json.dumps(Flawed("").document()), encoding="utf-8")
    program = Program("schemathesis", (str(script),), "4.32.5")
    job = DastJob(spec_of("http://127.0.0.1:9"), tmp_path, openapi="openapi.json")
    with pytest.raises(ScannerError, match=said):
        scan_api(program, job, timeout_s=0.5 if "sleep" in action else 60, environ={})


def test_a_schemathesis_of_an_unknown_release_is_refused(tmp_path: Path) -> None:
    program = Program("schemathesis", ("/bin/false",), "3.39.0")
    with pytest.raises(ScannerError, match=r"schemathesis is version 3\.39\.0; 4\.0 and later"):
        scan_api(program, DastJob(spec_of("http://127.0.0.1:9"), tmp_path), timeout_s=5)


def test_a_service_that_is_not_there_is_an_error(project: Any, scanned: Any) -> None:
    target = """
[target]
kind = "http"
base_url = "http://127.0.0.1:9"
[target.chat]
path = "/v1/chat"
request = { text = "{{text}}" }
answer = { text = "text" }
"""
    [outcome] = scanned(dast.SCANNER, project({}), target)
    assert outcome.status is Status.ERROR
    assert "cannot reach http://127.0.0.1:9/openapi.json" in outcome.reason


def test_a_target_that_is_no_service_is_not_assessed(project: Any, scanned: Any) -> None:
    [outcome] = scanned(dast.SCANNER, project({}), "")
    assert outcome.status is Status.NOT_ASSESSED
    assert 'kind = "http"' in outcome.reason
