"""Texts of scanners without what they may quote: a password in a message is a leak of its own."""

from __future__ import annotations

import os
import re
from dataclasses import replace

from clinigate.evidence.redaction import Redactor
from clinigate.findings.model import Excluded, Found, ScanResult

__all__ = ["Cleaner"]

_TOKEN = re.compile(r"\[(PHI|SECRET):[0-9a-f]{8}\]")


class Cleaner:
    """Takes secrets and identifiers out of what scanners say, the same way each time."""

    def __init__(self) -> None:
        self._redactor = Redactor(os.urandom(16))

    def text(self, text: str) -> str:
        """Return a text with `[SECRET]` or `[PHI]` in place of each find.

        Unlike a run's redaction it leaves no token: two scans must give the same bytes.
        """
        return _TOKEN.sub(r"[\1]", self._redactor.text(text))

    def scan(self, scan: ScanResult) -> ScanResult:
        """Return a scan whose texts are clean. Places keep their names: they are identities."""
        return replace(
            scan,
            version=self.text(scan.version),
            excluded=tuple(Excluded(e.unit, self.text(e.reason)) for e in scan.excluded),
            findings=tuple(self._found(each) for each in scan.findings),
        )

    def _found(self, found: Found) -> Found:
        flaw = found.flaw
        clean = replace(
            flaw,
            title=self.text(flaw.title),
            fix=self.text(flaw.fix),
            help_uri=self.text(flaw.help_uri),
        )
        return Found(clean, self.text(found.message))
