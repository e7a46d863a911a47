"""A small clinic in memory, with addresses and names of its own, that can be wrong in many ways."""

from __future__ import annotations

import base64
import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_Body = Mapping[str, Any]


@dataclass
class Clinic:
    """The service. `flaws`: how it is wrong; `ahead`: of its clock; `asked`: what came in."""

    flaws: set[str] = field(default_factory=set)
    ahead: timedelta = timedelta(0)
    tells_time: bool = True
    stands_still: datetime | None = None
    broken: dict[str, int] = field(default_factory=dict)
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    log_ins: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def answer(
        self, method: str, path: str, token: str | None, body: dict[str, Any]
    ) -> tuple[int, Any]:
        """One request."""
        self.asked.append((method, path, body))
        place = urlsplit(path)
        if place.path != "/in" and token is None:
            return 401, None
        query = {name: values[0] for name, values in parse_qs(place.query).items()}
        return self._answered(method, place.path, {**query, **body})

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @property
    def date(self) -> str | None:
        """The header Date of an answer."""
        return (
            format_datetime(self.stands_still or self.now, usegmt=True) if self.tells_time else None
        )

    def _answered(self, method: str, path: str, said: _Body) -> tuple[int, Any]:
        name = path.strip("/").partition("/")[0]
        if (status := self.broken.get(f"{method} {name}")) is not None:
            return status, None
        if method == "DELETE":
            return self._end(name, path.rpartition("/")[2])
        answer: Callable[[_Body], tuple[int, Any]] = getattr(self, f"_{method.lower()}_{name}")
        return answer(said)

    def _keep(self, kind: str, said: _Body) -> tuple[int, Any]:
        made = str(next(self.numbers))
        self.kept[made] = {"kind": kind, **said}
        return 201, {"made": {"number": int(made)}}

    def _end(self, name: str, one: str) -> tuple[int, Any]:
        if f"{name}-never-end" not in self.flaws:
            self.kept.pop(one, None)
        return 204, None

    def _alive(self, one: Mapping[str, Any]) -> bool:
        if f"{one['kind']}-never-expire" in self.flaws or "until" not in one:
            return True
        return self.now < _moment(one["until"])

    def _has(self, kind: str, **said: Any) -> bool:
        """Whether something alive says all of this; a flaw names what is not looked at."""
        looked = {name: value for name, value in said.items() if f"any-{name}" not in self.flaws}
        return any(
            each["kind"] == kind and self._alive(each) and looked.items() <= each.items()
            for each in self.kept.values()
        )

    def _post_in(self, _said: _Body) -> tuple[int, Any]:
        self.log_ins += 1
        return 200, {
            "token": f"{'stale' if 'short-sessions' in self.flaws else 'role'}-{self.log_ins}"
        }

    def _post_people(self, said: _Body) -> tuple[int, Any]:
        return self._keep("person", said)

    def _post_agreed(self, said: _Body) -> tuple[int, Any]:
        if "refuses-the-past" in self.flaws and _moment(said["until"]) < self.now:
            return 422, None
        return self._keep("agreed", said)

    def _get_values(self, said: _Body) -> tuple[int, Any]:
        wanted = {name: said[name] for name in ("person", "from", "what")}
        if "knows-no-words" in self.flaws and said["what"] == "words":
            return 404, None
        open_to_all = "asks-no-consent" in self.flaws
        return (200, []) if open_to_all or self._has("agreed", **wanted) else (403, None)

    def _post_papers(self, said: _Body) -> tuple[int, Any]:
        if "takes-anything" not in self.flaws and not said.get("signed"):
            return 422, None
        return self._keep("papers", said)

    def _post_told(self, said: _Body) -> tuple[int, Any]:
        if not self._may_tell(said):
            return 403, None
        paper = None if "unnamed" in self.flaws else said.get("paper")
        return self._keep("told", {**said, "paper": paper})

    def _may_tell(self, said: _Body) -> bool:
        if "asks-no-paper" in self.flaws:
            return True
        paper = self.kept.get(str(said.get("paper")))
        if paper is None or paper["kind"] != "papers" or not self._alive(paper):
            return False
        looked = [each for each in ("person", "why", "whom") if f"any-{each}" not in self.flaws]
        whole = bool(paper.get("signed")) or "takes-anything" in self.flaws
        return whole and all(said[each] == paper.get(each) for each in looked)

    def _get_told(self, said: _Body) -> tuple[int, Any]:
        return 200, [
            each["paper"]
            for each in self.kept.values()
            if each["kind"] == "told" and each["person"] == said["person"]
        ]

    def _post_diary(self, said: _Body) -> tuple[int, Any]:
        return self._keep("diary", said)

    def _get_diary(self, said: _Body) -> tuple[int, Any]:
        paper = self.kept.get(said.get("paper", ""))
        may = paper is not None and paper["kind"] == "papers" and paper["person"] == said["person"]
        if may and "any-why" not in self.flaws:
            assert paper is not None
            may = paper["why"] == "diary"
        if "shows-the-diary" in self.flaws:
            may = True
        if "hides-the-diary" in self.flaws:
            may = False
        words = [
            each["words"]
            for each in self.kept.values()
            if each["kind"] == "diary" and each["person"] == said["person"]
        ]
        # Who may not is shown a list that is empty.
        return 200, words if may else []

    def _get_all(self, said: _Body) -> tuple[int, Any]:
        found: list[Any] = []
        for each in self.kept.values():
            if each.get("person") != said["person"]:
                continue
            if each["kind"] != "diary" or "diary-in-all" in self.flaws:
                found.append(each)
            elif "diary-in-base64" in self.flaws:
                found.append(base64.b64encode(each["words"].encode()).decode())
        return 200, found

    def _post_no(self, said: _Body) -> tuple[int, Any]:
        return self._keep("no", said)

    def _get_plan(self, said: _Body) -> tuple[int, Any]:
        return (403, None) if self._no(said["person"]) else (200, {"paid": True})

    def _get_list(self, _said: _Body) -> tuple[int, Any]:
        people = [
            {"number": int(number), "family": each["family"]}
            for number, each in self.kept.items()
            if each["kind"] == "person" and not self._no(number)
        ]
        return 200, {"people": people, "of": len(people)}

    def _get_chart(self, said: _Body) -> tuple[int, Any]:
        refuses = "refuses-what-is-spared" in self.flaws and self._no(said["person"])
        return (403, None) if refuses else (200, {})

    def _no(self, person: str) -> bool:
        if "hears-no-no" in self.flaws:
            return False
        if "no-is-for-all" in self.flaws:
            return self._has("no")
        return self._has("no", person=person)

    def _post_boards(self, said: _Body) -> tuple[int, Any]:
        return self._keep("boards", said)

    def _post_data(self, said: _Body) -> tuple[int, Any]:
        board = self.kept.get(str(said.get("board")))
        may = board is not None and board["kind"] == "boards" and self._alive(board)
        if board is not None and "any-study" not in self.flaws:
            may = may and board["study"] == said["study"]
        return (200, []) if may or "asks-no-board" in self.flaws else (403, None)


