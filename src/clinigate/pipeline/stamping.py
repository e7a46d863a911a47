"""Ask a time-stamping authority to vouch for the time of a seal (RFC 3161 over HTTP).

The seal stands before anybody is asked, and nothing that goes wrong here takes it away: its time is
"not proven", and can be asked for again.
"""

from __future__ import annotations

import secrets
import time

from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.files import write_atomic
from clinigate.evidence.names import STAMP
from clinigate.evidence.stamp_tokens import LARGEST, Stamp, parse_stamp, verify_stamp
from clinigate.evidence.stamps import envelope_digest, stamp_request
from clinigate.pipeline.sealing_key import Authority

__all__ = ["stamp", "stamped_by"]

_SECONDS = 15.0
_SECONDS_IN_ALL = 60.0


def stamp(bundle: Bundle, authority: Authority) -> Bundle:
    """Ask for a time stamp over a sealed bundle's envelope, and keep it as `timestamp.tsr`.

    What stands there and is over this envelope is kept. The authority learns a digest, nothing
    else.

    Args:
        bundle: a sealed run, in its directory.
        authority: whom to ask.

    Returns:
        The bundle with its stamp.

    Raises:
        EvidenceError: it is stamped already, nobody answers, the answer is none, or is over other
            bytes, or is by an authority that `authority.roots` do not vouch for; the bundle is as
            it was.
    """
    digest = envelope_digest(bundle)
    by = stamped_by(bundle)
    if by is not None:
        raise EvidenceError(
            f"{bundle.path / STAMP}: {by} stamped this seal already; to ask another authority, "
            "move that file away first"
        )
    nonce = secrets.randbits(64)
    answer = _post(authority.url, stamp_request(digest, nonce))
    try:
        found = (
            parse_stamp(answer)
            if authority.roots is None
            else verify_stamp(answer, digest, authority.roots)
        )
        _compare(found, digest, nonce)
    except IntegrityError as error:
        raise EvidenceError(f"{authority.url}: the answer is not kept: {error}") from error
    write_atomic(bundle.path / STAMP, answer, scratch_in=bundle.path.parent)
    return open_bundle(bundle.path)


def _compare(found: Stamp, digest: bytes, nonce: int) -> None:
    if found.digest != digest:
        raise IntegrityError("it is over other bytes")
    # Who gives old answers again to new questions is no authority, even over the right bytes.
    if found.nonce != nonce:
        raise IntegrityError("it answers another question (its nonce is not ours)")


def stamped_by(bundle: Bundle) -> str | None:
    """Return who, by its own word, stamped this very seal; None where nobody readable did."""
    if STAMP not in bundle.names:
        return None
    try:
        found = parse_stamp(bundle.read(STAMP))
    except IntegrityError:
        return None
    return found.by if found.digest == envelope_digest(bundle) else None


def _post(url: str, request: bytes) -> bytes:
    """Send a request as RFC 3161 section 3.4 says, and return the answer's bytes.

    Raises:
        EvidenceError: nobody answers, or not with a time stamp.
    """
    # Most runs ask nobody over HTTP.
    import httpx

    headers = {
        "Content-Type": "application/timestamp-query",
        "Accept": "application/timestamp-reply",
    }
    try:
        with httpx.stream(
            "POST", url, content=request, headers=headers, timeout=_SECONDS
        ) as response:
            if response.status_code != 200:
                raise EvidenceError(f"{url}: answered {response.status_code}, wanted 200")
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if kind.startswith("text/"):
                raise EvidenceError(f"{url}: answered with {kind}, no time stamp")
            answer, until = bytearray(), time.monotonic() + _SECONDS_IN_ALL
            for chunk in response.iter_bytes():
                answer += chunk
                if time.monotonic() > until:
                    raise EvidenceError(f"{url}: answers for more than {_SECONDS_IN_ALL:g} s")
                if len(answer) > LARGEST:
                    raise EvidenceError(f"{url}: answered with more than {LARGEST} bytes")
            return bytes(answer)
    except httpx.InvalidURL as error:
        raise EvidenceError(f"{url}: no address that can be asked") from error
    except httpx.HTTPError as error:
        raise EvidenceError(f"{url}: no answer ({type(error).__name__})") from error
