"""Is a bundle what was sealed, by whom, and does it say what was recorded?

Five levels (L0 to L4), each reported for itself. What speaks for a bundle comes from outside of it:
the trust file, the last checkpoint that was seen, the catalogue of controls. A self-consistent
bundle with its own key proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from clinigate.errors import IntegrityError
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.envelope import pae, verify_envelope
from clinigate.evidence.names import PAYLOAD_TYPE, UNSIGNED_STATEMENT, in_sealed_set
from clinigate.evidence.proven_time import ProvenTime
from clinigate.evidence.report import Level, LevelResult, LevelStatus, VerificationReport
from clinigate.evidence.semantics import contradictions
from clinigate.evidence.standing import Standing, standing_of
from clinigate.evidence.times import Clock, parse_timestamp, system_clock
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.evidence.verify_ledger import verify_in_ledger
from clinigate.evidence.verify_time import verify_time
from clinigate.evidence.witness import WITNESS_ROLE, log_keys

__all__ = ["verify_bundle"]


def verify_bundle(
    bundle: Bundle,
    *,
    trust: TrustStore | None = None,
    threshold: int = 1,
    ledger: Path | None = None,
    last_checkpoint: bytes | None = None,
    known_control: Callable[[str], bool] | None = None,
    stamp_roots: Path | None = None,
    clock: Clock = system_clock,
) -> VerificationReport:
    """Verify a bundle on all levels.

    Args:
        bundle: what to verify.
        trust: the keys that count; without them nothing says who made it.
        threshold: how many distinct trusted keys must have signed.
        ledger: the ledger's directory, to see that the whole log is sound.
        last_checkpoint: a checkpoint of the log that was kept elsewhere: what shows a rollback.
        known_control: tells whether a control id is in the catalogue.
        stamp_roots: PEM file with the certificates of the time-stamping authorities that count.
        clock: says when now is, for what a key is worth today.

    Raises:
        ValueError: a threshold below 1.
    """
    # Who stole a key can back-date what he signs: whether somebody else vouches for the time
    # decides which keys count.
    proven, time = verify_time(bundle, trust, ledger, stamp_roots)
    signed_by, signature = _signature(bundle, trust, threshold, proven)
    return VerificationReport(
        run=bundle.run,
        run_status=bundle.status,
        signed=bundle.signed,
        signed_by=signed_by,
        levels=(
            _digests(bundle),
            signature,
            verify_in_ledger(bundle, trust, ledger, last_checkpoint, proven),
            time,
            _meaning(bundle, known_control),
        ),
        standings=_standings(bundle, trust, proven, clock()),
    )


def _digests(bundle: Bundle) -> LevelResult:
    problems = list(_digest_problems(bundle))
    if problems:
        return LevelResult(Level.DIGESTS, LevelStatus.FAILED, tuple(problems))
    count = len(bundle.statement.files)
    return LevelResult(Level.DIGESTS, LevelStatus.OK, (f"{count} files have their digests",))


def _digest_problems(bundle: Bundle) -> Iterator[str]:
    stated = bundle.statement.files
    present = {name for name in bundle.names if in_sealed_set(name)}
    for name in sorted(stated.keys() - present):
        yield f"{name}: missing"
    for name in sorted(present - stated.keys()):
        yield f"{name}: was not sealed with the run; it was put there later"
    for name in sorted(present & stated.keys()):
        try:
            found = bundle.source.digest(name)
        except IntegrityError as error:
            yield str(error) if name in str(error) else f"{name}: {error}"
            continue
        if found != stated[name]:
            yield f"{name}: was changed: sha256 is {found}, sealed was {stated[name]}"


def _signature(
    bundle: Bundle, trust: TrustStore | None, threshold: int, proven: ProvenTime | None
) -> tuple[tuple[TrustedKey, ...], LevelResult]:
    name = bundle.statement_name
    if bundle.envelope.payload_type != PAYLOAD_TYPE:
        return (), _failed(f"{name}: payload type is not {PAYLOAD_TYPE}")
    states_signed = bundle.statement.signed
    if bundle.signed != states_signed or (name == UNSIGNED_STATEMENT) == states_signed:
        return (), _failed(f"{name}: the signatures do not fit the statement; they were exchanged")
    if not bundle.signed:
        text = f"{name}: UNSIGNED: nobody states this; anybody could have made it"
        return (), LevelResult(Level.SIGNATURE, LevelStatus.NOT_ASSESSED, (text,))
    if trust is None:
        hints = ", ".join(signature.keyid for signature in bundle.envelope.signatures)
        text = f"{name}: signed as {hints}; no trust file given, so that nobody vouches for the key"
        return (), LevelResult(Level.SIGNATURE, LevelStatus.NOT_ASSESSED, (text,))
    return _trusted_signature(bundle, trust, threshold, proven)


def _trusted_signature(
    bundle: Bundle, trust: TrustStore, threshold: int, proven: ProvenTime | None
) -> tuple[tuple[TrustedKey, ...], LevelResult]:
    name = bundle.statement_name
    sealed = parse_timestamp(bundle.statement.sealed_at)
    moment = None if proven is None else proven.moment
    # Who witnesses the log does not also write what stands in it.
    counting = TrustStore(log_keys(trust)).trusted_at(sealed, proven=moment)
    try:
        _, keyids = verify_envelope(bundle.envelope, counting, threshold)
    except IntegrityError as error:
        untimely = [
            why for key in _signers(bundle, trust) if (why := _why_not(key, sealed, moment))
        ]
        return (), _failed(*(f"{name}: {text}" for text in [*untimely, str(error)]))
    # The hint is unsigned; one that names another key was edited.
    known = {key.keyid for key in _signers(bundle, trust)}
    if not known <= {signature.keyid for signature in bundle.envelope.signatures}:
        return (), _failed(f"{name}: a keyid does not name the key that signed; it was edited")
    keys = tuple(key for key in trust.keys if key.keyid in keyids)
    sentences = tuple(f"{name}: signed by {k.name} ({k.role}, key {k.keyid[:16]})" for k in keys)
    return keys, LevelResult(Level.SIGNATURE, LevelStatus.OK, sentences)


def _why_not(key: TrustedKey, sealed: datetime, proven: datetime | None) -> str | None:
    if key.role == WITNESS_ROLE:
        return f"key {key.name!r} is a witness's, which vouches for the log and states no run"
    return key.why_not(sealed, proven=proven)


def _standings(
    bundle: Bundle, trust: TrustStore | None, proven: ProvenTime | None, now: datetime
) -> tuple[Standing, ...]:
    """What each known key's signature was worth then, and is now."""
    if trust is None or not bundle.signed:
        return ()
    sealed = parse_timestamp(bundle.statement.sealed_at)
    return tuple(
        standing_of(key, sealed, now=now, proven=None if proven is None else proven.moment)
        for key in _signers(bundle, trust)
    )


def _signers(bundle: Bundle, trust: TrustStore) -> list[TrustedKey]:
    """The known keys that made a signature of this envelope, whether or not they count."""
    message = pae(bundle.envelope.payload_type, bundle.envelope.payload)
    return [
        key
        for key in trust.keys
        if any(key.public.verifies(s.sig, message) for s in bundle.envelope.signatures)
    ]


def _meaning(bundle: Bundle, known_control: Callable[[str], bool] | None) -> LevelResult:
    problems = tuple(contradictions(bundle, known_control))
    if problems:
        return LevelResult(Level.MEANING, LevelStatus.FAILED, problems)
    sentences = ["results.json: verdicts, counts and evidence agree with what was recorded"]
    if known_control is None:
        sentences.append("control ids were not looked up: no catalogue given")
    return LevelResult(Level.MEANING, LevelStatus.OK, tuple(sentences))


def _failed(*sentences: str) -> LevelResult:
    return LevelResult(Level.SIGNATURE, LevelStatus.FAILED, sentences)
