"""The reference service on a port of this process, without TLS, and hunts through it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from clinigate.cli.reference_hipaa import reference_hipaa_tables
from clinigate.cli.reference_target import reference_environment, reference_tables
from clinigate.cli.reference_trace import reference_trace_table
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.config.phi_trace import TraceTable
from clinigate.phi.leaks.hunt import Hunt, hunt
from clinigate.phi.leaks.model import LeakMap
from clinigate.phi.leaks.recorder import recording
from clinigate.phi.leaks.setup import opened_hunt
from clinigate.reference.launch import Connection
from clinigate.reference.server import LOG_FILE, listening
from clinigate.reference.web import wire
from clinigate.reference.web.app import ReferenceApp, asgi_app
from clinigate.reference.web.logs import log_to

SEED = 11


@dataclass
class Traced:
    """A service that runs, and how it would be configured."""

    connection: Connection
    app: ReferenceApp
    config: LoadedConfig
    recorder: Any

    @contextmanager
    def opened(self, environ: Mapping[str, str] | None = None, **table: Any) -> Iterator[Hunt]:
        """Prepare a hunt; changes are to `[phi.trace]`, and `environ` has further variables."""
        base = reference_trace_table() | {"patience_s": 0.05} | table
        phi = self.config.config.phi.model_copy(update={"trace": TraceTable.model_validate(base)})
        config = self.config.config.model_copy(update={"phi": phi})
        with opened_hunt(
            replace(self.config, config=config),
            environ={**reference_environment(self.connection), **(environ or {})},
            seed=SEED,
            recorder=self.recorder,
            upkeep=self.app.footprint.upkeep,
        ) as plan:
            yield plan

    def hunted(self, **table: Any) -> LeakMap:
        """Hunt through it."""
        with self.opened(**table) as plan:
            return hunt(plan)


@contextmanager
def _serving(app: ReferenceApp) -> Iterator[str]:
    with listening("127.0.0.1", 0) as listener:
        started = threading.Event()

        class Server(uvicorn.Server):
            async def startup(self, sockets: Any = None) -> None:
                await super().startup(sockets)
                started.set()

        config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
        server = Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert started.wait(30)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def _traced(folder: Path, defect: str | None) -> Iterator[Traced]:
    with ExitStack() as stack:
        recorder = stack.enter_context(recording())
        app = asgi_app(defect=defect, data_dir=folder, provider_url=recorder.url)
        stack.enter_context(closing(app))
        stack.enter_context(_logging(folder / LOG_FILE))
        service = app.service
        connection = Connection(
            base_url=stack.enter_context(_serving(app)),
            ca_file=folder / "none",
            model=wire.model_card(service.engine.card),
            clients=app.credentials,
            audit_log=service.audit.path,
            database=service.store.path,
            log_file=folder / LOG_FILE,
            pid=0,
            expired_token="",
            store_key="",
        )
        tables = reference_tables(connection)
        del tables["target"]["tls"]
        tables["hipaa"] = reference_hipaa_tables(connection) | {"patience_s": 0.05}
        config = LoadedConfig(Config.model_validate(tables), folder, "clinigate.toml")
        yield Traced(connection, app, config, recorder)


@contextmanager
def _logging(path: Path) -> Iterator[None]:
    """Log as the service's own process does, and leave this one's loggers as they were."""
    loggers = [logging.getLogger(name) for name in ("clinigate.reference", "uvicorn.error")]
    before = [(each.handlers, each.level, each.propagate) for each in loggers]
    with closing(log_to(path)):
        yield
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@pytest.fixture
def traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs the service with a defect, or clean, for the length of a block.

    Of the usual addresses for debugging two are tried: all of them are half of a hunt's requests,
    and the test of the command has them.
    """
    monkeypatch.setattr("clinigate.phi.leaks.setup.DEBUG_PLACES", ("/debug", "/debug/requests"))
    return lambda defect=None: _traced(tmp_path / "service", defect)