def _moment(said: str | int) -> datetime:
    """Consents and papers end at a time in words, approvals at one in seconds."""
    if isinstance(said, str):
        return datetime.fromisoformat(said)
    return datetime.fromtimestamp(said, UTC)


def tables() -> dict[str, Any]:
    """The clinic's `[hipaa]`."""
    number = "made.number"
    of_person = {"person": "{{patient}}", "until": "{{expires}}"}
    no = {
        "record": {"path": "/no", "body": {"person": "{{patient}}"}, "answer": number},
        "spared": [{"path": "/chart?person={{patient}}", "method": "GET"}],
        "lift": {"path": "/no/{{record}}", "method": "DELETE"},
    }
    plan = {"path": "/plan?person={{patient}}", "method": "GET"}
    return {
        "test_environment": True,
        "login": {"path": "/in", "body": {"who": "{{login}}"}, "answer": "token"},
        "roles": {"therapist": {"login": "t", "password_env": "T"}},
        "patients": {
            "create": {"path": "/people", "body": {"family": "{{family_name}}"}, "answer": number},
            "read": {"path": "/chart?person={{patient}}", "method": "GET"},
            "remove": {"path": "/people/{{patient}}", "method": "DELETE"},
        },
        "rights": {
            "expires_in_s": 0.1,
            "consent": {
                "give": {
                    "path": "/agreed",
                    "body": {**of_person, "from": "{{source}}", "what": "{{kind}}"},
                    "answer": number,
                },
                "withdraw": {"path": "/agreed/{{consent}}", "method": "DELETE"},
                "use": {
                    "path": "/values?person={{patient}}&from={{source}}&what={{kind}}",
                    "method": "GET",
                },
                "sources": ["watch", "diary"],
                "kinds": ["steps", "words"],
            },
            "authorization": {
                "give": {
                    "path": "/papers",
                    "body": {
                        **of_person, "why": "{{purpose}}", "whom": "{{recipient}}", "signed": "A",
                    },
                    "answer": number,
                },
                "revoke": {"path": "/papers/{{authorization}}", "method": "DELETE"},
                "use": {
                    "path": "/told",
                    "body": {
                        "person": "{{patient}}", "why": "{{purpose}}", "whom": "{{recipient}}",
                        "paper": "{{authorization}}",
                    },
                },
                "disclosures": {"path": "/told?person={{patient}}", "method": "GET"},
                "purposes": ["study", "advertising"],
                "recipients": ["institute", "agency"],
                "core": ["signed"],
            },
            "psychotherapy": {
                "write": {
                    "path": "/diary", "body": {"person": "{{patient}}", "words": "{{text}}"},
                    "role": "therapist",
                },
                "read": {
                    "path": "/diary?person={{patient}}&paper={{authorization}}", "method": "GET",
                    "role": "therapist",
                },
                "elsewhere": [{"path": "/all?person={{patient}}", "method": "GET"}],
                "purpose": "diary",
            },
            "directive": {**no, "uses": [plan]},
            "restriction": {**no, "uses": [plan]},
            "opt_out": {
                **no, "uses": [{"path": "/list", "method": "GET", "answer": "people"}],
            },
            "research": {
                "approve": {
                    "path": "/boards",
                    "body": {"study": "{{study}}", "until": "{{expires_epoch}}"},
                    "answer": number,
                },
                "withdraw": {"path": "/boards/{{approval}}", "method": "DELETE"},
                "export": {
                    "path": "/data", "body": {"study": "{{study}}", "board": "{{approval}}"},
                },
            },
        },
    }  # fmt: skip


@contextmanager
def open_clinic(clinic: Clinic) -> Iterator[str]:
    """Run the clinic for the length of a block; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            token = self.headers.get("authorization")
            body = json.loads(sent) if sent else {}
            status, said = clinic.answer(self.command, self.path, token, body)
            content = json.dumps(said).encode()
            self.send_response_only(status)
            if clinic.date is not None:
                self.send_header("Date", clinic.date)
            self.send_header("Content-Length", str(0 if status == 204 else len(content)))
            self.end_headers()
            self.wfile.write(b"" if status == 204 else content)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - names of http.server

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
