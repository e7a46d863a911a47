"""What a large report costs: to make, and to open.

Promised: the report of 10,000 observations is made in less than 3 s, and the page of 50,000 opens
in less than 2 s. Opening is measured in Chromium where there is one, from the request to the end of
layout, from a file; else that line says so. Run it: `.venv/bin/python benchmarks/report_bench.py`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
import time
from pathlib import Path

from clinigate.controls import load_catalogue
from clinigate.core import Finding, Kind, Measurement, Observation, Plan
from clinigate.core.criterion import Criterion, Relation
from clinigate.core.judgement import judge_all
from clinigate.core.results import Results, Subject
from clinigate.reports.build import build_report
from clinigate.reports.html import render_html
from clinigate.reports.sealed import EvidenceFacts, FileFact

RENDER_S = 3.0
OPEN_S = 2.0
CRITERIA = 120
PROSE = "I feel like nobody would notice, and I do not know who to talk to. " * 3


def results_of(size: int) -> Results:
    """A run with so many observations: a measurement for each criterion, the rest findings."""
    clauses = [control.id for control in load_catalogue().of("hipaa-security")]
    criteria = tuple(
        Criterion(
            f"bench.metric_{i}.rate",
            f"bench.metric_{i}.rate",
            Relation.BELOW,
            0.05,
            title=f"Objective number {i} is kept",
            controls=(clauses[i % len(clauses)],),
        )
        for i in range(CRITERIA)
    )
    measured = [
        Measurement(criterion.metric, Kind.RATE, i % 7 / 100, 3000, events=30 * (i % 7))
        for i, criterion in enumerate(criteria)
    ]
    observations = [
        Observation(f"CG-BENCH-M-{i:03d}", each, criteria[i].controls)
        for i, each in enumerate(measured)
    ]
    observations += [_finding(i, criteria[i % CRITERIA]) for i in range(size - CRITERIA)]
    return Results(
        run="20260314T091502000000Z-7f3a9c21",
        subject=Subject("Bench"),
        target="bench",
        plan=Plan(),
        started_at="2026-03-14T09:15:02Z",
        finished_at="2026-03-14T09:18:47Z",
        criteria=criteria,
        verdicts=judge_all(criteria, observations[:CRITERIA]),
        observations=tuple(observations),
    )


def _finding(number: int, criterion: Criterion) -> Observation:
    told = Finding(
        criterion.metric,
        "expected help, got none",
        case_id=f"c{number}",
        where=f"part {number % 40}",
        stimulus=PROSE,
        excerpt=PROSE,
    )
    return Observation("CG-BENCH-F-001", told, criterion.controls, (f"sha256:{number:064x}",))


def evidence_of(size: int) -> EvidenceFacts:
    files = tuple(
        FileFact(f"blobs/sha256/{i:064x}", f"{i:064x}", 2048) for i in range(min(size, 10_000))
    )
    return EvidenceFacts(bundle=".clinigate/runs/bench", files=files)


def made(size: int) -> tuple[str, float]:
    """The page, and the seconds from results to page, the better of two."""
    results, evidence = results_of(size), evidence_of(size)
    best = float("inf")
    for _ in range(2):
        start = time.perf_counter()
        page = render_html(build_report(results, None, evidence))
        best = min(best, time.perf_counter() - start)
    print(f"{size:>7,} observations: made in {best:5.2f} s, page of {len(page) / 1e6:.2f} MB")
    return page, best


def opened(page: str) -> float | None:
    """Seconds until the page is laid out, the better of three; None without a browser."""
    path = os.environ.get("CLINIGATE_CHROMIUM") or shutil.which("chromium")
    if path is None or importlib.util.find_spec("playwright") is None:
        print("opening was not measured: no Chromium, or no Playwright")
        return None
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "report.html"
        file.write_text(page, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        best = float("inf")
        for _ in range(3):
            tab = browser.new_page()
            tab.goto(file.as_uri())
            took = tab.evaluate(
                "new Promise((done) => requestAnimationFrame(() => setTimeout(() => "
                "done((document.body.offsetHeight, performance.now())))))"
            )
            best = min(best, took / 1e3)
            tab.close()
        browser.close()
    print(f"{'':>21}  opened in {best:5.2f} s")
    return best


def main() -> int:
    _, took = made(10_000)
    page, _ = made(50_000)
    shown = opened(page)
    holds = took < RENDER_S and (shown is None or shown < OPEN_S)
    print("holds" if holds else "BROKEN")
    return int(not holds)


if __name__ == "__main__":
    raise SystemExit(main())
