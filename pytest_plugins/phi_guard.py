"""What `--phi-guard` does: looks at all that a test says, and lets none of it reach a report."""

from __future__ import annotations

import linecache
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from clinigate.phi.watching import Watcher, named
from clinigate.pytest_plugins.phi_guard_files import Files, below
from clinigate.pytest_plugins.phi_guard_frames import Where
from clinigate.pytest_plugins.phi_guard_hearing import Hearing
from clinigate.pytest_plugins.phi_guard_looking import Leak, sentence
from clinigate.pytest_plugins.phi_guard_marks import NOTHING, Accepted, accepted_by, marked
from clinigate.pytest_plugins.phi_guard_report import Cleaner, Phase
from clinigate.pytest_plugins.phi_guard_seams import Seams

__all__ = ["Guard"]

#: Attribute of a report: whether the phase leaked; it travels from workers to their controller.
_LEAKED = "clinigate_phi_leaked"
#: What a worker tells its controller: why it had no tests, what files hold after the tests, how
#: many were not looked at to their end, and how many streams.
_REFUSED, _AFTER = "clinigate_phi_refused", "clinigate_phi_after"
_UNREAD, _CUT = "clinigate_phi_unread", "clinigate_phi_cut"


class Guard:
    """Watches the tests of one pytest process."""

    def __init__(self, watcher: Watcher, hearing: Hearing, *, today: date, root: Path) -> None:
        self._watcher, self._hearing = watcher, hearing
        self._today, self._root = today, root
        self._seams = Seams(hearing)
        self._files = Files(watcher)
        self._cleaner = Cleaner(watcher, hearing)
        #: What tests may show that may show anything.
        self._marked: dict[str, Accepted] = {}
        self._accepted = NOTHING
        #: Files that were written while no test ran: by fixtures of a session, by plugins.
        self._between: dict[str, Where | None] = {}
        self._after: list[str] = []
        self._refused = ""
        self._watched: set[str] = set()
        self._leaky: set[str] = set()

    def pytest_configure(self) -> None:
        """Begin to listen."""
        self._seams.install()

    def pytest_unconfigure(self) -> None:
        """Leave everything as it was."""
        self._seams.remove()

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Refuse markers that cannot be meant, and ids that leak, before any of them is shown."""
        for item in marked(items):
            if (accepted := accepted_by(item, self._today)) is not NOTHING:
                self._marked[item.nodeid] = accepted
        if not self._watcher.look("\n".join(item.nodeid for item in items)).sights:
            return
        for item in list(items):
            accepted = self._marked.get(item.nodeid, NOTHING)
            seen = self._watcher.look(item.nodeid, accepted=accepted.by(""))
            if seen.sights:
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
        """Hear what a worker has to say beside its reports."""
        output = getattr(node, "workeroutput", {})
        self._refused = output.get(_REFUSED, self._refused)
        self._after += output.get(_AFTER, [])
        self._files.unread += output.get(_UNREAD, 0)
        self._hearing.cut += output.get(_CUT, 0)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Forget what was said between tests: it is no test's."""
        self._hearing.taken()
        if self._hearing.files:
            self._between.update(self._hearing.taken_files())
        self._cleaner.begin()
        self._accepted = self._marked.get(item.nodeid, NOTHING)
        self._seams.watch_output()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        """Listen to what fixtures have put in the place of standard output."""
        self._seams.watch_output()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        """Listen to standard output as it is now."""
        self._seams.watch_output()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        """Hold warnings back until they were looked at; pytest hears of them afterwards."""
        with warnings.catch_warnings(record=True) as said:
            self._cleaner.warned = said
            result = yield
        if said:
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
        if seen.sights:
            shown.message = UserWarning(seen.clean)
        source = shown.line or linecache.getline(shown.filename, shown.lineno)
        if (line := self._watcher.look(source)).sights:
            shown.line = line.clean

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Iterator[None]:
        """Look at what one phase of a test said, and fail it if it leaked."""
        report: pytest.TestReport = yield  # type: ignore[assignment]
        leaks: dict[str, Leak] = {}
        if not self._cleaner.silent(item, call, report):
            leaks = self._cleaner.clean(Phase(item, call, report, self._accepted))
        wrote = report.when == "call" or self._hearing.files
        files = self._written(item, report) if wrote else {}
        if files and (leak := self._files.leak(files, self._accepted.by("file"))).rules:
            leaks["file"] = leak
        if leaks:
            _fail(report, sentence(item.nodeid, str(report.when), leaks, self._root))
        setattr(report, _LEAKED, bool(leaks))
        return report  # type: ignore[return-value]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count, where reports of all workers come together."""
        leaked = getattr(report, _LEAKED, None)
        if leaked is not None and report.when == "setup":  # each test has one
            self._watched.add(report.nodeid)
        if leaked:
            self._leaky.add(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Look at what was written after the tests: some plugins write their snapshots then."""
        self._between.update(self._hearing.taken_files())
        leak = self._files.leak(self._between, frozenset())
        if leak.rules:
            self._after.append(sentence("the session", "end", {"file": leak}, self._root))
            if session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if (output := getattr(session.config, "workeroutput", None)) is not None:
            output.update(
                {_AFTER: self._after, _UNREAD: self._files.unread, _CUT: self._hearing.cut}
            )
        elif self._after and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say how many tests were watched: a guard that saw nothing must not look like one."""
        leaked = f"{len(self._leaky)} leaked" if self._leaky else "none leaked"
        for said in [f"ERROR: {self._refused}"] if self._refused else self._after:
            terminalreporter.write_line(said, red=True)
        unread = f", {n} files not looked at to their end" if (n := self._files.unread) else ""
        if cut := self._hearing.cut:
            unread += f", {cut} streams not listened to their end"
        count = len(self._watched)
        terminalreporter.write_line(f"phi guard: {count} tests watched, {leaked}{unread}")

    def _written(self, item: pytest.Item, report: pytest.TestReport) -> dict[str, Where | None]:
        """Return what the phase wrote, and what else lies in the test's own folder."""
        files = self._hearing.taken_files()
        if report.when == "call" and self._hearing.wants("file"):
            folder = getattr(item, "funcargs", {}).get("tmp_path")
            if folder is not None:
                for path in below(folder):
                    files.setdefault(path, None)
        return files


def _fail(report: pytest.TestReport, said: str) -> None:
    """Let the report fail by one sentence, above what else went wrong."""
    shown = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
    report.longrepr = f"{said}\n\n{shown}" if report.failed else said
    report.outcome = "failed"
    if hasattr(report, "wasxfail"):  # an expected failure is no leave to leak
        del report.wasxfail
