"""Clean what pytest is about to report of one phase of a test."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from clinigate.phi.watching import Watcher
from clinigate.pytest_plugins.phi_guard_hearing import STREAMS, Hearing, Said
from clinigate.pytest_plugins.phi_guard_looking import Leak, joined, leaks_in
from clinigate.pytest_plugins.phi_guard_marks import Accepted

__all__ = ["Cleaner", "Phase"]

#: So many errors behind an error are looked at.
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of one test, as pytest hands it over."""

    item: pytest.Item
    call: pytest.CallInfo[None]
    report: pytest.TestReport
    accepted: Accepted


class Cleaner:
    """Looks at all of one phase at once, and closer where there is something.

    Attributes:
        warned: warnings of the running test, as they come.
    """

    def __init__(self, watcher: Watcher, hearing: Hearing) -> None:
        self.warned: Sequence[warnings.WarningMessage] = ()
        self._watcher, self._hearing = watcher, hearing
        #: How many warnings were looked at.
        self._looked_at = 0
        #: What leaked in an earlier phase of the running test: reports of later ones repeat it.
        self._cleaned: dict[str, str] = {}

    def begin(self) -> None:
        """Begin with another test."""
        self._cleaned.clear()
        self._looked_at = 0

    def clean(self, phase: Phase) -> dict[str, Leak]:
        """Return what leaked, by stream; the report has none of it any more."""
        said = self._hearing.taken()
        texts = {stream: joined(stream, each) for stream, each in said.items()}
        more = self._more(phase, frozenset(texts.values()))
        whole = "\n".join([*texts.values(), *more])
        if whole and self._watcher.sights(whole.encode("utf-8", "surrogatepass")):
            leaks = self._closer(phase, said)
        else:
            leaks = {}
        self._looked_at = len(self.warned)
        if self._cleaned:
            shown = phase.report.sections
            phase.report.sections = [(name, self._cleaned.get(text, text)) for name, text in shown]
        return {stream: leaks[stream] for stream in STREAMS if stream in leaks}

    def silent(
        self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport
    ) -> bool:
        """Tell whether a phase has said nothing, as most do, so that none of it need be cleaned."""
        if report.longrepr or call.excinfo or item.user_properties or self._cleaned:
            return False
        if len(self.warned) > self._looked_at or not self._hearing.silent:
            return False
        return not report.sections or report.when not in {
            title.rpartition(" ")[2] for title, _ in report.sections
        }

    def _more(self, phase: Phase, known: frozenset[str]) -> Iterator[str]:
        """Yield all that is said beside what was heard."""
        report = phase.report
        for title, content in report.sections:
            if title.endswith(f" {report.when}") and content not in known:
                yield content
        for each in self.warned[self._looked_at :]:
            yield str(each.message)
        for name, value in phase.item.user_properties:
            yield f"{name}={value}"
        if report.longrepr:
            yield report.longreprtext
        if phase.call.excinfo is not None:
            # Under --tb=no or --tb=line the text does not have all of it; other plugins may.
            yield from _said_by(phase.call.excinfo.value)

    def _closer(self, phase: Phase, said: Mapping[str, Sequence[Said]]) -> dict[str, Leak]:
        leaks = leaks_in(said, self._watcher, phase.accepted)
        self._sections(phase, leaks, said)
        self._warnings(phase, leaks)
        self._properties(phase, leaks)
        self._error(phase, leaks)
        return {stream: leak for stream, leak in leaks.items() if leak.rules}

    def _sections(
        self, phase: Phase, leaks: dict[str, Leak], said: Mapping[str, Sequence[Said]]
    ) -> None:
        """Clean what was captured, and count what was not heard as it was said."""
        report = phase.report
        for title, content in report.sections:
            if not title.endswith(f" {report.when}"):
                continue
            stream = next((name for name in ("stdout", "stderr", "log") if name in title), title)
            seen = self._watcher.look(content, accepted=phase.accepted.by(stream))
            if seen.sights:
                self._cleaned[content] = seen.clean
            # Programs that a test starts write past what we hear.
            heard = joined(stream, said.get(stream, ()))
            if seen.sights and stream not in leaks and content != heard:
                leaks.setdefault(stream, Leak()).add(seen.rules.elements(), None)

    def _warnings(self, phase: Phase, leaks: dict[str, Leak]) -> None:
        for each in self.warned[self._looked_at :]:
            seen = self._watcher.look(str(each.message), accepted=phase.accepted.by("warning"))
            if seen.sights:
                where = self._hearing.frames.line_of(each.filename, each.lineno)
                leaks.setdefault("warning", Leak()).add(seen.rules.elements(), where)
                each.message, each.category = UserWarning(seen.clean), UserWarning

    def _properties(self, phase: Phase, leaks: dict[str, Leak]) -> None:
        """Clean what the test has recorded of itself, so that later phases have it clean too."""
        item = phase.item
        for at, (name, content) in enumerate(item.user_properties):
            accepted = phase.accepted.by("property")
            seen = self._watcher.look(f"{name}={content}", accepted=accepted)
            if seen.sights:
                leaks.setdefault("property", Leak()).add(seen.rules.elements(), None)
                item.user_properties[at] = (name, seen.clean.removeprefix(f"{name}="))
        phase.report.user_properties = list(item.user_properties)

    def _error(self, phase: Phase, leaks: dict[str, Leak]) -> None:
        """Clean the error's text, introspection and all, or a skip's reason."""
        report, raised = phase.report, phase.call.excinfo
        accepted = phase.accepted.by("error")
        where = None if raised is None else self._hearing.frames.deepest(raised.value.__traceback__)
        rules: list[str] = []
        if isinstance(report.longrepr, tuple):
            path, line, reason = report.longrepr
            seen = self._watcher.look(reason, accepted=accepted)
            rules += seen.rules.elements()
            report.longrepr = (path, line, seen.clean)
        elif report.longrepr:
            seen = self._watcher.look(report.longreprtext, accepted=accepted)
            rules += seen.rules.elements()
            if seen.sights:
                report.longrepr = seen.clean
        if raised is not None and not rules:
            for text in _said_by(raised.value):
                rules += self._watcher.look(text, accepted=accepted).rules.elements()
        if rules:
            leaks.setdefault("error", Leak()).add(rules, where)


def _said_by(error: BaseException) -> Iterator[str]:
    """Yield what an error says, its notes, and the errors behind and within it."""
    left: list[BaseException | None] = [error]
    seen: set[int] = set()
    while left and len(seen) < _DEEPEST:
        each = left.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        try:
            yield str(each)
        except Exception:  # noqa: BLE001 - an error of the test's own that cannot be shown
            yield type(each).__name__
        yield from map(str, getattr(each, "__notes__", ()))
        left += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            left += each.exceptions
