"""A service as probes speak to it: with its credentials, with others, with none."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import httpx

from clinigate.config.target import HttpSpec, OpenAISpec
from clinigate.core.case import Turn
from clinigate.core.target import Capability
from clinigate.errors import TargetError
from clinigate.targets.credentials import ClientCredentials, Credentials
from clinigate.targets.template import fill_template
from clinigate.targets.troubles import transport_failure
from clinigate.targets.wire import tls_context

__all__ = ["Answer", "Pace", "Request", "Service", "service_spec"]

_LONGEST = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Request:
    """One request without credentials.

    Attributes:
        path: below the base address of the target, or `root` below its host.
        body: sent as JSON; None sends no body. raw: bytes to send as JSON in its place.
        headers: sent beside those of the credentials.
    """

    method: str
    path: str
    body: Any = None
    root: bool = False
    raw: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        # Without what follows a question mark: a probe puts a token there.
        return f"{self.method} {self.path.partition('?')[0]}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        body: what it says as JSON; None where it is none.
        content: what it says as bytes, the first 8 MiB of them.
        cut: whether it says more, or did not come to its end in time.
    """

    status: int
    headers: Mapping[str, str]
    body: Any
    content: bytes = b""
    cut: bool = False

    @property
    def served(self) -> bool:
        """Whether the request was done."""
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether it was refused for who asked."""
        return self.status in (401, 403)


class Pace:
    """How much may be asked: so many requests in all, and so many in a second; by any thread."""

    def __init__(
        self,
        most_requests: int,
        most_per_second: float,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`now` is a clock in seconds that never goes back, and `sleep` waits by it."""
        self._left = most_requests
        self._most = most_requests
        self._between_s = 1 / most_per_second
        self._next = now()
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()

    def admit(self) -> None:
        """Wait for the turn of one request.

        Raises:
            TargetError: all that may be asked was asked.
        """
        with self._lock:
            if self._left <= 0:
                raise TargetError(
                    f"the budget of {self._most} requests is used up; raise [hipaa.safety] "
                    "most_requests"
                )
            self._left -= 1
            now = self._now()
            turn = max(now, self._next)
            self._next = turn + self._between_s
        if turn > now:
            self._sleep(turn - now)


