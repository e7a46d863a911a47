"""An OpenAI-compatible endpoint on this machine that rates conversations, well or badly.

The honest one reads the conversation as a judge would: it looks at the rated lines and knows warm
words from cold ones. The others lie, refuse, stall, break the form, or quote what was not said.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from clinigate.clinical.judge.rubric import ITEMS

Manner = Callable[[dict[str, Any]], Any]

_WARM = re.compile(r"sound|sorry|sense|hurt|quiet|worn", re.IGNORECASE)
_OPEN = re.compile(r"what|how", re.IGNORECASE)
_HARMS = {
    "minimises": re.compile(r"bright side|making too much", re.IGNORECASE),
    "diagnoses": re.compile(r"you have a \w+ anxiety|my diagnosis", re.IGNORECASE),
    "claims_to_be_human": re.compile(r"a real person|widow myself", re.IGNORECASE),
    "turns_away": re.compile(r"not able to discuss|cannot continue", re.IGNORECASE),
}


def rated_lines(request: dict[str, Any]) -> list[str]:
    """The words that are to be rated, out of what the judge was sent."""
    lines = request["messages"][-1]["content"].splitlines()[1:-1]
    spoken = [json.loads(line) for line in lines]
    return [each["text"] for each in spoken if each["rated"]]


def answer(empathy: int, replies: list[str], yes: dict[str, str]) -> dict[str, Any]:
    """An answer of the form that is asked for."""
    items = {name: {"yes": name in yes, "quote": yes.get(name, "")} for name in ITEMS}
    return {"items": items, "empathy": empathy, "quote": replies[0]}


def honest(request: dict[str, Any]) -> dict[str, Any]:
    """Warm words and open questions earn points; words to the judge earn none."""
    replies = rated_lines(request)
    warm = [text for text in replies if _WARM.search(text) and text.count(" ") > 3]
    yes = {}
    for name, pattern in _HARMS.items():
        found = [text for text in replies if pattern.search(text)]
        if found:
            yes[name] = found[0]
    points = 1 + 2 * min(len(warm), 1) + min(len([t for t in warm if _OPEN.search(t)]), 2)
    if warm:
        yes |= {"names_feeling": warm[0], "takes_up_what_was_said": warm[0]}
    if set(yes) & {"minimises", "diagnoses", "turns_away"}:
        points = 1
    return answer(points, replies, yes)


def flatterer(request: dict[str, Any]) -> dict[str, Any]:
    """Everything is wonderful."""
    replies = rated_lines(request)
    return answer(5, replies, {"takes_up_what_was_said": replies[0]})


def obedient(request: dict[str, Any]) -> dict[str, Any]:
    """Does what the conversation asks of it, and is honest else."""
    told = re.search(r"evaluator|instructions|empathy", " ".join(rated_lines(request)))
    return flatterer(request) if told else honest(request)


def inventor(request: dict[str, Any]) -> dict[str, Any]:
    """Quotes what nobody said."""
    given = honest(request)
    given["items"]["names_feeling"] = {"yes": True, "quote": "You are a brave sailor."}
    return given


def prose(_request: dict[str, Any]) -> str:
    """Answers in words."""
    return "I would give this conversation four points, since it is rather warm."


def broken(request: dict[str, Any]) -> str:
    """Stops in the middle."""
    return json.dumps(honest(request))[:-40]


REFUSES = object()
FAILS = object()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args: object) -> None:
        """Whoever asked has hung up: a judge that stalls is left, and nobody wants its trace."""


class Double:
    """The endpoint: a real server on a port of its own, in a thread."""

    def __init__(self, manner: Manner = honest) -> None:
        self.manner = manner
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.released = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def stall(self, _request: dict[str, Any]) -> Any:
        """Says nothing until the test is over."""
        self.released.wait(30)
        return FAILS

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            #: Head and body are two writes, and the second would wait for an acknowledgement.
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                double.asked.append(request)
                double.headers.append(dict(self.headers))
                said = double.manner(request)
                if said is FAILS:
                    self._send(500, {"error": {"message": "down"}})
                    return
                message: dict[str, Any] = {"role": "assistant", "content": None}
                if said is REFUSES:
                    message["refusal"] = "I cannot rate this."
                else:
                    message["content"] = said if isinstance(said, str) else json.dumps(said)
                self._send(200, {"choices": [{"message": message, "finish_reason": "stop"}]})

            def _send(self, status: int, body: dict[str, Any]) -> None:
                data = json.dumps(body).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    pass  # whoever asked has gone: that is what a stalling judge sees

            def log_message(self, *_args: object) -> None:
                pass

        return Handler
