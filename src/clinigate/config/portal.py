"""The table `[portal]`: who may look at the runs of this system, and from where."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, Field

from clinigate.config.table import Table

__all__ = ["PortalTable"]

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
#: Headers that every browser can send or that mean something else.
_TAKEN = frozenset({"authorization", "cookie", "host", "origin", "referer", "user-agent"})


def _check_host(text: str) -> str:
    if not _HOST.fullmatch(text.lower()):
        raise ValueError("must be a host as browsers send it, without scheme and port")
    return text.lower()


def _check_header(text: str) -> str:
    if not _HEADER.fullmatch(text) or text.lower() in _TAKEN:
        raise ValueError("must be the name of a header that only the proxy sets, as X-Auth-User")
    return text.lower()


def _check_network(text: str) -> str:
    network = ipaddress.ip_network(text)
    if network.prefixlen == 0:
        raise ValueError("names every address there is; name the proxy's own")
    return str(network)


class PortalTable(Table):
    """`[portal]`: who may look at the runs of this system, and from where."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8642, ge=0, le=65535, description="port; 0 takes a free one")
    hosts: list[Annotated[str, AfterValidator(_check_host)]] = Field(
        default=[], description="names under which browsers reach it; other ones are refused"
    )
    token_env: str = Field(
        default="CLINIGATE_PORTAL_TOKEN",
        min_length=1,
        description="environment variable with the token that readers sign in with, "
        "32 characters or more",
    )
    user_header: Annotated[str, AfterValidator(_check_header)] | None = Field(
        default=None, description="header in which the proxy in front names who signed in"
    )
    trusted_proxies: list[Annotated[str, AfterValidator(_check_network)]] = Field(
        default=[], description="addresses of proxies whose header is believed"
    )
    tls_certificate: str | None = Field(
        default=None, description="PEM file of the certificate chain, relative to this file"
    )
    tls_key: str | None = Field(
        default=None, description="PEM file of its key, relative to this file"
    )
    tls_in_front: bool = Field(
        default=False, description="a proxy in front ends TLS, so that no token travels readable"
    )
    session_hours: float = Field(
        default=8.0, gt=0, le=24, description="hours after which a reader signs in again"
    )
    due_days: int = Field(
        default=30, ge=0, le=365, description="what ends within so many days is shown as due"
    )