class Service:
    """A service over HTTP. Close it at the end.

    Attributes:
        spec: how it is reached. tls: what is trusted of it.
        clock_off_s: by how much its clock was ahead of ours when it answered last, as the header
            Date says (RFC 9110, 6.6.1); 0 where it said nothing.
    """

    def __init__(
        self,
        spec: HttpSpec | OpenAISpec,
        *,
        base_dir: Path,
        environ: Mapping[str, str],
        pace: Pace | None = None,
        marks: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Read the credentials; nothing is asked yet.

        Args:
            spec: how it is reached.
            base_dir: what paths in it are relative to.
            environ: the variables that credentials stand in.
            pace: how much may be asked of it; None sets no limit.
            marks: headers that every request carries, so that its owners know whose it is.

        Raises:
            ConfigError: a variable or the file of authorities is missing.
        """
        self.spec = spec
        self.tls = tls_context(spec.tls, base_dir)
        self._credentials = Credentials(spec.auth, spec.limits.evaluator_header, environ)
        self._client = None
        if spec.auth.oauth2 is not None:
            self._client = ClientCredentials(spec.auth.oauth2, environ)
        self._pace = pace
        self._marks = dict(marks)
        self.clock_off_s = 0.0
        self._token: str | None = None
        self._scopes: frozenset[str] = frozenset()
        # Proxies of the environment are for the world outside, and would see what is said.
        self._http = httpx.Client(
            verify=self.tls, timeout=spec.timeout_s, trust_env=False, follow_redirects=False
        )

    @property
    def name(self) -> str:
        """A short name for reports."""
        return self.spec.name or urlsplit(self.spec.base_url).netloc

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """What can be asked with words, chat first."""
        if isinstance(self.spec, OpenAISpec):
            return (Capability.CHAT,)
        order = (Capability.CHAT, Capability.CRISIS, Capability.EMOTION)
        return tuple(each for each in order if each in self.spec.sections)

    @property
    def credential_headers(self) -> Mapping[str, str]:
        """What the target's credentials put into every request."""
        return MappingProxyType(self._credentials.headers)

    def scopes(self) -> frozenset[str]:
        """What the target's own token may do, where the token service told."""
        if self._client is not None and self._token is None:
            self._token = self.token(None)
        return self._scopes

    @property
    def takes_scopes(self) -> bool:
        """Whether tokens with fewer scopes can be had."""
        return self._client is not None

    def saying(self, text: str, capability: Capability) -> Request:
        """Return the request that says something to a capability."""
        turns = (Turn("user", text),)
        if isinstance(self.spec, OpenAISpec):
            body = {"model": self.spec.model, "messages": [{"role": "user", "content": text}]}
            return Request("POST", "/chat/completions", body)
        section = self.spec.sections[capability]
        body = fill_template(section.request, turns, capability=capability, seed=0)
        return Request(section.method, section.path, body)

    def send(self, request: Request) -> Answer:
        """Send a request with the credentials of the target."""
        headers = dict(self._credentials.headers)
        if self._client is None:
            return self.send_as(request, headers)
        answer = self.send_as(request, {**headers, "Authorization": f"Bearer {self.bearer()}"})
        if answer.status == 401:
            # The token's time may have run out between two requests.
            self._token = None
            answer = self.send_as(request, {**headers, "Authorization": f"Bearer {self.bearer()}"})
        return answer

    def send_as(
        self, request: Request, headers: Mapping[str, str] = MappingProxyType({})
    ) -> Answer:
        """Send a request with these headers and no other credentials.

        Raises:
            TargetError: no answer.
        """
        content = request.raw
        if content is None and request.body is not None:
            content = json.dumps(request.body).encode()
        more = {} if content is None else {"Content-Type": "application/json"}
        url = self.url(request)
        sent = {**self._marks, **more, **request.headers, **headers}
        self._admit()
        try:
            with self._http.stream(request.method, url, content=content, headers=sent) as answer:
                said, cut = _content_of(answer, self.spec.timeout_s)
        except httpx.HTTPError as error:
            raise TargetError(f"{request}: no answer: {self._trouble(error, url)}") from None
        self._look_at_clock(answer.headers)
        return Answer(answer.status_code, answer.headers, _json_of(said), said[:_LONGEST], cut)

    def place(self, request: Request) -> tuple[str, str]:
        """Return method and address without a query: what makes two requests one operation."""
        return request.method, self.url(request).partition("?")[0]

    def url(self, request: Request) -> str:
        """Return where a request goes."""
        base = self.spec.base_url.rstrip("/")
        if request.root:
            place = urlsplit(base)
            base = f"{place.scheme}://{place.netloc}"
        return base + request.path

    def bearer(self) -> str | None:
        """Return the bearer token that the target's credentials give, if they give one."""
        if self._client is not None:
            if self._token is None:
                self._token = self.token(None)
            return self._token
        kind, _, value = self._credentials.headers.get("Authorization", "").partition(" ")
        return value if kind.lower() == "bearer" else None

    def token(self, scopes: Sequence[str] | None) -> str:
        """Ask for a token; without scopes, for what the configuration asks.

        Raises:
            TargetError: none was given.
        """
        assert self._client is not None
        assert self.spec.auth.oauth2 is not None
        url = self.spec.auth.oauth2.token_url
        if url.startswith("/"):
            url = self.spec.base_url.rstrip("/") + url
        form = dict(self._client.form)
        if scopes is not None:
            form["scope"] = " ".join(scopes)
        self._admit()
        headers = {**self._marks, **self._client.headers}
        try:
            answer = self._http.post(url, data=form, headers=headers)
        except httpx.HTTPError as error:
            raise TargetError(f"no access token: {self._trouble(error, url)}") from None
        body = _json_of(answer.content)
        token = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(token, str):
            raise TargetError(
                f"no access token: the token service answers {answer.status_code}; mend "
                "[target.auth.oauth2]"
            )
        if scopes is None and isinstance(body.get("scope"), str):
            self._scopes = frozenset(body["scope"].split())
        return token

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _admit(self) -> None:
        if self._pace is not None:
            self._pace.admit()

    def _trouble(self, error: httpx.HTTPError, url: str) -> str:
        if isinstance(error, httpx.TimeoutException):
            return (
                f"nothing came within {self.spec.timeout_s:g} s; see why the service hangs there, "
                "or raise [target] timeout_s"
            )
        return transport_failure(error, url, mend="[target] base_url").reason

    def _look_at_clock(self, headers: httpx.Headers) -> None:
        """Hold the service's clock against ours; what a cache gives again says nothing of it."""
        if "date" not in headers or "age" in headers:
            return
        try:
            self.clock_off_s = parsedate_to_datetime(headers["date"]).timestamp() - time.time()
        except (ValueError, OverflowError):
            return


def service_spec(spec: object) -> HttpSpec | OpenAISpec | None:
    """Return the target where it is a service over HTTP."""
    return spec if isinstance(spec, HttpSpec | OpenAISpec) else None


def _content_of(answer: httpx.Response, timeout_s: float) -> tuple[bytes, bool]:
    """Read a body, as far as it comes in time and no further than anybody looks.

    Also returns whether that was not all of it.
    """
    until = time.monotonic() + timeout_s
    body = bytearray()
    for piece in answer.iter_bytes():
        body += piece
        if len(body) > _LONGEST or time.monotonic() > until:
            return bytes(body), True
    return bytes(body), False


def _json_of(content: bytes) -> Any:
    try:
        return json.loads(content) if len(content) <= _LONGEST else None
    except (ValueError, RecursionError):
        return None
