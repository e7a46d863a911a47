"""One start of the service as a process: records, TLS, ready-file, and a clean end."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import ssl
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from clinigate.errors import EvidenceError, UsageError
from clinigate.reference.care.care import IDLE_S, CareOptions
from clinigate.reference.credentials import CARE_DSN_VARIABLE, STORE_KEY_VARIABLE, key_of
from clinigate.reference.lapses.traffic import WEAK_CIPHER
from clinigate.reference.tls import server_identity
from clinigate.reference.web import wire
from clinigate.reference.web.app import (
    EVALUATOR_PER_MINUTE,
    TOKEN_LIFETIME_S,
    ReferenceApp,
    asgi_app,
)
from clinigate.reference.web.logs import log_to
from clinigate.reference.web.pacing import Pacing

__all__ = [
    "LOG_FILE",
    "READY_SCHEMA",
    "AnnouncingServer",
    "Options",
    "listening",
    "serve",
    "uvicorn_config",
]

READY_SCHEMA = "clinigate.reference.ready/1"
CA_FILE = "ca.pem"
LOG_FILE = "service.log"
_GRACE_S = 2
#: Of TLS 1.2: forward secrecy and authenticated encryption alone (NIST SP 800-52, revision 2).
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
_BACKLOG = 512
# Long, so that no connection is closed just as an evaluator sends on it after a pause: the failed
# attempt would count as a missed crisis.
_KEEP_ALIVE_S = 120


@dataclass(frozen=True, slots=True)
class Options:
    """How to start.

    Attributes:
        port: 0 takes a free one. data_dir: None takes a temporary folder, removed at the end.
        ready_file: written once requests are answered, removed at the end; holds the credentials.
        ca_file: where the authority's certificate goes; None means into the data directory.
        requests_per_minute: of the evaluator; 0 sets no limit.
        tokens_per_s, first_token_s: how fast replies are said; 0 says them at once.
        provider_url: a model provider that looks over replies; None asks nobody.
        care: whether records of care are kept. idle_timeout_s: how long a session of theirs lasts
            without a request.
        exit_with_stdin: end when standard input does, so that the service never outlives the
            program that started it, however that one dies.
    """

    model: str = "calibrator"
    defect: str | None = None
    host: str = "127.0.0.1"
    port: int = 0
    data_dir: Path | None = None
    ready_file: Path | None = None
    ca_file: Path | None = None
    token_lifetime_s: float = TOKEN_LIFETIME_S
    requests_per_minute: int = EVALUATOR_PER_MINUTE
    tokens_per_s: float = 0.0
    first_token_s: float = 0.0
    provider_url: str | None = None
    care: bool = False
    idle_timeout_s: float = IDLE_S
    exit_with_stdin: bool = False


def serve(options: Options, announce: Callable[[str], None]) -> None:
    """Run the service until a signal or the end of standard input.

    `announce` gets one line of JSON, which holds no secret, once requests are answered.

    Raises:
        UsageError: an unknown model or defect, or an address that cannot be bound.
        EvidenceError: the data directory or a file in it cannot be written.
    """
    os.umask(0o077)
    with ExitStack() as stack:
        # 1. The engine and the records; a wrong option ends here, before anything is opened.
        app = stack.enter_context(
            closing(
                asgi_app(
                    model=options.model,
                    defect=options.defect,
                    data_dir=options.data_dir,
                    store_key=_store_key(),
                    token_lifetime_s=options.token_lifetime_s,
                    evaluator_per_minute=options.requests_per_minute,
                    pacing=Pacing(options.tokens_per_s, options.first_token_s),
                    provider_url=options.provider_url,
                    care=_care_options(options),
                )
            )
        )
        # What the engine knows stays until the end; no collection need look through it.
        gc.freeze()
        log_file = app.service.data_dir / LOG_FILE
        stack.enter_context(closing(log_to(log_file)))
        # 2. The address, bound before it is told to anyone.
        listener = stack.enter_context(listening(options.host, options.port))
        # 3. A certificate for it. The private key leaves the disk once it is loaded.
        ca_file = options.ca_file or app.service.data_dir / CA_FILE
        config = _tls_config(app, options.host, ca_file)
        # 4. Serve, and tell who waits once requests are answered.
        ready = _ready(app, listener, ca_file, log_file)

        def on_started() -> None:
            if options.ready_file is not None:
                stack.callback(options.ready_file.unlink, missing_ok=True)
                _write_private(options.ready_file, ready)
            announce(json.dumps({"status": "ready", "base_url": ready["base_url"]}))

        server = AnnouncingServer(config, on_started)
        if options.exit_with_stdin:
            _end_with_stdin(server)
        # uvicorn raises the signal again when it is done: without a handler of ours the process
        # would die of it before the records are closed.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        _keep_up_on_hangup(app)
        server.run(sockets=[listener])


class AnnouncingServer(uvicorn.Server):
    """uvicorn, telling when it has begun to answer."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and tell it."""
        await super().startup(sockets)
        self._on_started()


