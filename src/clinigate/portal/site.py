"""The portal's pages by their paths: what the server answers and what an export writes."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from clinigate.config.loader import LoadedConfig
from clinigate.errors import ClinigateError, IntegrityError
from clinigate.evidence.times import Clock, system_clock, timestamp
from clinigate.evidence.trust import load_trust
from clinigate.pipeline.keys import configured_trust
from clinigate.pipeline.people import people_beside
from clinigate.pipeline.words import attested_words
from clinigate.portal.due import due_rows, folders_of_people, word_rows
from clinigate.portal.examinations import Examinations, Keys, look
from clinigate.portal.logview import ledger_view
from clinigate.portal.looking import Looking
from clinigate.portal.pages import Page, write_page
from clinigate.portal.reporting import report_now
from clinigate.portal.rows import Standing, run_line
from clinigate.portal.runpages import run_view
from clinigate.portal.shelf import Shelf
from clinigate.portal.views import RunLine
from clinigate.reports.html import render_html
from clinigate.reports.model import Report, Tone

__all__ = ["REPORT_POLICY", "Site"]

#: Runs on one page of the list.
PER_PAGE = 250
#: A report is a page of its own: its scripts run where nothing of the portal can be reached.
REPORT_POLICY = "sandbox allow-scripts allow-modals; frame-ancestors 'none'"

_LISTS = re.compile(r"(index|runs-([1-9]\d{0,4}))\.html")
_SYSTEMS = re.compile(r"(trends|coverage)(?:-([1-9]\d{0,2}))?\.html")
_RUN = re.compile(r"runs/([^/]+)/(index|report)\.html")


class Site:
    """All pages over one evidence root; several threads may ask.

    Args:
        loaded: the configuration.
        trust_file: the keys that count, instead of those that the configuration names.
        clock: source of times.
        exported: the pages go into files: each waits for what it shows, and none can be asked
            for a file of a run.
    """

    def __init__(
        self,
        loaded: LoadedConfig,
        *,
        trust_file: Path | None = None,
        clock: Clock = system_clock,
        exported: bool = False,
    ) -> None:
        self.loaded = loaded
        self.shelf = Shelf(loaded.root)
        self.examinations = Examinations()
        self._trust_file = trust_file
        self._clock = clock
        self._exported = exported
        self._reports: dict[str, tuple[object, Report]] = {}
        self._rendering = threading.Lock()

    def looking(self) -> Looking:
        """Look at the evidence root now.

        Raises:
            ConfigError: the trust file cannot be read.
        """
        given, roots = self._trust_file, self.loaded.config.gate.tsa_roots
        trust = configured_trust(self.loaded) if given is None else load_trust(given)
        return Looking(
            shelf=self.shelf,
            snapshot=self.shelf.snapshot(),
            keys=Keys(trust, None if roots is None else self.loaded.base_dir / roots),
            examinations=self.examinations,
            now=self._clock(),
            soon=timedelta(days=self.loaded.config.portal.due_days),
            patient=self._exported,
        )

    def warm(self) -> None:
        """Have all bundles verified behind, the latest first."""
        looking = self.looking()
        folders = (self.shelf.directory(each.run) for each in looking.snapshot.standings)
        self.examinations.fetch((each for each in folders if each is not None), looking.keys)

    def paths(self) -> Iterator[str]:
        """Yield the path of every page there is, as an export writes them."""
        looking = self.looking()
        runs = looking.snapshot.standings
        yield from ("index.html", "due.html", "ledger.html", "trends.html", "coverage.html")
        yield from (f"runs-{n}.html" for n in range(2, _lists(len(runs)) + 1))
        for number in range(2, len(self._systems(looking)) + 1):
            yield from (f"trends-{number}.html", f"coverage-{number}.html")
        for each in runs:
            yield f"runs/{each.run}/index.html"
            if looking.line(each).outcome is not None:
                yield f"runs/{each.run}/report.html"

    def page(self, path: str, *, viewer: str = "") -> Page | None:
        """Return a page; None where there is none.

        Raises:
            ClinigateError: configuration, trust file or policy cannot be read.
        """
        looking = self.looking()
        about: dict[str, Any] = {"viewer": viewer, "here": path, "exported": self._exported}
        about["now"] = timestamp(looking.now)
        if found := _LISTS.fullmatch(path):
            return self._list(looking, int(found[2] or 1), about)
        if found := _SYSTEMS.fullmatch(path):
            return self._system(looking, found[1], int(found[2] or 1), about)
        if found := _RUN.fullmatch(path):
            standing = looking.snapshot.get(found[1])
            pages = {"index": self._run, "report": self._report}
            return None if standing is None else pages[found[2]](looking, standing, about)
        if path == "due.html":
            return self._due(looking, about)
        if path == "ledger.html":
            log = ledger_view(self.shelf.root, looking.snapshot, looking.keys.trust)
            return write_page("page-ledger.html.j2", log=log, **about)
        return None

    def _list(self, looking: Looking, number: int, about: dict[str, Any]) -> Page | None:
        runs = looking.snapshot.standings
        pages = _lists(len(runs))
        if number > pages:
            return None
        lines = [looking.line(each) for each in runs[PER_PAGE * (number - 1) : PER_PAGE * number]]
        return write_page(
            "page-runs.html.j2",
            lines=lines,
            total=len(runs),
            nth=number,
            pages=pages,
            problem=looking.snapshot.problem,
            trusted=looking.keys.trust is not None,
            **about,
        )

    def _run(self, looking: Looking, standing: Standing, about: dict[str, Any]) -> Page:
        return write_page("page-run.html.j2", up="../../", run=run_view(looking, standing), **about)

    def _report(self, looking: Looking, standing: Standing, about: dict[str, Any]) -> Page | None:
        del about
        report = self._report_of(looking, standing)
        if report is None:
            return None
        with self._rendering:  # the largest page there is: one at a time
            return Page(render_html(report).encode(), REPORT_POLICY)

    def _system(
        self, looking: Looking, kind: str, number: int, about: dict[str, Any]
    ) -> Page | None:
        systems = self._systems(looking)
        if number > max(1, len(systems)):
            return None
        report, trouble = None, ""
        if systems:
            try:
                report = self._report_of(looking, list(systems.values())[number - 1])
            except ClinigateError as error:
                trouble = str(error)
        return write_page(
            f"page-{kind}.html.j2",
            report=report,
            trouble=trouble,
            systems=tuple(systems),
            nth=number,
            kind=kind,
            **about,
        )

    def _due(self, looking: Looking, about: dict[str, Any]) -> Page:
        now, soon = looking.now, looking.soon
        folders = folders_of_people(self.shelf, looking.snapshot)
        try:
            people = people_beside(folders, looking.keys.trust, root=self.shelf.root)
            rows, trouble = due_rows(people, now=now, soon=soon), ""
        except ClinigateError as error:
            rows, trouble = [], str(error)
        try:
            words = word_rows(attested_words(self.loaded), now=now, soon=soon)
        except ClinigateError as error:
            words, trouble = [], str(error)
        return write_page(
            "page-due.html.j2", rows=rows, attested=words, trouble=trouble, soon=soon.days, **about
        )

    def _systems(self, looking: Looking) -> dict[str, Standing]:
        """The latest run of each system that can be believed, by the system's name."""
        found: dict[str, Standing] = {}
        for standing in looking.snapshot.standings:
            line = looking.line(standing)
            if line.outcome is not None and line.evidence.tone is not Tone.BAD:
                found.setdefault(_name(looking, line), standing)
        return found

    def _report_of(self, looking: Looking, standing: Standing) -> Report | None:
        """The report of a sealed run, made again when anything that it rests on has changed."""
        folder = self.shelf.directory(standing.run)
        if folder is None:
            return None
        examined, found = look(folder, looking.keys)
        if examined is None:
            return None
        line = run_line(standing, found)
        if line.evidence.tone is Tone.BAD:
            raise IntegrityError(f"run {standing.run} is {line.evidence.word}: {line.evidence.why}")
        # A decision ages: what counted yesterday may be stale today.
        key = (found, looking.keys, looking.snapshot.standings, looking.now.date())
        known = self._reports.get(standing.run)
        if known is None or known[0] != key:
            report = report_now(self.loaded, examined, looking.keys, self._clock)
            self._reports = {**_latest(self._reports), standing.run: (key, report)}
            return report
        return known[1]

    def close(self) -> None:
        """Give up what is being verified behind."""
        self.examinations.close()


def _name(looking: Looking, line: RunLine) -> str:
    found = looking.examination(line.run)
    return "" if found is None else str(found.predicate.get("subject", {}).get("name", ""))


def _lists(runs: int) -> int:
    return max(1, -(-runs // PER_PAGE))


def _latest(reports: dict[str, Any], keep: int = 7) -> dict[str, Any]:
    return dict(list(reports.items())[-keep:])
