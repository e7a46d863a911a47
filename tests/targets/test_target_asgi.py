"""An application in this process: served as by a server, without one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from clinigate.config.target import AsgiSpec, PythonSpec
from clinigate.core.case import Turn
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.errors import ConfigError
from clinigate.targets import build_target, failed_outcomes

HELLO = (Turn("user", "hello"),)
CHAT = {"path": "/chat", "request": {"t": "{{text}}"}, "answer": {"text": "text"}}


class Life:
    """An application that knows whether it is alive."""

    def __init__(self) -> None:
        self.story: list[str] = []
        self.fail_at_start = False
        self.app = Starlette(
            routes=[Route("/chat", self.chat, methods=["POST"])], lifespan=self.lifespan
        )

    @asynccontextmanager
    async def lifespan(self, app: Any) -> AsyncIterator[None]:
        if self.fail_at_start:
            raise RuntimeError("no database")
        self.story.append("up")
        yield
        self.story.append("down")

    async def chat(self, request: Request) -> JSONResponse:
        said = (await request.json())["t"]
        if said == "break":
            raise KeyError("what was said")
        return JSONResponse({"text": f"{self.story[-1]}: {said}"})


async def bare_app(scope: Any, receive: Any, send: Any) -> None:
    """An application that knows no lifespan."""
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b'{"text": "bare"}'})


@pytest.fixture
def module() -> Iterator[ModuleType]:
    made = sys.modules["clinigate_asgi_under_test"] = ModuleType("clinigate_asgi_under_test")
    yield made
    del sys.modules["clinigate_asgi_under_test"]


def ask(*said: str, clock: Any = None, close: bool = True) -> list[Reply]:
    spec = AsgiSpec.model_validate(
        {"kind": "asgi", "app": "clinigate_asgi_under_test:app", "chat": CHAT}
    )

    async def run() -> list[Reply]:
        target = build_target(spec, base_dir=Path(), environ={}, clock=clock)
        try:
            return [
                await target.ask((Turn("user", t),), capability=Capability.CHAT, timeout_s=20)
                for t in said
            ]
        finally:
            await target.aclose()

    return asyncio.run(run())


def test_requests_come_between_start_and_end(module: Any) -> None:
    """The lifespan starts once, before the first request, and ends with the target."""
    life = Life()
    module.app = life.app
    assert [reply.text for reply in ask("a", "b")] == ["up: a", "up: b"]
    assert life.story == ["up", "down"]


def test_an_application_without_lifespan_is_served(module: Any) -> None:
    """As ASGI has it: its exception at the start is no failure."""
    module.app = bare_app
    assert ask("a")[0].text == "bare"


def test_an_exception_is_what_a_500_would_be(module: Any, clock: Any) -> None:
    """Tried again, and told by type and place, without its message."""
    module.app = Life().app
    (reply,) = ask("break", clock=clock)
    assert reply.outcome is Outcome.ERROR
    assert str(reply.error).startswith("the application raised KeyError at test_target_asgi.py:")
    assert "what was said" not in str(reply.error)
    assert failed_outcomes(reply) == (Outcome.ERROR,)


def test_an_application_that_does_not_start(module: Any) -> None:
    """Its failed start is an error of every request."""
    life = Life()
    life.fail_at_start = True
    module.app = life.app
    (reply,) = ask("a")
    assert reply.outcome is Outcome.ERROR
    assert reply.error == "the application reports that its start failed"


def python(function: str, base_dir: Path, **table: Any) -> Any:
    spec = PythonSpec.model_validate({"kind": "python", "function": function, **table})
    return build_target(spec, base_dir=base_dir)


def test_a_function_is_found_beside_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its module lies in the configuration's folder; name and capabilities come from the table."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    code = "class Bot:\n    @staticmethod\n    async def flag(text): return text == 'hello'\n"
    (tmp_path / "clinigate_bot_one.py").write_text(code)
    target = python("clinigate_bot_one:Bot.flag", tmp_path, capabilities=["crisis"])
    assert target.name == "clinigate_bot_one:Bot.flag"
    reply = asyncio.run(target.ask(HELLO, capability=Capability.CRISIS, timeout_s=20))
    assert reply.flag is True


@pytest.mark.parametrize(
    ("code", "name", "words"),
    [
        (None, "f", "no module named 'clinigate_bot_two'"),
        ("import no_such_module_at_all", "f", "no module named 'no_such_module_at_all'"),
        (
            "raise ValueError('a secret')",
            "f",
            "importing it raised ValueError at clinigate_bot_two",
        ),
        ("def f(", "f", "importing it raised SyntaxError"),
        ("def g(text): ...", "f", "clinigate_bot_two has no 'f'; mend the name"),
        ("f = 5", "f", "is no function: int"),
        ("def f(): ...", "f", "takes no text"),
    ],
)
def test_a_function_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str | None, name: str, words: str
) -> None:
    """One sentence with the field, and nothing of what the module wanted to say."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "clinigate_bot_two", raising=False)
    if code is not None:
        (tmp_path / "clinigate_bot_two.py").write_text(code)
    with pytest.raises(ConfigError) as caught:
        python(f"clinigate_bot_two:{name}", tmp_path)
    assert str(caught.value).startswith("[target] function: ")
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)
