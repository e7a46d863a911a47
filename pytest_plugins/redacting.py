"""What pytest shows of a test, without identifiers and secrets.

An assertion that fails shows both of its sides, a traceback its arguments and local variables, and
beside them stands all that the test printed. Reporters, `--junitxml` among them, read all of this
from the test's report: that is where it is redacted, before any of them sees it.

Out of reach: what `-s` lets through to the terminal, and names of tests and their parameters.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import pytest

from clinigate.evidence.redaction import Redactor

__all__ = ["ReportRedactor"]


class ReportRedactor:
    """Redacts the reports of one process; its tokens are of this process alone."""

    def __init__(self) -> None:
        self._redactor = Redactor(os.urandom(32))

    def redact(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        """Replace identifiers and secrets in all texts of a report, in place."""
        report.sections = [(name, self._text(content)) for name, content in report.sections]
        if isinstance(report, pytest.TestReport):
            report.user_properties = [
                (name, self._property(name, value)) for name, value in report.user_properties
            ]
        report.longrepr = self._shown(report.longrepr)

    def _text(self, text: str) -> str:
        return self._redactor.text(text)

    def _property(self, name: str, value: object) -> object:
        if isinstance(value, str | int):
            return self._redactor.value({name: value}).popitem()[1]
        return value

    def _shown(self, shown: Any) -> Any:
        if shown is None:
            return None
        if isinstance(shown, tuple):
            path, line, reason = shown
            return path, line, self._text(reason)
        if hasattr(shown, "reprtraceback"):
            self._exception(shown)
            return shown
        return self._text(str(shown))

    def _exception(self, shown: Any) -> None:
        """Go through a chain of exceptions, or a single one; pytest keeps it as lines to print."""
        chain = getattr(shown, "chain", None) or [(shown.reprtraceback, shown.reprcrash, None)]
        for traceback, crash, _ in [*chain, (shown.reprtraceback, shown.reprcrash, None)]:
            if crash is not None:
                crash.message = self._text(crash.message)
            for entry in traceback.reprentries:
                self._entry(entry)
        shown.sections = [
            (name, self._text(content), mark) for name, content, mark in shown.sections
        ]

    def _entry(self, entry: Any) -> None:
        entry.lines[:] = self._lines(entry.lines)
        arguments = getattr(entry, "reprfuncargs", None)
        if arguments is not None:
            arguments.args = [
                (name, str(self._property(name, each))) for name, each in arguments.args
            ]
        told = getattr(entry, "reprlocals", None)
        if told is not None:
            told.lines[:] = self._lines(told.lines)

    def _lines(self, lines: Iterable[str]) -> list[str]:
        # Together, since what is to go may stand on several.
        return self._text("\n".join(lines)).split("\n")
