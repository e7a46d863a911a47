"""Every run that ever began is a row, and no row says more than can be believed."""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

import pytest

from clinigate.core.canonical import canonical_bytes
from clinigate.evidence.envelope import sign_envelope
from clinigate.evidence.names import PAYLOAD_TYPE
from clinigate.evidence.signing import generate_signer
from clinigate.portal.rows import Standing, run_line
from clinigate.portal.views import RunLine
from clinigate.reports.model import Tone


def text(page: Any) -> str:
    assert page is not None
    return str(page.body.decode())


def lines(project: Any) -> dict[str, RunLine]:
    looking = project.site(exported=True).looking()
    return {each.run: looking.line(each) for each in looking.snapshot.standings}


def test_each_fate_has_its_words(shelf: Any) -> None:
    mine, fates = shelf
    found = {name: lines(mine)[run] for name, run in fates.items()}
    told = {name: (line.evidence.word, line.ended) for name, line in found.items()}
    assert told == {
        "passed": ("verified", "complete"),
        "failed": ("verified", "complete"),
        "aborted": ("verified", "aborted"),
        "damaged": ("broken", "complete"),
        "missing": ("missing", "complete"),
        "unfinished": ("not sealed", "never finished"),
        "latest": ("verified", "complete"),
    }
    assert found["damaged"].evidence.why.startswith("L0: results.json: was changed")
    assert found["passed"].signers == ("CI of the clinic",)


def test_what_is_broken_says_nothing_of_its_criteria(shelf: Any) -> None:
    mine, fates = shelf
    found = lines(mine)
    for name in ("damaged", "missing", "unfinished"):
        line = found[fates[name]]
        assert (line.outcome, line.tally, line.system) == (None, (), "")
    passed = found[fates["passed"]].outcome
    assert passed is not None
    assert (passed.word, passed.tone) == ("PASS", Tone.GOOD)
    for name in ("failed", "aborted"):
        outcome = found[fates[name]].outcome
        assert outcome is not None
        assert outcome.tone is Tone.BAD, "an aborted run never certifies"


def test_an_unsigned_run_is_open_and_never_verified(project: Any) -> None:
    run = project.sealed(signed=False).run
    mark = lines(project)[run].evidence
    assert (mark.tone, mark.word) == (Tone.OPEN, "unsigned")


def test_without_a_trust_file_no_signer_is_known(project: Any) -> None:
    run = project.sealed().run
    (project.folder / "clinigate.toml").write_text("[subject]\nname = 'calm companion'\n")
    mark = lines(project)[run].evidence
    assert (mark.tone, mark.word) == (Tone.OPEN, "signer unknown")
    assert "No trust file" in text(project.site(exported=True).page("index.html"))


def test_a_foreign_key_is_not_verified(project: Any) -> None:
    bundle = project.sealed()
    envelope = sign_envelope(bundle.envelope.payload, PAYLOAD_TYPE, [generate_signer()])
    (bundle.path / bundle.statement_name).write_bytes(canonical_bytes(envelope))
    assert lines(project)[bundle.run].evidence.tone is Tone.BAD


def test_a_statement_other_than_the_logged_one_is_broken(project: Any) -> None:
    """Who has the machine's key can make another statement, and not another ledger."""
    bundle = project.sealed(missed=60)
    payload = json.loads(bundle.envelope.payload)
    payload["predicate"]["counts"]["FAIL"] = 0
    envelope = sign_envelope(canonical_bytes(payload), PAYLOAD_TYPE, [project.signer])
    (bundle.path / bundle.statement_name).write_bytes(canonical_bytes(envelope))
    line = lines(project)[bundle.run]
    assert line.evidence.tone is Tone.BAD
    assert line.outcome is None


def test_a_run_under_another_ones_name_is_broken(project: Any) -> None:
    good, other = project.sealed(), project.sealed(missed=60)
    shutil.rmtree(other.path)
    shutil.copytree(good.path, other.path)
    mark = lines(project)[other.run].evidence
    assert (mark.tone, mark.word) == (Tone.BAD, "broken")
    assert good.run in mark.why


def test_a_run_that_the_ledger_does_not_know_is_told(project: Any) -> None:
    bundle = project.sealed()
    foreign = project.root / "runs" / "20260101T000000000000Z-00000000"
    foreign.mkdir()
    assert lines(project)[foreign.name].evidence.word == "not sealed"
    line = run_line(Standing(bundle.run, None, on_disk=True), None)
    assert line.evidence.word == "being verified"


def test_a_pruned_run_keeps_its_row(project: Any) -> None:
    from clinigate.evidence.runs import RunStore

    bundle = project.sealed()
    ledger = RunStore(project.root).ledger(clock=project.clock, signer=project.signer)
    ledger.append("run-pruned", run=bundle.run, body={"reason": "six years are over"})
    shutil.rmtree(bundle.path)
    mark = lines(project)[bundle.run].evidence
    assert (mark.tone, mark.word) == (Tone.NEUTRAL, "pruned")


