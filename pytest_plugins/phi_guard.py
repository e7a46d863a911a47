"""What `--phi-guard` does: looks at all that a test says, and lets none of it reach a report."""

from __future__ import annotations

import linecache
import logging
import warnings
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest

from clinigate.errors import ClinigateError, UsageError
from clinigate.findings.acceptance import check_term
from clinigate.phi.canary_file import load_canaries
from clinigate.phi.watching import Watcher, named
from clinigate.pytest_plugins.setup import read_setup

__all__ = ["Guard", "guard_for"]

#: Attribute of a report: whether the phase leaked; it travels from workers to their controller.
_LEAKED = "clinigate_phi_leaked"
#: What a worker tells its controller where an id leaks.
_REFUSED = "clinigate_phi_refused"


def guard_for(config: pytest.Config) -> Guard:
    """Return the guard that the configuration describes.

    Raises:
        pytest.UsageError: output is not captured, so that there is nothing to look at; or the
            configuration is wrong.
    """
    if config.getoption("capture", None) == "no":
        raise pytest.UsageError(
            "clinigate: --phi-guard looks at captured output; leave out -s (--capture=no)"
        )
    try:
        loaded = read_setup(config).config
        table = loaded.config.phi
        file = None if table.canaries is None else loaded.base_dir / table.canaries
        patients = () if file is None else load_canaries(file)
    except ClinigateError as error:
        raise pytest.UsageError(f"clinigate: {error}") from None
    watcher = Watcher(threshold=table.threshold, patients=patients)
    return Guard(watcher, today=datetime.now().astimezone().date())


class Guard:
    """Watches the tests of one pytest process."""

    def __init__(self, watcher: Watcher, *, today: date) -> None:
        self._watcher = watcher
        self._today = today
        self._records = _Records()
        #: What leaked in an earlier phase of the running test: reports of later ones repeat it.
        self._cleaned: dict[str, str] = {}
        #: Warnings of the running test, and how many of them were looked at.
        self._warnings: list[warnings.WarningMessage] = []
        self._looked_at = 0
        self._refused = ""
        self._watched: set[str] = set()
        self._leaky: set[str] = set()

    def pytest_configure(self) -> None:
        """Begin to see log records."""
        self._records.install()

    def pytest_unconfigure(self) -> None:
        """Leave logging as it was."""
        self._records.remove()

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Refuse markers that cannot be meant, and ids that leak, before any of them is shown."""
        for item in items:
            seen = self._watcher.look(item.nodeid, accepted=self._accepted(item))
            if seen.rules:
                said = (
                    f"clinigate: --phi-guard: an id of {item.nodeid.partition('[')[0]} holds "
                    f"{named(seen.rules)}, and every report would show it; give the parameters ids"
                )
                # What was collected is shown and handed on in spite of an error.
                items.clear()
                getattr(config, "workeroutput", {})[_REFUSED] = said
                raise pytest.UsageError(said)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear why a worker had no tests; pytest-xdist does not tell."""
        self._refused = getattr(node, "workeroutput", {}).get(_REFUSED, self._refused)

    def pytest_runtest_setup(self) -> None:
        """Forget what was said between tests: it is no test's."""
        self._cleaned.clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        """Hold warnings back until they were looked at; pytest hears of them afterwards."""
        with warnings.catch_warnings(record=True) as said:
            self._warnings, self._looked_at = said, 0
            result = yield
        with warnings.catch_warnings():
            # The test's own filters have let it through, and pytest's may raise it.
            warnings.simplefilter("always")
            for each in said:
                warnings.warn_explicit(
                    each.message, each.category, each.filename, each.lineno, source=each.source
                )
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Clean what the summary shows: the words, and the line of source beside them."""
        shown = warning_message
        seen = self._watcher.look(str(shown.message))
        if seen.rules:
            shown.message = UserWarning(seen.clean)
        source = shown.line or linecache.getline(shown.filename, shown.lineno)
        if (line := self._watcher.look(source)).rules:
            shown.line = line.clean

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Iterator[None]:
        """Look at what one phase of a test said, and fail it if it leaked."""
        report: pytest.TestReport = yield  # type: ignore[assignment]
        accepted = self._accepted(item)
        leaks = self._clean_sections(report, accepted)
        shown = self._clean_error(report, call, accepted, leaks)
        for text in self._records.taken():
            leaks["log"].update(self._watcher.look(text, accepted=accepted).rules)
        leaks["warning"] = self._clean_warnings(accepted)
        leaks["property"] = self._clean_properties(item, report, accepted)
        if any(leaks.values()):
            _fail(report, shown, _sentence(item, report, leaks))
        setattr(report, _LEAKED, any(leaks.values()))
        return report  # type: ignore[return-value]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count, where reports of all workers come together."""
        leaked = getattr(report, _LEAKED, None)
        if leaked is not None:
            self._watched.add(report.nodeid)
        if leaked:
            self._leaky.add(report.nodeid)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say how many tests were watched: a guard that saw nothing must not look like one."""
        leaked = f"{len(self._leaky)} leaked" if self._leaky else "none leaked"
        if self._refused:
            terminalreporter.write_line(f"ERROR: {self._refused}", red=True)
        terminalreporter.write_line(f"phi guard: {len(self._watched)} tests watched, {leaked}")

    def _clean_sections(
        self, report: pytest.TestReport, accepted: frozenset[str]
    ) -> dict[str, Counter[str]]:
        """Clean what was captured; return what this phase leaked, by stream."""
        leaks: dict[str, Counter[str]] = {
            "stdout": Counter(),
            "stderr": Counter(),
            "log": Counter(),
        }
        sections = []
        for title, content in report.sections:
            if title.endswith(f" {report.when}"):
                seen = self._watcher.look(content, accepted=accepted)
                stream = next((name for name in leaks if name in title), title)
                # A record that pytest shows is one that `_Records` saw as well.
                if stream != "log":
                    leaks.setdefault(stream, Counter()).update(seen.rules)
                if seen.rules:
                    self._cleaned[content] = seen.clean
            sections.append((title, self._cleaned.get(content, content)))
        report.sections = sections
        return leaks

    def _clean_warnings(self, accepted: frozenset[str]) -> Counter[str]:
        leaked: Counter[str] = Counter()
        for each in self._warnings[self._looked_at :]:
            seen = self._watcher.look(str(each.message), accepted=accepted)
            leaked.update(seen.rules)
            if seen.rules:
                each.message, each.category = UserWarning(seen.clean), UserWarning
        self._looked_at = len(self._warnings)
        return leaked

    def _clean_properties(
        self, item: pytest.Item, report: pytest.TestReport, accepted: frozenset[str]
    ) -> Counter[str]:
        """Clean what the test has recorded of itself, so that later phases have it clean too."""
        leaked: Counter[str] = Counter()
        for at, (name, content) in enumerate(item.user_properties):
            seen = self._watcher.look(f"{name}={content}", accepted=accepted)
            if seen.rules:
                leaked.update(seen.rules)
                item.user_properties[at] = (name, seen.clean.removeprefix(f"{name}="))
        report.user_properties = list(item.user_properties)
        return leaked

    def _clean_error(
        self,
        report: pytest.TestReport,
        call: pytest.CallInfo[None],
        accepted: frozenset[str],
        leaks: dict[str, Counter[str]],
    ) -> str:
        """Return the error's text without what leaks; a skip's reason is cleaned in place."""
        leaks["error"] = Counter()
        if isinstance(report.longrepr, tuple):
            path, line, reason = report.longrepr
            seen = self._watcher.look(reason, accepted=accepted)
            leaks["error"].update(seen.rules)
            report.longrepr = (path, line, seen.clean)
            return seen.clean
        text = report.longreprtext
        seen = self._watcher.look(text, accepted=accepted)
        leaks["error"].update(seen.rules)
        if call.excinfo is not None and not seen.rules and report.failed:
            # Under --tb=no or --tb=line the text does not have all of it; other plugins may.
            said = str(call.excinfo.value)
            leaks["error"].update(self._watcher.look(said, accepted=accepted).rules)
        return seen.clean

    def _accepted(self, item: pytest.Item) -> frozenset[str]:
        """The rules that the test's markers accept today."""
        found = set()
        for marker in item.iter_markers("phi_accept"):
            rule, until = _term(item, marker, self._today)
            if self._today <= until:
                found.add(rule)
        return frozenset(found)


