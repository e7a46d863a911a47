"""Search the tables of a database from Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from clinigate.findings.model import Excluded, Found, ScanResult
from clinigate.phi.canaries import Patient
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.counts import counted
from clinigate.phi.finding import DEFAULT_THRESHOLD
from clinigate.phi.found import CANARY_TOOL, TOOL, Findings
from clinigate.phi.looking import Look, Looked, Looker
from clinigate.phi.scanning import PhiScan
from clinigate.phi.surfaces.database import open_database
from clinigate.phi.surfaces.limits import Limits
from clinigate.phi.tokens import Tokens, configured_tokens

__all__ = ["scan_db"]


def scan_db(
    dsn: str,
    *,
    name: str = "database",
    threshold: float = DEFAULT_THRESHOLD,
    names: bool = False,
    patients: Sequence[Patient] = (),
    tokens: Tokens | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> PhiScan:
    """Search all tables of a database, in one transaction that writes nothing.

    A finding's place is `database!/schema.table`, the row's number in the answer and the column.
    Tables that may not be read count as not looked at: the scan is incomplete then.

    Args:
        dsn: a connection string of PostgreSQL, or `sqlite:///path`.
        name: what findings call the database; the connection string may hold a password.
        threshold: least score of what counts.
        names: whether names and places in prose are looked for.
        patients: synthetic ones whose data must turn up nowhere.
        tokens: what stands for values; by default under a key of this scan alone.
        limits: how much is read.

    Raises:
        MissingExtraError: psycopg is not installed.
        TargetError: the server cannot be reached.
        UsageError: a connection string of another database.
    """
    tokens = configured_tokens(None) if tokens is None else tokens
    looker = Looker(tokens, CanarySearch(patients), limits=limits)
    looked = looker.through(open_database(dsn, limits), Look(Path(name), name, threshold, names))
    findings = Findings(tokens, TOOL)
    canaries = _result(looked, CANARY_TOOL, tuple(findings.canaries(looked)))
    return PhiScan(
        identifiers=_result(looked, TOOL, tuple(findings.identifiers(looked))),
        canaries=canaries if patients else None,
        missing=None,
        tokens=MappingProxyType(findings.token_of),
        left_out=(),
        threshold=threshold,
        counts=counted([looked]),
    )


def _result(looked: Looked, tool: str, found: tuple[Found, ...]) -> ScanResult:
    gaps = (*looked.skipped, *looked.truncated)
    return ScanResult(
        tool,
        "",
        units=(looked.uri,) if looked.read else (),
        excluded=tuple(Excluded(f"{looked.uri}!/{table}", reason) for table, reason in gaps),
        findings=found,
    )
