"""What `clinigate doctor` says of the evidence: time stamps, witness, retention, the portal."""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.config.loader import LoadedConfig
from clinigate.errors import ClinigateError
from clinigate.pipeline.keys import configured_authority, configured_stamp_roots, configured_trust

__all__ = ["evidence_readiness"]


def evidence_readiness(loaded: LoadedConfig) -> Iterator[tuple[str, bool, str]]:
    """Yield topic, whether it is ready, and what there is to know; nothing is asked over a network.

    Raises:
        ClinigateError: a table names a file that cannot be read.
    """
    yield _stamps(loaded)
    yield _witness(loaded)
    yield _retention(loaded)
    yield _portal(loaded)


def _stamps(loaded: LoadedConfig) -> tuple[str, bool, str]:
    authority = configured_authority(loaded)
    if authority is None:
        text = "no [signing] tsa: nobody but this machine's clock says when a run was sealed"
        return "time stamps", False, text
    if configured_stamp_roots(loaded) is None:
        text = f"{loaded.config.signing.tsa}: its answers count nowhere without [gate] tsa_roots"
        return "time stamps", False, text
    return "time stamps", True, f"{loaded.config.signing.tsa} (not asked now)"


def _witness(loaded: LoadedConfig) -> tuple[str, bool, str]:
    from clinigate.evidence.kept_heads import kept_heads
    from clinigate.evidence.witness import witness_keys

    trust = configured_trust(loaded)
    names = () if trust is None else tuple(key.name for key in witness_keys(trust))
    if not names:
        text = "no key with role witness is trusted: a log that was rewritten whole is not noticed"
        return "witness", False, text
    try:
        sizes = [head.size for _, head in kept_heads(loaded.root / "ledger", trust)]
    except ClinigateError as error:
        return "witness", False, str(error)
    if not sizes:
        text = f"{', '.join(names)}: saw nothing of this log yet; run `clinigate ledger witness`"
        return "witness", False, text
    return "witness", True, f"{', '.join(names)}: saw the log up to {max(sizes)} records"


def _retention(loaded: LoadedConfig) -> tuple[str, bool, str]:
    table = loaded.config.retention
    other = "".join(f", {kind} {years}" for kind, years in sorted(table.kinds.items()))
    held = f"; legal hold on {', '.join(table.hold)}" if table.hold else ""
    text = f"{table.years} years{other}{held}"
    if table.years_of("run") < 6:
        return "retention", False, f"{text}; HIPAA wants 6 (45 CFR 164.316(b)(2)(i))"
    return "retention", True, text


def _portal(loaded: LoadedConfig) -> tuple[str, bool, str]:
    table = loaded.config.portal
    return "portal", True, f"`clinigate serve` listens on {table.host}, port {table.port}"