def _tls_config(app: ReferenceApp, host: str, ca_file: Path) -> uvicorn.Config:
    with server_identity(host, ca_file) as identity:
        config = uvicorn_config(app, identity)
    if app.service.defect.old_tls and config.ssl is not None:
        _speak_old_tls(config.ssl)
    if app.service.defect is WEAK_CIPHER and config.ssl is not None:
        config.ssl.set_ciphers(f"{_CIPHERS}:ECDHE+AES")
    return config


def _speak_old_tls(context: ssl.SSLContext) -> None:
    """Let the defect have its way; OpenSSL has TLS 1.1 at its lowest level of security alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")


def _store_key() -> bytes | None:
    """Return the key that whoever started the service gave it, to verify the store with."""
    given = os.environ.get(STORE_KEY_VARIABLE)
    if given is None:
        return None
    try:
        return key_of(given)
    except ValueError as error:
        raise UsageError(f"{STORE_KEY_VARIABLE} {error}") from None


def uvicorn_config(app: ASGIApp, certificate: str) -> uvicorn.Config:
    """Return how every process of the service serves `app`, with the certificate loaded."""
    config = uvicorn.Config(
        app,
        ssl_certfile=certificate,
        ssl_ciphers=_CIPHERS,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=_KEEP_ALIVE_S,
    )
    config.load()
    return config


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Listen on an address for the length of a block.

    Raises:
        UsageError: it cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches Nagle's algorithm off only where it is: with
    # it on, each answer would wait 40 ms for the client's delayed acknowledgement.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(_BACKLOG)
        except (OSError, OverflowError) as error:
            raise UsageError(f"cannot listen on {host}:{port}: {error}; choose another") from error
        yield listener


def _ready(app: ReferenceApp, listener: socket.socket, ca: Path, log: Path) -> dict[str, Any]:
    host, port = listener.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    service = app.service
    return {
        "schema": READY_SCHEMA,
        "pid": os.getpid(),
        "base_url": f"https://{name}:{port}",
        "ca_file": str(ca.absolute()),
        "model": wire.model_card(service.engine.card),
        "clients": {
            key: {
                "client_id": credentials.client_id,
                "client_secret": credentials.client_secret,
                "requests_per_minute": credentials.requests_per_minute,
                "requests_per_hour": credentials.requests_per_hour,
            }
            for key, credentials in app.credentials.items()
        },
        "expired_token": app.expired_token(),
        "idle_timeout_s": 0.0 if app.care is None else app.care.sessions.idle_s,
        "people": {} if app.care is None else dict(app.care.seeds),
        "audit_log": str(service.audit.path.absolute()),
        "database": str(service.store.path.absolute()),
        "log_file": str(log.absolute()),
    }


def _care_options(options: Options) -> CareOptions | None:
    if not options.care:
        return None
    return CareOptions(options.idle_timeout_s, os.environ.get(CARE_DSN_VARIABLE))


def _keep_up_on_hangup(app: ReferenceApp) -> None:
    """Let SIGHUP rotate and back up, as daemons do; in a thread, since it may come at any time."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(
            signal.SIGHUP,
            lambda *_: threading.Thread(target=app.footprint.upkeep, daemon=True).start(),
        )


def _write_private(path: Path, content: dict[str, Any]) -> None:
    """Put a whole file in place at once, readable by its owner alone."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(content, out, indent=1)
        draft.replace(path)
    except OSError as error:
        raise EvidenceError(f"ready-file {path}: {error.strerror}") from error


def _end_with_stdin(server: uvicorn.Server) -> None:
    def watch() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True

    threading.Thread(target=watch, name="stdin-watch", daemon=True).start()
