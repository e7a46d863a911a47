"""The model provider that looks over replies before they go out, where one is configured."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from clinigate.reference.defect import Spill

if TYPE_CHECKING:
    import ssl

__all__ = ["Provider"]

_PATH = "/v1/moderations"
_TIMEOUT_S = 5.0
_LOGGER = logging.getLogger("clinigate.reference")


class Provider:
    """Sends each reply to a provider: the reply alone, under a name that tells nothing.

    What it says is not waited for longer than five seconds, and changes nothing: the replies of
    this service are fixed.
    """

    def __init__(self, url: str, *, spill: Spill | None) -> None:
        self._url = url.rstrip("/")
        self._spill = spill

    async def look_over(self, reply: str, said: str, *, patient: str, person: str) -> None:
        """Send a reply; `person` stands for the patient, `said` is what was said to us."""
        import httpx

        name = patient if self._spill is Spill.URL else person
        body: dict[str, Any] = {"input": reply}
        if self._spill is Spill.PROMPT:
            body["context"] = said
        try:
            # Proxies of the environment are for others, and would see what is sent.
            async with httpx.AsyncClient(
                timeout=_TIMEOUT_S, trust_env=False, verify=self._authorities
            ) as client:
                await client.post(f"{self._url}{_PATH}?user={quote(name)}", json=body)
        except httpx.HTTPError as error:
            fields = {"failure": type(error).__name__}
            _LOGGER.warning("provider lost", extra={"fields": fields})

    @cached_property
    def _authorities(self) -> ssl.SSLContext:
        """Whom to trust; read once, since that takes longer than a request."""
        import httpx

        return httpx.create_ssl_context()
