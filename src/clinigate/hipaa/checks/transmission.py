"""CG-HIPAA-TRANSMISSION-001 — PHI that travels in clear. 45 CFR 164.312(e)(1), (e)(2)(ii).

A real handshake with the service: its certificate must be one of an authority that the target's
configuration trusts and name the host, the version must be TLS 1.2 or newer, and a client that
speaks nothing newer than TLS 1.1 must be turned away. Plain HTTP at the same address (beside port
443 at port 80 too) and at those of `[hipaa.transmission] plain` must serve nothing, neither the
front page nor what patients ask; a redirect to HTTPS is fine. Limits: what goes on behind the
address, between proxies and databases, is not seen from here.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import warnings
from collections.abc import Iterator, Sequence
from urllib.parse import SplitResult, urlsplit

from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import NO_SERVICE, Premises
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.service import Service

__all__ = ["transmission_security"]

_TIMEOUT_S = 10.0
_NO_ANSWER_S = 3.0
#: What OpenSSL says before it has sent anything.
_OF_OUR_OWN = ("NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE", "INTERNAL_ERROR")


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
    path = urlsplit(service.url(service.saying("Good morning.", service.capabilities[0]))).path
    for address in _plain_addresses(place, premises.table.transmission.plain):
        _plain(tally, *address, path=path, own=place)
    yield from tally.observations()


def _plain_addresses(place: SplitResult, named: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The service's own port, the one where web servers speak in clear, and those named."""
    host = place.hostname or ""
    others = [urlsplit(url) for url in named]
    found = [(each.hostname or "", each.port or 80) for each in others]
    if place.scheme == "https":
        # Beside 443 it is 80 that browsers go to; beside any other port it is somebody else's.
        front = [(host, 80)] if _address_of(place)[1] == 443 else []
        found = [_address_of(place), *front, *found]
    yield from dict.fromkeys(found)


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
    except ssl.SSLError as error:
        if error.reason in _OF_OUR_OWN:
            tally.cannot("a client that speaks TLS 1.1 at most; this OpenSSL refuses to be one")
        else:
            tally.expect(True, place.netloc, "")
    except ConnectionError:
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


def _plain(tally: Tally, host: str, port: int, *, path: str, own: SplitResult) -> None:
    """Ask for the front page, and for what is said to the service: proxies tell them apart."""
    where = f"http://{host}:{port}"
    for asked in dict.fromkeys(("/", path)):
        try:
            status, location = _asked_in_clear(host, port, asked)
        except ConnectionRefusedError:
            tally.expect(True, where, "")
            return
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, OSError) and not isinstance(error, ConnectionError | TimeoutError):
                tally.cannot(f"{where}: it cannot be reached ({type(error).__name__})")
                return
            if isinstance(error, TimeoutError) and host != own.hostname:
                tally.cannot(f"{where}: nothing answers; is the address right?")
                return
            tally.expect(True, where, "")
            continue
        redirected = 300 <= status < 400 and location.startswith("https://")
        # 400 is how a TLS port of a web server answers who does not speak TLS.
        turned_away = status == 426 or (status == 400 and (host, port) == _address_of(own))
        if status == 403:
            tally.cannot(f"{where}{asked}: answers 403 over plain HTTP, maybe for who asks")
        elif redirected or turned_away:
            tally.expect(True, where, "")
        else:
            tally.expect(False, where, f"answers {status} over plain HTTP")
            return


def _address_of(place: SplitResult) -> tuple[str, int]:
    return place.hostname or "", place.port or 443


def _asked_in_clear(host: str, port: int, path: str) -> tuple[int, str]:
    link = http.client.HTTPConnection(host, port, timeout=_NO_ANSWER_S)
    try:
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, answer.headers.get("Location", "")
    finally:
        link.close()
