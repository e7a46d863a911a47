"""The service in this process, called without a network; a clock that tests move."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from clinigate.reference.web.app import ReferenceApp, asgi_app


@dataclass
class FakeClock:
    """Seconds since the epoch, moved by hand."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Caller:
    """Sends requests to the application in this process."""

    app: ReferenceApp
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def one() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="https://reference.test", headers=self.headers
            ) as client:
                return await client.request(method, path, **options)

        return asyncio.run(one())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.send("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.send("POST", path, **options)

    def ask(self, path: str, *said: str, **fields: Any) -> httpx.Response:
        messages = [{"role": "user", "content": text} for text in said]
        return self.post(path, json={"messages": messages, **fields})

    def with_token(self, *scopes: str, client: str = "evaluator") -> Caller:
        token = self.app.token(*scopes, client=client)
        return Caller(self.app, {"Authorization": f"Bearer {token}"})


AppMaker = Callable[..., ReferenceApp]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make_app(tmp_path: Path, clock: FakeClock) -> Iterator[AppMaker]:
    """Builds services whose records lie in `tmp_path / "records"`; closes them at the end."""
    apps: list[ReferenceApp] = []

    def make(**options: Any) -> ReferenceApp:
        settings: dict[str, Any] = {"data_dir": tmp_path / "records", "clock": clock, **options}
        apps.append(asgi_app(**settings))
        return apps[-1]

    yield make
    for app in apps:
        app.close()


@pytest.fixture
def app(make_app: AppMaker) -> ReferenceApp:
    return make_app()


@pytest.fixture
def as_client() -> Callable[..., Caller]:
    """Makes a caller with a token: `as_client(app, "crisis", client="app")`."""
    return lambda app, *scopes, **options: Caller(app).with_token(*scopes, **options)


@pytest.fixture
def anyone(app: ReferenceApp) -> Caller:
    """A caller without a token."""
    return Caller(app)


@pytest.fixture
def caller(anyone: Caller) -> Caller:
    """A caller with the evaluator's token for everything."""
    return anyone.with_token()


@pytest.fixture(scope="session")
def small() -> ModuleType:
    """The module `small_cluster`, which stands beside this file."""
    path = Path(__file__).with_name("small_cluster.py")
    spec = importlib.util.spec_from_file_location("small_cluster", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Scenario = Callable[[Any], Awaitable[None]]


@pytest.fixture
def in_cluster(small: ModuleType, tmp_path: Path) -> Callable[..., None]:
    """Runs a scenario with a replica in this process: `in_cluster(scenario, "a-defect")`."""

    def run(scenario: Scenario, *defects: str, **options: Any) -> None:
        async def go() -> None:
            async with small.small_cluster(tmp_path, *defects, **options) as cluster:
                await scenario(cluster)

        asyncio.run(go())

    return run
