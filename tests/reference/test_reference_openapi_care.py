"""The OpenAPI document tells the routes of records of care as they are: who, with what, answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from clinigate.reference.care.care import CareOptions
from clinigate.reference.care.people import CARE_SCOPES
from clinigate.reference.web.app import ReferenceApp, asgi_app
from clinigate.reference.web.care import care_routes
from clinigate.reference.web.openapi import document

_JSON = "application/json"


class Desk:
    """A service that keeps records of care, in this process, and whoever asks it."""

    def __init__(self, folder: Path) -> None:
        self.app: ReferenceApp = asgi_app(
            data_dir=folder, clock=lambda: 1_700_000_000.0, care=CareOptions()
        )
        assert self.app.care is not None
        self.document = document(care_routes(self.app.care))
        made = self.send("POST", "/v1/patients", self.as_program(), **self._sent("/v1/patients"))
        self.patient = made.json()["id"]

    def as_program(self, *scopes: str) -> dict[str, str]:
        """What a program with these scopes sends along, by default with all."""
        return {"Authorization": f"Bearer {self.app.token(*(scopes or CARE_SCOPES))}"}

    def send(self, method: str, path: str, headers: Any = None, **options: Any) -> httpx.Response:
        async def one() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="https://reference.test", headers=headers
            ) as client:
                return await client.request(method, path, **options)

        return asyncio.run(one())

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Each operation on records of care: its method, its path, what the document says."""
        others = document()["paths"]
        for path, item in self.document["paths"].items():
            if path not in others:
                for method, operation in item.items():
                    yield method.upper(), path, operation

    def asked(self, headers: Any = None, sent: Any = None) -> Iterator[tuple[str, Any, Any]]:
        """Ask each operation; yields its name, what the document says, and the answer.

        `sent` are bodies in place of the document's examples, for each operation that takes one.
        The patient of a path is one that there is; every other id is nobody's.
        """
        for method, path, operation in self.operations():
            if sent is None or "requestBody" in operation:
                place = re.sub(r"\{\w+\}", "none", path.replace("{patient}", self.patient))
                options = self._sent(path, method) if sent is None else sent
                yield f"{method} {path}", operation, self.send(method, place, headers, **options)

    def _sent(self, path: str, method: str = "POST") -> dict[str, Any]:
        operation = self.document["paths"][path][method.lower()]
        media = operation.get("requestBody", {}).get("content", {})
        return {"json": media[_JSON]["example"]} if _JSON in media else {}

    def told(self, operation: dict[str, Any], answer: httpx.Response) -> bool:
        """Whether the document has an answer's status, and its media type."""
        found = operation["responses"].get(str(answer.status_code))
        if found is None:
            return False
        if "$ref" in found:
            found = self.document["components"]["responses"][found["$ref"].rpartition("/")[2]]
        return answer.headers.get("content-type", _JSON).partition(";")[0] in found["content"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("records"))
    yield made
    made.app.close()


def test_it_has_every_route_and_no_other(desk: Desk) -> None:
    assert desk.app.care is not None
    routes = {(each.method, each.path) for each in care_routes(desk.app.care) if each.summary}
    told = [(method, path) for method, path, _ in desk.operations()]
    assert len(told) > 60
    assert set(told) == routes
    assert desk.send("GET", "/openapi.json").json() == desk.document


def test_every_reference_leads_somewhere_and_every_operation_has_a_name(desk: Desk) -> None:
    components = desk.document["components"]
    for kind, name in re.findall(r"'\$ref': '#/components/(\w+)/(\w+)'", repr(desk.document)):
        assert name in components[kind]
    names = [operation["operationId"] for *_, operation in desk.operations()]
    assert len(set(names)) == len(names)
    scopes = components["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"]
    needed = [each["security"] for *_, each in desk.operations() if each["security"]]
    asked_for = {scope for each in needed for scope in each[0]["oauth2"]}
    assert asked_for == set(CARE_SCOPES)
    assert asked_for <= set(scopes)


def test_it_says_where_anyone_may_come_in(desk: Desk) -> None:
    for name, operation, answer in desk.asked():
        assert desk.told(operation, answer), (name, answer.status_code)
        if operation["security"]:
            assert answer.status_code == 401, name


def test_it_has_what_its_examples_are_answered(desk: Desk) -> None:
    for name, operation, answer in desk.asked(desk.as_program()):
        assert desk.told(operation, answer), (name, answer.status_code)


def test_the_scope_it_names_is_the_one_that_is_asked_for(desk: Desk) -> None:
    for scope in CARE_SCOPES:
        others = desk.as_program(*set(CARE_SCOPES) - {scope})
        for name, operation, answer in desk.asked(others):
            if operation["security"] == [{"oauth2": [scope]}]:
                assert answer.status_code == 403, name
                assert desk.told(operation, answer), name


@pytest.mark.parametrize(
    ("media", "body"),
    [(_JSON, b"{"), ("text/plain", b"{}"), (_JSON, b"{}"), (_JSON, b"[]")],
    ids=["no JSON", "text", "nothing in it", "a list"],
)
def test_it_has_the_refusals_of_a_body(media: str, body: bytes, desk: Desk) -> None:
    headers = {**desk.as_program(), "Content-Type": media}
    for name, operation, answer in desk.asked(headers, {"content": body}):
        assert answer.status_code < 500, name
        assert desk.told(operation, answer), (name, answer.status_code)
