"""Before anything is sent, whatever in an OpenAPI document leads to another service is taken out or
refused; within the process that sends, a guard holds back the rest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clinigate.findings.troubles import ScannerError
from clinigate.security.scanners import dast_hooks
from clinigate.security.scanners.dast_document import Service, prepare

HERE = "https://chat.example"


def document(**more: Any) -> dict[str, Any]:
    plain = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/v1/chat": {
                "servers": [{"url": "https://elsewhere.example"}],
                "parameters": [],
                "post": {"servers": [{"url": "https://elsewhere.example"}], "responses": {}},
                "get": {"responses": {}},
            }
        },
    }
    return plain | more


def prepared(base_url: str = HERE, found_at: str = f"{HERE}/openapi.json", **more: Any) -> Any:
    return prepare(json.dumps(document(**more)).encode(), base_url=base_url, found_at=found_at)


def test_operations_are_counted_and_servers_taken_out() -> None:
    done = prepared(servers=[{"url": "https://elsewhere.example/v2"}])
    assert done.operations == ("GET /v1/chat", "POST /v1/chat")
    assert done.base_url == HERE
    assert b"elsewhere" not in done.document


def test_an_extension_among_the_paths_is_no_path() -> None:
    paths = {**document()["paths"], "x-owner": "us"}
    assert prepared(paths=paths).operations == ("GET /v1/chat", "POST /v1/chat")


@pytest.mark.parametrize(
    ("base_url", "server", "begins"),
    [
        (HERE, "/api/v1", f"{HERE}/api/v1"),
        (HERE, f"{HERE}/api/", f"{HERE}/api"),
        (HERE, "https://chat.example:443/api", "https://chat.example:443/api"),
        (HERE, "http://chat.example/api", HERE),
        (HERE, "https://chat.example:8443/api", HERE),
        (HERE, "https://chat.example.evil/api", HERE),
        (f"{HERE}/staging", "/", f"{HERE}/staging"),
        (f"{HERE}/staging/", "/staging/v2", f"{HERE}/staging/v2"),
        (f"{HERE}/staging", "/staging-2", f"{HERE}/staging"),
        (HERE, "https://{host}/api", HERE),
        (HERE, "https://[broken", HERE),
    ],
)
def test_paths_begin_within_the_configured_address(base_url: str, server: str, begins: str) -> None:
    assert prepared(base_url, servers=[{"url": server}]).base_url == begins


def test_swagger_2_and_yaml() -> None:
    text = """
swagger: "2.0"
host: elsewhere.example
schemes: [http]
basePath: /v1
info: {title: t, version: 2020-01-01}
paths:
  /chat: {get: {responses: {200: {description: ok}}}}
"""
    done = prepare(text.encode(), base_url=HERE, found_at=f"{HERE}/swagger.yaml")
    assert (done.base_url, done.operations) == (f"{HERE}/v1", ("GET /chat",))
    assert b"elsewhere" not in done.document


def test_examples_are_not_fetched_from_elsewhere() -> None:
    example = {"outside": {"externalValue": "https://elsewhere.example/x.json"}}
    components = {"examples": example, "schemas": {"externalValue": {"type": "string"}}}
    done = json.loads(prepared(components=components).document)
    assert done["components"] == {
        "examples": {"outside": {}},
        "schemas": {"externalValue": {"type": "string"}},
    }


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"not: [yaml", "neither a JSON object"),
        (b"[]", "neither a JSON object"),
        (b"", "neither a JSON object"),
        (json.dumps(document(openapi="4.0.0")).encode(), "has version '4.0.0'"),
        (json.dumps(document(paths={})).encode(), "no operation"),
        (json.dumps(document(paths={"/a": {"parameters": []}})).encode(), "no operation"),
        (json.dumps(document(paths={"/a": []})).encode(), "no object at path /a"),
        (json.dumps(document(paths={"/a": {"$ref": "#/x"}})).encode(), "bundle it"),
        (
            json.dumps(document(x={"$ref": "https://elsewhere.example/s.json"})).encode(),
            "refers to another one",
        ),
        (json.dumps(document(x=[{"$ref": "schemas.yaml#/A"}])).encode(), "refers to another one"),
        (b'{"openapi": "3.0.0", "paths": {"/a": {"get": {}}}, "x": ' + b"[" * 300 + b"]" * 300
         + b"}", "nested too deep"),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_tested_by_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ScannerError, match=said):
        prepare(data, base_url=HERE, found_at=HERE)


def test_what_lies_within_a_service() -> None:
    service = Service.of("https://Chat.example/api")
    assert service.holds(Service.of("https://chat.example:443/api/v1"))
    assert service.holds(Service.of("https://chat.example/api"))
    for other in (
        "https://chat.example/",
        "https://chat.example/apis",
        "http://chat.example/api",
        "https://chat.example:8443/api",
        "https://chat.example@elsewhere.example/api",
    ):
        assert not service.holds(Service.of(other)), other


def test_the_guard_holds_back_requests_to_anybody_else(tmp_path: Path) -> None:
    pytest.importorskip("schemathesis")
    program = """
import requests
import clinigate.security.scanners.dast_hooks
for url in ("http://127.0.0.2:9/api/x", "http://127.0.0.1:9/api/../x", "http://127.0.0.1:9/api%2F..%2Fx"):
    try:
        requests.get(url, timeout=1)
    except requests.exceptions.InvalidURL:
        print("held back")
try:
    requests.get("http://127.0.0.1:9/api/x", timeout=1)
except requests.exceptions.ConnectionError:
    print("sent")
"""
    environ = {
        **os.environ,
        dast_hooks.BASE: "http://127.0.0.1:9/api",
        dast_hooks.TALLY: str(tmp_path / "answered.json"),
        "NO_PROXY": "*",
    }
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split("\n")[:4] == ["held back"] * 3 + ["sent"]
    assert json.loads((tmp_path / "answered.json").read_text()) == {}
