"""All findings of a run as SARIF 2.1.0, for code hosts and editors: `exports/results.sarif`."""

from __future__ import annotations

from clinigate import __version__
from clinigate.core.observation import Finding
from clinigate.core.results import Results
from clinigate.findings.model import Found, ScanResult
from clinigate.findings.sarif import write_sarif

__all__ = ["sarif_of"]


def sarif_of(results: Results) -> bytes:
    """Return the findings that have a place, of all scans of a run; the same run, the same bytes.

    They stand in one run of one tool, ours, and name the scanners themselves: a code host closes
    what an upload of the same tool no longer holds, and a scanner that found nothing has no upload
    of its own. What clinical checks and experiments found has no place in a file, and is left to
    the reports.
    """
    found = tuple(
        Found(about.flaw, about.message)
        for about in (observation.about for observation in results.observations)
        if isinstance(about, Finding) and about.flaw is not None
    )
    return write_sarif([ScanResult("clinigate", __version__, (), (), found)])
