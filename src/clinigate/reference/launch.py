"""Start the service as a process of its own, know when it answers, and be sure that it ends."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import selectors
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urlsplit

from clinigate.errors import TargetError
from clinigate.reference.credentials import STORE_KEY_VARIABLE, Credentials
from clinigate.reference.defects import CLEAN, defect_named
from clinigate.reference.extra import require_extra

__all__ = ["Connection", "running"]

_STOP_S = 10.0
_TOKEN_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a service that runs.

    Attributes:
        base_url: `https://127.0.0.1:PORT`. ca_file: the one certificate to trust for it.
        model: its model card, as `/v1/model` gives it.
        clients: credentials by name: `evaluator` (a quota for tests) and `app` (100 a minute).
        audit_log, database, log_file: where its records lie. pid: its process.
        expired_token: one that should open nothing any more.
        store_key: of the database, as 64 hex digits; what verifies a copy of it needs it.
        keeping: how conversations lie there.
        idle_timeout_s: how long a session may idle.
        people: how those whom every start with records of care knows log in, by login.
    """

    base_url: str
    ca_file: Path
    model: Mapping[str, Any]
    clients: Mapping[str, Credentials]
    audit_log: Path
    database: Path
    log_file: Path
    pid: int
    expired_token: str = field(repr=False)
    store_key: str = field(repr=False)
    keeping: str = "sealed"
    idle_timeout_s: float = 900.0
    people: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def client_id(self) -> str:
        """The evaluator's id."""
        return self.clients["evaluator"].client_id

    @property
    def client_secret(self) -> str:
        """The evaluator's secret."""
        return self.clients["evaluator"].client_secret

    @property
    def data_dir(self) -> Path:
        """The folder of its records and of what it leaves beside them."""
        return self.database.parent

    def keep_up(self) -> None:
        """Have it rotate its access log, save its cache and back up its store, soon."""
        os.kill(self.pid, signal.SIGHUP)

    def verifier(self, what: str) -> list[str]:
        """Return the command that tells whether a copy of `audit` or `store` was altered.

        The path of the copy comes after it; the store's needs `store_key` in the variable
        `STORE_KEY_VARIABLE`.
        """
        command = [sys.executable, "-P", "-m", "clinigate.reference.verify"]
        return [*command, "--keeping", self.keeping, what]

    @property
    def token_url(self) -> str:
        """Where tokens are handed out."""
        return f"{self.base_url}/oauth/token"

    def token(self, *scopes: str, client: str = "evaluator") -> str:
        """Ask the service for a bearer token; no scope means all that the client may have.

        Raises:
            TargetError: the service is gone, or refused.
        """
        held = self.clients[client]
        form = {
            "grant_type": "client_credentials",
            "client_id": held.client_id,
            "client_secret": held.client_secret,
        }
        if scopes:
            form["scope"] = " ".join(scopes)
        try:
            answer = self._post_form("/oauth/token", urlencode(form))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise TargetError(f"reference service: no token: {error}") from error
        if "access_token" not in answer:
            raise TargetError(f"reference service: no token: {answer.get('error')}")
        return str(answer["access_token"])

    def _post_form(self, path: str, form: str) -> Any:
        # Not urllib: that would send the secret through whatever proxy the environment names.
        link = http.client.HTTPSConnection(
            urlsplit(self.base_url).netloc,
            timeout=_TOKEN_TIMEOUT_S,
            context=ssl.create_default_context(cafile=str(self.ca_file)),
        )
        try:
            link.request("POST", path, form, {"Content-Type": "application/x-www-form-urlencoded"})
            return json.loads(link.getresponse().read())
        finally:
            link.close()


@contextmanager
def running(
    *,
    model: str = "calibrator",
    defect: str | None = None,
    data_dir: Path | None = None,
    token_lifetime_s: float = 3600.0,
    provider_url: str | None = None,
    care: bool = False,
    idle_timeout_s: float = 900.0,
    environ: Mapping[str, str] = MappingProxyType({}),
    timeout_s: float = 60.0,
) -> Iterator[Connection]:
    """Run the service on a free port of the loopback for the length of a `with` block.

    It also ends when this process dies in any way: its standard input is a pipe that only this
    process holds open.

    The options are those of `web.app.asgi_app`; `environ` are variables beside those of this
    process, and `timeout_s` is how long the start may take.

    Raises:
        UsageError: an unknown defect; MissingExtraError without the extra `demo`.
        TargetError: the service did not start; the message has its own words.
    """
    fault = CLEAN if defect is None else defect_named(defect)
    require_extra()
    with tempfile.TemporaryDirectory(prefix="clinigate-start-") as name:
        folder = Path(name)
        command = [sys.executable, "-P", "-m", "clinigate.reference", "--exit-with-stdin"]
        command += ["--model", model, "--ready-file", str(folder / "ready.json")]
        command += ["--token-lifetime-s", str(token_lifetime_s)]
        command += ["--defect", defect] if defect is not None else []
        command += ["--data-dir", str(data_dir)] if data_dir is not None else []
        command += ["--provider-url", provider_url] if provider_url is not None else []
        command += ["--care", "--idle-timeout-s", str(idle_timeout_s)] if care else []
        key = secrets.token_hex(32)
        with (
            (folder / "stderr").open("wb") as errors,
            _process(command, errors, {**environ, STORE_KEY_VARIABLE: key}) as process,
        ):
            _await_ready(process, folder / "stderr", timeout_s)
            yield _read_ready(folder / "ready.json", key, fault.records)


@contextmanager
def _process(
    command: list[str], errors: Any, environ: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(  # noqa: S603 - this interpreter, and options that no shell reads
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env={**os.environ, **environ},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process
    finally:
        process.stdin.close()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _await_ready(process: subprocess.Popen[bytes], errors: Path, timeout_s: float) -> None:
    assert process.stdout is not None
    deadline = time.monotonic() + timeout_s
    said = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not said.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TargetError(f"reference service: not ready within {timeout_s:g} s")
            piece = process.stdout.read1(4096)  # type: ignore[attr-defined]
            if not piece:
                raise TargetError(f"reference service: did not start: {_last_line(errors)}")
            said += piece


def _last_line(errors: Path) -> str:
    lines = errors.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def _read_ready(path: Path, key: str, keeping: str) -> Connection:
    ready = json.loads(path.read_text(encoding="utf-8"))
    return Connection(
        base_url=ready["base_url"],
        ca_file=Path(ready["ca_file"]),
        model=ready["model"],
        clients={name: Credentials(**held) for name, held in ready["clients"].items()},
        audit_log=Path(ready["audit_log"]),
        database=Path(ready["database"]),
        log_file=Path(ready["log_file"]),
        pid=ready["pid"],
        expired_token=ready["expired_token"],
        store_key=key,
        keeping=keeping,
        idle_timeout_s=ready["idle_timeout_s"],
        people=ready["people"],
    )