class _Records:
    """Every log record that is made, whatever becomes of it."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._before = logging.getLogRecordFactory()

    def install(self) -> None:
        """Be told of each record."""
        self._before = logging.getLogRecordFactory()
        logging.setLogRecordFactory(self._made)

    def remove(self) -> None:
        """Be told no longer."""
        logging.setLogRecordFactory(self._before)

    def taken(self) -> list[str]:
        """Return what was said since the last call."""
        texts, self._texts = self._texts, []
        return texts

    def _made(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self._before(*args, **kwargs)
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - arguments of the test's own; logging shows them so too
            text = f"{record.msg} {record.args}"
        if record.exc_info and record.exc_info[1] is not None:
            text += f"\n{record.exc_info[1]}"
        self._texts.append(text)
        return record


def _term(item: pytest.Item, marker: pytest.Mark, today: date) -> tuple[str, date]:
    """Return rule and last day of a marker.

    Raises:
        pytest.UsageError: it lacks one of the three, or reaches too far ahead.
    """
    where = f"{item.nodeid}: phi_accept"
    given = marker.kwargs
    rule = marker.args[0] if len(marker.args) == 1 else given.get("rule")
    texts = (rule, given.get("until"), given.get("reason"))
    if not all(isinstance(each, str) and each.strip() for each in texts):
        raise pytest.UsageError(
            f"clinigate: {where}: write it as "
            "phi_accept('CG-PHI-SSN', until='YYYY-MM-DD', reason='…')"
        )
    try:
        return str(rule), check_term(date.fromisoformat(given["until"]), today, where=where)
    except ValueError:
        raise pytest.UsageError(f"clinigate: {where}: 'until' is no day (YYYY-MM-DD)") from None
    except UsageError as error:
        raise pytest.UsageError(f"clinigate: {error}") from None


def _sentence(item: pytest.Item, report: pytest.TestReport, leaks: dict[str, Counter[str]]) -> str:
    streams = "; ".join(f"{stream}: {named(rules)}" for stream, rules in leaks.items() if rules)
    return f"phi guard: {item.nodeid} leaked in its {report.when}: {streams}"


def _fail(report: pytest.TestReport, shown: str, sentence: str) -> None:
    """Let the report fail by one sentence, above what else went wrong."""
    report.longrepr = f"{sentence}\n\n{shown}" if report.failed else sentence
    report.outcome = "failed"
    if hasattr(report, "wasxfail"):  # an expected failure is no leave to leak
        del report.wasxfail
