"""Ask a time-stamping authority to vouch for the time of a seal (RFC 3161 over HTTP).

The seal stands before anybody is asked, and nothing that goes wrong here takes it away: its time is
"not proven", and can be asked for again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.files import write_atomic
from clinigate.evidence.names import STAMP
from clinigate.evidence.stamps import envelope_digest, stamp_request
from clinigate.pipeline.sealing_key import Authority

if TYPE_CHECKING:
    from clinigate.evidence.stamp_tokens import Stamp

__all__ = ["Post", "post", "stamp", "stamped_by"]

#: Sends a request to an address and returns the answer's bytes.
Post = Callable[[str, bytes], bytes]

_SECONDS = 15.0


def stamp(bundle: Bundle, authority: Authority, *, send: Post | None = None) -> Bundle:
    """Ask for a time stamp over a sealed bundle's envelope, and keep it as `timestamp.tsr`.

    What stands there and is over this envelope is kept. The authority learns a digest, nothing
    else.

    Args:
        bundle: a sealed run, in its directory.
        authority: whom to ask.
        send: how; over HTTP by default.

    Returns:
        The bundle with its stamp.

    Raises:
        EvidenceError: it is stamped already, nobody answers, the answer is none, or is over other
            bytes, or is by an authority that `authority.roots` do not vouch for; the bundle is as
            it was.
    """
    # cryptography loads with it, which callers without an authority do not need.
    from clinigate.evidence.stamp_tokens import parse_stamp, verify_stamp

    digest = envelope_digest(bundle)
    by = stamped_by(bundle)
    if by is not None:
        raise EvidenceError(
            f"{bundle.path / STAMP}: {by} stamped this seal already; to ask another authority, "
            "move that file away first"
        )
    nonce = secrets.randbits(64)
    answer = (send or post)(authority.url, stamp_request(digest, nonce))
    try:
        found = (
            parse_stamp(answer)
            if authority.roots is None
            else verify_stamp(answer, digest, authority.roots)
        )
        _compare(found, digest, nonce)
    except IntegrityError as error:
        raise EvidenceError(f"{authority.url}: the answer is not kept: {error}") from error
    write_atomic(bundle.path / STAMP, answer)
    return open_bundle(bundle.path)


def _compare(found: Stamp, digest: bytes, nonce: int) -> None:
    if found.digest != digest:
        raise IntegrityError("it is over other bytes")
    # An old answer, played again, would prove an earlier time than the true one for new bytes
    # only if these were known then; the nonce shows that the answer is to this question.
    if found.nonce != nonce:
        raise IntegrityError("it answers another question (its nonce is not ours)")


def stamped_by(bundle: Bundle) -> str | None:
    """Return who, by its own word, stamped this very seal; None where nobody readable did."""
    from clinigate.evidence.stamp_tokens import parse_stamp

    if STAMP not in bundle.names:
        return None
    try:
        found = parse_stamp(bundle.read(STAMP))
    except IntegrityError:
        return None
    return found.by if found.digest == envelope_digest(bundle) else None


def post(url: str, request: bytes) -> bytes:
    """Send a request as RFC 3161 section 3.4 says, and return the answer's bytes.

    Raises:
        EvidenceError: nobody answers, or not with a time stamp.
    """
    # Most runs ask nobody over HTTP.
    import httpx

    from clinigate.evidence.stamp_tokens import LARGEST

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
            answer = bytearray()
            for chunk in response.iter_bytes():
                answer += chunk
                if len(answer) > LARGEST:
                    raise EvidenceError(f"{url}: answered with more than {LARGEST} bytes")
            return bytes(answer)
    except httpx.InvalidURL as error:
        raise EvidenceError(f"{url}: no address that can be asked") from error
    except httpx.HTTPError as error:
        raise EvidenceError(f"{url}: no answer ({type(error).__name__})") from error
