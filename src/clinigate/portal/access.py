"""Who may look: by being on this machine, by a token, or by the word of a proxy in front."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from clinigate.config.portal import PortalTable
from clinigate.errors import UsageError

__all__ = ["MIN_TOKEN", "Access", "Sessions", "access_of"]

#: Characters of a token, and how many of them differ: what nobody guesses.
MIN_TOKEN, MIN_DIFFERENT = 32, 10
_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "[::1]"})

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Access:
    """How a reader is let in.

    Attributes:
        hosts: values of the Host header, without port, that are answered: a foreign name that
            was made to lead here is not.
        token: SHA-256 of the token; None without one.
        user_header, proxies: the header that is believed, and from which addresses.
        secure: whether readers come by TLS, so that a cookie is sent by TLS alone.
    """

    hosts: frozenset[str]
    token: bytes | None = field(default=None, repr=False)
    user_header: str | None = None
    proxies: tuple[_Network, ...] = ()
    secure: bool = False

    def knows(self, token: str) -> bool:
        """Tell whether this is the token, in a time that says nothing about it."""
        if self.token is None:
            return False
        return hmac.compare_digest(hashlib.sha256(token.encode()).digest(), self.token)

    def believes(self, address: str) -> bool:
        """Tell whether the header of who connects from this address is believed."""
        try:
            peer = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(peer, "ipv4_mapped", None)
        return any((mapped or peer) in network for network in self.proxies)


def access_of(table: PortalTable, host: str, environ: Mapping[str, str]) -> Access:
    """Return how readers are let in when the portal listens on `host`.

    Raises:
        UsageError: it would be open to others than those who are on this machine, or what would
            keep them out is incomplete; the field is named.
    """
    local = _is_local(host)
    hosts = frozenset(table.hosts) | (_THIS_MACHINE if local else _own(host))
    token = _token(table, environ)
    if (table.user_header is None) != (not table.trusted_proxies):
        raise UsageError(
            "[portal] user_header and trusted_proxies belong together: which header, from whom"
        )
    if token is not None and table.user_header is not None:
        raise UsageError(
            f"{table.token_env} and [portal] user_header are both set; let readers in by one"
        )
    if not local:
        _check_far(table, host, hosts, token)
    proxies = tuple(ipaddress.ip_network(each) for each in table.trusted_proxies)
    secure = table.tls_certificate is not None or (table.tls_in_front and not local)
    return Access(hosts, token, table.user_header, proxies, secure)


def _check_far(table: PortalTable, host: str, hosts: frozenset[str], token: bytes | None) -> None:
    if token is None and table.user_header is None:
        raise UsageError(
            f"{host} is reached from other machines; set {table.token_env} to a token of "
            f"{MIN_TOKEN} characters or more, or [portal] user_header and trusted_proxies"
        )
    if not hosts:
        raise UsageError(
            f"{host} is every address of this machine; name in [portal] hosts how it is reached"
        )
    if token is not None and table.tls_certificate is None and not table.tls_in_front:
        raise UsageError(
            f"on {host} the token would travel readable; set [portal] tls_certificate and tls_key, "
            "or tls_in_front where a proxy ends TLS"
        )


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError as error:
        raise UsageError(
            f"[portal] host: got {host!r}, wanted an address of this machine, as 127.0.0.1"
        ) from error


def _own(host: str) -> frozenset[str]:
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        return frozenset()
    return frozenset({f"[{host}]" if address.version == 6 else host})


def _token(table: PortalTable, environ: Mapping[str, str]) -> bytes | None:
    text = environ.get(table.token_env)
    if not text:
        return None
    if len(text) < MIN_TOKEN or len(set(text)) < MIN_DIFFERENT or not text.isprintable():
        raise UsageError(
            f"{table.token_env}: {len(text)} characters, wanted {MIN_TOKEN} or more, of "
            f"{MIN_DIFFERENT} different ones or more; `openssl rand -hex 32` makes one"
        )
    return hashlib.sha256(text.encode()).digest()


class Sessions:
    """Who has signed in: nothing is kept but a key of this process, so that its end ends them."""

    def __init__(self, lasting: timedelta, *, key: bytes | None = None) -> None:
        self.lasting = lasting
        self._key = secrets.token_bytes(32) if key is None else key

    def begin(self, now: datetime) -> str:
        """Return a cookie's value that counts from now on."""
        return self._signed(str(int((now + self.lasting).timestamp())))

    def counts(self, cookie: str, now: datetime) -> bool:
        """Tell whether a cookie's value is of ours and not over."""
        ends, _, _ = cookie.partition(".")
        if not ends.isascii() or not ends.isdigit() or len(ends) > 12:
            return False
        ours = hmac.compare_digest(cookie.encode(), self._signed(ends).encode())
        return ours and now.timestamp() < int(ends)

    def _signed(self, ends: str) -> str:
        return f"{ends}.{hmac.new(self._key, ends.encode(), hashlib.sha256).hexdigest()}"
