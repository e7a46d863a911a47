"""What went wrong on the way to a service, in one sentence that says what to do."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import httpx

from clinigate.core.target import Outcome
from clinigate.targets.attempt import AttemptError
from clinigate.targets.pacing import parse_retry_after

__all__ = ["shown_url", "status_failure", "transport_failure"]


def shown_url(url: str) -> str:
    """Return the URL for a reader: without user, password, query and fragment."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def transport_failure(error: httpx.HTTPError, url: str, *, mend: str) -> AttemptError:
    """Make a failed attempt of what httpx raised.

    Args:
        error: what httpx raised.
        url: where the request went.
        mend: the field that names the address, as `[target] base_url`.
    """
    reason, retryable = _reason(error, mend)
    return AttemptError(
        Outcome.ERROR,
        f"service at {shown_url(url)} {reason}",
        retryable=retryable,
        heard=not isinstance(error, httpx.ConnectError),
    )


def status_failure(
    response: httpx.Response, url: str, *, field: str, credentials: str, now: float
) -> AttemptError | None:
    """Return the failed attempt that a status stands for, or None for 2xx.

    429 alone is throttling. A 503, with or without `Retry-After`, is a service that is down when
    somebody needs it.

    Args:
        response: its body need not be read.
        url: where the request went.
        field: the table that describes the request, as `[target.chat]`.
        credentials: what to do where credentials are refused.
        now: seconds since 1970-01-01 UTC, for `Retry-After`.
    """
    status = response.status_code
    if 200 <= status < 300:
        return None
    place = f"service at {shown_url(url)}"
    retry_after_s = parse_retry_after(response.headers.get("retry-after"), now=now)
    if status == 429:
        reason = f"{place} throttles (429); lower [target.limits] requests_per_minute"
        return AttemptError(Outcome.THROTTLED, reason, retry_after_s=retry_after_s)
    if status >= 500:
        reason = f"{place} failed ({status}); look into its logs"
        return AttemptError(Outcome.ERROR, reason, retryable=True, retry_after_s=retry_after_s)
    reason = f"{place} {_refusal(response, field, credentials)}"
    return AttemptError(Outcome.ERROR, reason, status=status)


def _refusal(response: httpx.Response, field: str, credentials: str) -> str:
    status = response.status_code
    if status == 401:
        challenge = response.headers.get("www-authenticate", "").lower()
        what = "says the token has expired" if "expired" in challenge else "refuses the credentials"
        return f"{what} (401); {credentials}"
    known = {
        403: f"denies access (403); {credentials}, or widen what they may do",
        404: f"has nothing there (404); mend {field}",
        405: f"does not take this method there (405); mend {field}",
        413: f"finds the request too long (413); shorten the case or mend {field}",
        422: f"does not understand the request (422); mend {field} request",
        400: f"does not understand the request (400); mend {field} request",
    }
    if 300 <= status < 400:
        return f"points elsewhere ({status}), and redirects are not followed; mend {field}"
    return known.get(status, f"answers with status {status}; mend {field}")


def _reason(error: httpx.HTTPError, mend: str) -> tuple[str, bool]:
    causes = list(_causes(error))
    connecting = isinstance(error, httpx.ConnectError)
    for cause in causes:
        if connecting and isinstance(cause, ssl.SSLError):
            return _tls_reason(cause, mend), isinstance(cause, ssl.SSLEOFError)
        if isinstance(cause, socket.gaierror):
            return f"is not reachable: its host name is not known; mend {mend}", False
        if isinstance(cause, ConnectionRefusedError):
            return f"is not reachable: connection refused; start it or mend {mend}", True
    if connecting:
        return f"is not reachable: no connection; start it or mend {mend}", True
    if isinstance(error, httpx.RemoteProtocolError):
        return "broke off or spoke no HTTP before its answer was complete", True
    if isinstance(error, httpx.TransportError):
        return f"lost the connection ({type(error).__name__})", True
    return f"cannot be asked ({type(error).__name__}); mend {mend}", False


def _tls_reason(error: ssl.SSLError, mend: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message.rstrip(".")
        return f"shows a certificate that is not trusted: {why}; set [target.tls] ca_file"
    if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return f"speaks no TLS; mend {mend}, or serve it over https"
    return f"failed the TLS handshake ({error.reason}); look at its certificate and protocol"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Every exception that led to this one, in groups too."""
    open_errors: list[BaseException | None] = [error]
    while open_errors:
        current = open_errors.pop(0)
        if current is None:
            continue
        yield current
        if isinstance(current, BaseExceptionGroup):
            open_errors.extend(current.exceptions)
        open_errors.append(current.__cause__ or current.__context__)
