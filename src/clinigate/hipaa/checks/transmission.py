"""CG-HIPAA-TRANSMISSION-001 — PHI that travels in clear. 45 CFR 164.312(e)(1), (e)(2)(ii).

A real handshake with the service: its certificate must be one of an authority that the target's
configuration trusts and name the host, the version must be TLS 1.2 or newer, and a client that
speaks nothing newer than TLS 1.1 must be turned away. Plain HTTP at the same address, and at those
of `[hipaa.transmission] plain`, must serve nothing; a redirect to HTTPS is fine. Limits: what goes
on behind the address, between proxies and databases, is not seen from here.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import warnings
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import NO_SERVICE, Premises
from clinigate.hipaa.service import Service
from clinigate.hipaa.tally import Tally, gap

__all__ = ["transmission_security"]

_TIMEOUT_S = 10.0


def transmission_security(named: Named, premises: Premises) -> Iterator[Observation]:
    """Shake hands, the right way and the wrong ones."""
    service = premises.service
    if service is None:
        yield gap(named, NO_SERVICE)
        return
    tally = Tally(named)
    place = urlsplit(service.spec.base_url)
    tally.expect(place.scheme == "https", place.netloc, "is spoken to over plain HTTP")
    if place.scheme == "https":
        _handshake(tally, service, place)
        _old_client(tally, place)
        _plain(tally, place.hostname or "", place.port or 443)
    for url in premises.table.transmission.plain:
        other = urlsplit(url)
        _plain(tally, other.hostname or "", other.port or 80)
    yield from tally.observations()


def _handshake(tally: Tally, service: Service, place: SplitResult) -> None:
    if not service.spec.tls.verify:
        tally.expect(False, "[target.tls]", "verify = false: any certificate would do")
        return
    context = (
        service.tls if isinstance(service.tls, ssl.SSLContext) else ssl.create_default_context()
    )
    try:
        version = _version(place, context)
    except ssl.SSLCertVerificationError as error:
        tally.expect(False, place.netloc, f"its certificate is not trusted: {error.verify_message}")
        return
    except ssl.SSLError as error:
        tally.expect(False, place.netloc, f"no TLS handshake ({error.reason})")
        return
    tally.expect(True, place.netloc, "")
    tally.expect(version in ("TLSv1.2", "TLSv1.3"), place.netloc, f"shakes hands over {version}")


def _old_client(tally: Tally, place: SplitResult) -> None:
    """Offer nothing newer than TLS 1.1; RFC 8996 has it refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
    except (ssl.SSLError, ValueError):
        tally.cannot("a client that speaks TLS 1.1 at most; this OpenSSL has none")
        return
    try:
        version = _version(place, context)
    except (ssl.SSLError, ConnectionError):
        tally.expect(True, place.netloc, "")
    else:
        tally.expect(False, place.netloc, f"still speaks {version}")


def _version(place: SplitResult, context: ssl.SSLContext) -> str | None:
    host = place.hostname or ""
    try:
        raw = socket.create_connection((host, place.port or 443), timeout=_TIMEOUT_S)
    except OSError as error:
        raise TargetError(f"{place.netloc}: no connection ({error.strerror or error})") from None
    with raw, context.wrap_socket(raw, server_hostname=host) as link:
        return link.version()


def _plain(tally: Tally, host: str, port: int) -> None:
    where = f"http://{host}:{port}"
    link = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
    try:
        link.request("GET", "/")
        answer = link.getresponse()
        status, location = answer.status, answer.headers.get("Location", "")
    except (OSError, http.client.HTTPException):
        tally.expect(True, where, "")
        return
    finally:
        link.close()
    redirected = 300 <= status < 400 and location.startswith("https://")
    # 400 is how a TLS port of a web server answers who does not speak TLS.
    tally.expect(
        redirected or status in (400, 403, 426), where, f"answers {status} over plain HTTP"
    )
