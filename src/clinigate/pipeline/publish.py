"""Render what was found and decided: derived files in `exports/`, outside of what is signed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from clinigate.config.model import Config
from clinigate.controls.standing import Word
from clinigate.core.results import Results
from clinigate.errors import EvidenceError, KeyFileError
from clinigate.evidence.envelope import Signer
from clinigate.evidence.files import naming, write_atomic
from clinigate.evidence.recorded import read_run
from clinigate.evidence.stages import read_stages
from clinigate.gate.decision import Decision
from clinigate.gate.document import write_decision
from clinigate.gate.record_files import VerifiedRecord
from clinigate.pipeline.examine import Examined, evidence_facts, ledger_beside, proof_of
from clinigate.pipeline.past import past_runs
from clinigate.pipeline.reading import results_of
from clinigate.reports.build import build_report
from clinigate.reports.html import render_html
from clinigate.reports.junit import render_junit
from clinigate.reports.model import Report
from clinigate.reports.pagesign import sign_page
from clinigate.reports.past import PastRun
from clinigate.reports.sarif import sarif_of
from clinigate.reports.summary import render_summary
from clinigate.reports.views import View

__all__ = [
    "JUNIT_NAME",
    "REPORT_NAME",
    "SARIF_NAME",
    "SUMMARY_NAME",
    "page_of",
    "report_of",
    "unsealed_report",
    "write_exports",
    "write_report",
]

REPORT_NAME = "report.html"
SARIF_NAME = "results.sarif"
JUNIT_NAME = "junit.xml"
SUMMARY_NAME = "summary.md"


def report_of(
    examined: Examined,
    decision: Decision | None,
    records: Iterable[VerifiedRecord] = (),
    *,
    words: Iterable[Word] = (),
    config: Config | None = None,
) -> Report:
    """Return what a report of this bundle says.

    Args:
        examined: the bundle.
        decision: the gate's on it, if it was asked.
        records: what people signed about it.
        words: attestations that count now.
        config: says how long evidence is kept, and which risk controls criteria verify.

    Raises:
        IntegrityError: the bundle's results cannot be read.
    """
    bundle = examined.bundle
    told = Config() if config is None else config
    facts = evidence_facts(
        examined, shown_as=_shown(bundle.path), records=records, retention=told.retention
    )
    staged = read_stages(bundle.recorded())
    results = bundle.results()
    return build_report(
        results,
        decision,
        facts,
        stages=() if staged is None else staged.stories,
        words=words,
        past=_past(bundle.path, results),
        proof=proof_of(examined),
        risks=_risks(told),
    )


def unsealed_report(
    run_directory: Path,
    decision: Decision,
    *,
    words: Iterable[Word] = (),
    config: Config | None = None,
) -> Report:
    """Return what a report says of a run that is not whole yet; `words`, `config` as above.

    Raises:
        IncompleteRunError: nothing was evaluated.
        IntegrityError: a spool holds what is no record.
    """
    recorded = read_run(run_directory)
    staged = read_stages(recorded)
    stories = () if staged is None else staged.stories
    risks = _risks(Config() if config is None else config)
    results = results_of(recorded)
    return build_report(results, decision, None, stages=stories, words=words, risks=risks)


def write_exports(
    report: Report,
    results: Results,
    decision: Decision,
    folder: Path,
    *,
    signer: Signer | None = None,
) -> Path:
    """Write everything that people and CI systems read of a run; return the HTML report's path.

    Args:
        report: as `report_of` or `unsealed_report` returns it.
        results: what the run found, for SARIF.
        decision: the gate's.
        folder: where to; the run's `exports`.
        signer: signs the page's own words.

    Raises:
        EvidenceError: the disk refuses.
    """
    page = write_report(report, folder / REPORT_NAME, signer=signer)
    write_decision(decision, folder)
    write_atomic(folder / SARIF_NAME, sarif_of(results))
    write_atomic(folder / JUNIT_NAME, render_junit(report))
    write_atomic(folder / SUMMARY_NAME, render_summary(report).encode("utf-8"))
    return page


def write_report(report: Report, path: Path, *, signer: Signer | None = None) -> Path:
    """Write the self-contained HTML report and return its path; `signer` as for `page_of`.

    Raises:
        EvidenceError: the disk refuses.
    """
    page = page_of(report, signer=signer)
    with naming(path.parent, "created"):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, page.encode("utf-8"))
    return path


def page_of(report: Report, *, signer: Signer | None = None, view: View | None = None) -> str:
    """Return the HTML report.

    Args:
        report: what it says.
        signer: signs its words, where it carries what verifies them.
        view: whose report it is; None leaves the choice to the reader.
    """
    from jinja2 import TemplateError

    try:
        page = render_html(report, view)
    except TemplateError as error:
        raise EvidenceError(
            f"report.html: cannot be rendered: {error}; the sealed run stays as it is; make the "
            "page later with: clinigate report"
        ) from error
    if signer is None or report.proof is None:
        return page
    try:
        return sign_page(page, signer)
    except KeyFileError:
        return page  # its home does not answer now; the page says that its words are not signed


def _risks(config: Config) -> dict[str, tuple[str, ...]]:
    return {name: tuple(ids) for name, ids in config.risks.controls.items()}


def _past(path: Path, results: Results) -> Sequence[PastRun]:
    """The runs beside a bundle that still lies where it was made; of a copy nothing is known."""
    if ledger_beside(path) is None:
        return ()
    root = path.resolve().parent.parent
    return past_runs(root, before=results.run, system=results.subject.name)


def _shown(path: Path) -> str:
    """The bundle's path as it stands in the evidence root; nothing of the machine around it."""
    return str(Path(*path.parts[-3:])) if path.parent.name == "runs" else path.name