@pytest.mark.parametrize("damage", ["edit", "cut"])
def test_a_broken_ledger_is_told_on_every_page(project: Any, damage: str) -> None:
    project.sealed()
    log = project.root / "ledger" / "records.ndjson"
    data = log.read_bytes()
    log.write_bytes(data.replace(b"pytest", b"pytesT") if damage == "edit" else data[:-200])
    site = project.site(exported=True)
    assert "cannot be believed" in text(site.page("index.html"))
    assert "cannot be believed" in text(site.page("ledger.html"))
    for path in site.paths():
        assert site.page(path) is not None


def test_no_evidence_yet_is_told(project: Any) -> None:
    site = project.site(exported=True)
    assert "makes the first one" in text(site.page("index.html"))
    for path in site.paths():
        assert site.page(path) is not None


def test_a_change_is_seen_when_the_page_is_loaded_again(project: Any) -> None:
    """What is remembered of a bundle ends with the first byte that changes."""
    bundle = project.sealed()
    site = project.site()
    site.warm()
    site.examinations.settle()
    assert "Verified" in text(site.page("index.html"))
    environment = bundle.path / "environment.json"
    environment.write_bytes(environment.read_bytes()[:-1] + b" ")
    assert "Being verified" in text(site.page("index.html"))
    site.examinations.settle()
    assert "environment.json: was changed" in text(site.page("index.html"))
    site.close()


def test_a_revoked_key_counts_no_more(project: Any) -> None:
    run = project.sealed().run
    site = project.site(exported=True)
    assert "Verified" in text(site.page("index.html"))
    trust = project.folder / "trust.toml"
    revoked = 'role = "machine"\nrevoked_at = 2026-01-01T00:00:00Z'
    trust.write_text(trust.read_text().replace('role = "machine"', revoked, 1))
    assert "was revoked" in text(site.page(f"runs/{run}/index.html"))


def test_older_runs_are_on_further_pages(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clinigate.portal.site.PER_PAGE", 2)
    runs = [project.sealed().run for _ in range(3)]
    site = project.site(exported=True)
    assert {"index.html", "runs-2.html"} <= set(site.paths())
    first, second = text(site.page("index.html")), text(site.page("runs-2.html"))
    assert runs[2] in first
    assert runs[0] not in first
    assert runs[0] in second
    assert site.page("runs-3.html") is None


def test_each_system_has_its_own_trends_and_coverage(project: Any) -> None:
    project.sealed(system="calm companion")
    project.sealed(system="night watch")
    site = project.site(exported=True)
    assert {"trends.html", "trends-2.html", "coverage-2.html"} <= set(site.paths())
    assert "night watch" in text(site.page("coverage.html"))
    assert "calm companion 1.4" in text(site.page("coverage-2.html"))
    assert site.page("coverage-3.html") is None


def test_what_ends_comes_first_and_says_when(shelf: Any) -> None:
    mine, _ = shelf
    page = text(mine.site(exported=True).page("due.html"))
    abouts = re.findall(r"<th[^>]*><code>(.*?)</code>", page)
    plain = [re.sub(r"<wbr>", "", each) for each in abouts]
    assert plain[:3] == ["164.308(a)(5)(i)", "crisis.false_negative_rate", "164.308(a)(2)"]
    assert "less than a day" in page
    assert "Ends soon" in page


def test_a_record_that_was_changed_or_taken_away_is_a_row(project: Any) -> None:
    run = project.sealed().run
    project.people(run)
    records = sorted((project.root / "records").glob("*.dsse.json"))
    records[0].unlink()
    records[1].write_bytes(records[1].read_bytes().replace(b"payload", b"payloaD", 1))
    page = text(project.site(exported=True).page("due.html"))
    assert records[0].name in page
    assert records[1].name in page
    assert page.count("Does not count") >= 3, "two rows and the sum above them"


def test_a_witness_is_named_with_what_it_saw(project: Any) -> None:
    from clinigate.cli.keys import trust_entry
    from clinigate.evidence.trust import load_trust
    from clinigate.evidence.witnessing import Witness, witness_log

    project.sealed()
    key = generate_signer()
    trust = project.folder / "trust.toml"
    page = text(project.site(exported=True).page("ledger.html"))
    assert "No witness has cosigned" in page
    state = project.folder / "state"
    witness = Witness("example.org/officer", key, state, load_trust(trust))
    witness_log(project.root, witness, clock=project.clock)
    page = text(project.site(exported=True).page("ledger.html"))
    assert "Witness unknown" in page
    entry = trust_entry(key.public, name="Officer's laptop", role="witness")
    trust.write_text(trust.read_text() + entry)
    page = text(project.site(exported=True).page("ledger.html"))
    assert "Officer&#39;s laptop" in page
    assert "Cosigned" in page
    assert "time proven" in text(project.site(exported=True).page("index.html")).lower()
