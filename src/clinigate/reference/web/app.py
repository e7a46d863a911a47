"""The service as an ASGI application."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from clinigate.reference.care.care import Care, CareOptions, open_care
from clinigate.reference.care.people import CARE_SCOPES
from clinigate.reference.credentials import Credentials
from clinigate.reference.footprint.disk import OnDisk
from clinigate.reference.lapses import access
from clinigate.reference.local import LocalMind, LocalRecords
from clinigate.reference.service import Clock, Service, open_service
from clinigate.reference.web.api import Api
from clinigate.reference.web.care.traffic_around import Around
from clinigate.reference.web.clients import TokenDesk, new_clients
from clinigate.reference.web.frame import Frame
from clinigate.reference.web.load import Load
from clinigate.reference.web.metrics import Metrics
from clinigate.reference.web.pacing import Pacing
from clinigate.reference.web.ratelimit import RateLimit

__all__ = ["EVALUATOR_PER_MINUTE", "TOKEN_LIFETIME_S", "ReferenceApp", "asgi_app", "framed"]

TOKEN_LIFETIME_S = 3600.0
"""How long a token lives, unless the start says otherwise."""

EVALUATOR_PER_MINUTE = 60_000
"""How many requests the evaluator may send in a minute, unless the start says otherwise."""


class ReferenceApp:
    """The whole service, callable as ASGI.

    Attributes:
        service: what lies behind the routes. api: the routes. metrics: what was counted.
        footprint: what is left beside the records. care: the records of care, if there are any.
        credentials: by name (`app`, `evaluator`), what a client needs to ask for a token.
    """

    def __init__(
        self,
        service: Service,
        *,
        token_lifetime_s: float,
        clock: Clock,
        evaluator_per_minute: int,
        pacing: Pacing,
        provider_url: str | None = None,
        care: Care | None = None,
    ) -> None:
        pairs = new_clients(evaluator_per_minute, () if care is None else CARE_SCOPES)
        self.care = care
        self.service = service
        self.metrics = Metrics()
        self.credentials: Mapping[str, Credentials] = MappingProxyType(
            {name: credentials for name, (_, credentials) in pairs.items()}
        )
        self._desk = TokenDesk(
            (client for client, _ in pairs.values()),
            lifetime_s=token_lifetime_s,
            clock=clock,
            immortal=service.defect.immortal_tokens,
            generous=service.defect is access.SCOPELESS_TOKEN,
        )
        self.footprint = OnDisk(
            service.data_dir,
            service.store,
            clock=clock,
            spill=service.defect.spill,
            provider=provider_url,
        )
        self.api = Api(
            mind=LocalMind(service),
            records=LocalRecords(service),
            desk=self._desk,
            limit=RateLimit(clock=clock, limitless=service.defect is access.UNLIMITED_REQUESTS),
            metrics=self.metrics,
            load=Load(),
            pacing=pacing,
            clock=clock,
            fault=service.defect,
            footprint=self.footprint,
            care=care,
        )
        frame = framed(self.api)
        self._framed = frame if care is None else Around(frame, care)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        scope["app"] = self
        await self._framed(scope, receive, send)

    def token(self, *scopes: str, client: str = "evaluator") -> str:
        """Return a bearer token without HTTP, for use in this process; no scope means all."""
        credentials = self.credentials[client]
        wanted = frozenset(scopes) if scopes else None
        token = self._desk.issue(credentials.client_id, credentials.client_secret, wanted)
        return token.value

    def expired_token(self) -> str:
        """Return a token of the evaluator whose time is over."""
        return self._desk.expired(self.credentials["evaluator"].client_id)

    def close(self) -> None:
        """Close the records. Calling it twice is harmless."""
        if self.care is not None:
            self.care.close()
        self.footprint.close()
        self.service.close()


def asgi_app(
    *,
    model: str = "calibrator",
    defect: str | None = None,
    data_dir: Path | None = None,
    store_key: bytes | None = None,
    token_lifetime_s: float = TOKEN_LIFETIME_S,
    clock: Clock = time.time,
    evaluator_per_minute: int = EVALUATOR_PER_MINUTE,
    pacing: Pacing | None = None,
    provider_url: str | None = None,
    care: CareOptions | None = None,
) -> ReferenceApp:
    """Build the service in this process, without TLS; access control is the same.

    Args:
        model: one of `clinigate.reference.MODELS`.
        defect: a name of `clinigate.reference.defects.DEFECTS`, or None for none.
        data_dir: where the records go; None takes a temporary folder that `close` removes.
        store_key: 32 bytes that the store is encrypted with; None takes fresh ones, and then
            nobody can read the store after `close`.
        token_lifetime_s: how long a token lives.
        clock: seconds since the epoch, for tokens, rate limits and records.
        evaluator_per_minute: how often the evaluator may ask; 0 sets no limit.
        pacing: how fast replies are said; None says them at once.
        provider_url: a model provider that looks over replies; None asks nobody.
        care: how records of care are kept; None keeps none.

    Raises:
        UsageError: an unknown model or defect.
        EvidenceError: the data directory cannot be used.
    """
    key = secrets.token_bytes(32) if store_key is None else store_key
    service = open_service(model=model, defect=defect, data_dir=data_dir, key=key, clock=clock)
    return ReferenceApp(
        service,
        token_lifetime_s=token_lifetime_s,
        clock=clock,
        evaluator_per_minute=evaluator_per_minute,
        pacing=pacing or Pacing(),
        provider_url=provider_url,
        care=None
        if care is None
        else open_care(service.data_dir, key=key, fault=service.defect, clock=clock, options=care),
    )


def framed(api: Api) -> Frame:
    """Return the routes of `api` as one ASGI application."""
    router = Router(api.routes(), redirect_slashes=False)
    return Frame(router, records=api.records, metrics=api.metrics, footprint=api.footprint)
