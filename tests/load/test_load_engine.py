"""Parts of the generator by themselves, each in a process of its own, since Locust patches it."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest


def said(code: str) -> str:
    """What a process says that has loaded the generator; it ends itself where it hangs."""
    whole = "import gevent\nimport clinigate.load.engine\n" + dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", whole], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_worker_that_cannot_read_a_file_says_so_and_the_master_ends_the_run() -> None:
    out = said("""
        from pathlib import Path
        from types import SimpleNamespace as Plain
        from gevent.event import Event
        from clinigate.config.target import OpenAISpec
        from clinigate.load.asking import asking_for
        from clinigate.load.engine.roles import DONE, STOP, _Master, _Worker
        from clinigate.load.library import find_profile
        from clinigate.load.orders import Orders

        spec = OpenAISpec.model_validate({
            "kind": "openai", "base_url": "https://127.0.0.1:9/v1", "model": "m",
            "tls": {"ca_file": "absent/of-this-worker.pem"},
        })
        orders = Orders(find_profile("smoke").profile, asking_for(spec, Path()), 1)
        nothing = lambda *_: None
        events = Plain(worker_report=Plain(add_listener=nothing))
        def runner(send):
            env = Plain(events=events)
            return Plain(clients={}, environment=env, register_message=nothing, send_message=send)

        told = []
        message = Plain(data={"orders": orders.to_plain(), "zero_wall": 0.0})
        _Worker(runner(lambda kind, data: told.append((kind, data)))).begin(message)
        print(told == [(DONE, told[0][1])], told[0][1]["trouble"])

        def send(kind):  # the other worker does as it is told
            print(kind == STOP)
            master._on_done(Plain(node_id="b", data={"trouble": None}))
        master = _Master(runner(send), None)
        master._on_done(Plain(node_id="a", data=told[0][1]))
        with gevent.Timeout(20):
            print(master.follow(2, Event()), "|", master.trouble)
    """)
    first, stop, end = out.splitlines()
    assert first.startswith("True a worker cannot read a file that the target needs; its ca_file")
    assert "absent" not in out
    assert stop == "True"
    assert end.startswith("broken | a worker cannot read a file")


def test_a_stream_that_hangs_keeps_the_moment_of_its_first_words() -> None:
    out = said("""
        from types import SimpleNamespace as Plain
        import gevent.socket
        from clinigate.load.engine.wire import Line

        HEAD = b"HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\n\\r\\n"
        WORD = b'data: {"choices": [{"delta": {"content": "Hi"}}]}\\n\\n'

        def exchange(sent):
            ours, theirs = gevent.socket.socketpair()
            theirs.sendall(sent)
            place = Plain(
                timeout_s=0.3, clock=lambda: 4.5, connect=lambda: ours,
                request=lambda _body: (b"x", ""), asking=Plain(method="POST"),
            )
            return Line(place).ask(b"")

        for sent in (HEAD + WORD, HEAD):
            found = exchange(sent)
            print(found.heard.failed, found.first_at)
    """)
    assert out.splitlines() == ["timeout 4.5", "timeout None"]


@pytest.fixture(scope="module")
def tokens() -> dict[str, str]:
    """Answers of a token service, and what was made of them."""
    out = said("""
        from clinigate.load.engine.tokens import NoTokenError, read_token
        ANSWERS = (
            '{"access_token": "t", "expires_in": 60}', '{"access_token": "t"}',
            '{"access_token": "t", "expires_in": "60"}', "[]", "null", "7", "<html>", "[" * 99999,
            "{}", '{"access_token": 7}', '{"access_token": "t", "expires_in": "soon"}',
            '{"access_token": "t", "expires_in": [1]}', '{"access_token": "t", "expires_in": -1}',
            '{"access_token": "t", "expires_in": NaN}',
            '{"access_token": "t", "expires_in": 1' + "0" * 400 + "}",
        )
        for answer in ANSWERS:
            try:
                print(answer[:44], read_token(answer.encode()), sep="|")
            except NoTokenError as error:
                print(answer[:44], error, sep="|")
    """)
    return dict(line.split("|", 1) for line in out.splitlines())


def test_what_is_no_token_is_no_mistake_of_the_generator(tokens: dict[str, str]) -> None:
    good = {answer: made for answer, made in tokens.items() if made != "unparsable"}
    assert good == {
        '{"access_token": "t", "expires_in": 60}': "('t', 60.0)",
        '{"access_token": "t", "expires_in": "60"}': "('t', 60.0)",
        '{"access_token": "t"}': "('t', 1000000000.0)",
    }
    assert len(tokens) == 15
