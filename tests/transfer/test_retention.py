"""Evidence is kept as long as it must be, and goes only where a copy is found elsewhere."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from clinigate.cli.bundle_shown import kept_plain, kept_text, pruned_text
from clinigate.config.retention import RetentionTable
from clinigate.core.canonical import canonical_bytes
from clinigate.errors import EvidenceError, UsageError
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.times import parse_timestamp, timestamp
from clinigate.gate.record_files import sign_record
from clinigate.gate.records import NamedSigner, Record, RecordSubject, Waiver
from clinigate.pipeline import pruning
from clinigate.pipeline.pruning import prune
from clinigate.pipeline.retention import _years_after, kept_runs, retained_until


@pytest.fixture
def copied(site: Any, tmp_path: Path) -> Any:
    """A run whose retention is over, and a copy of it elsewhere."""
    bundle = site.sealed()
    site.export(bundle, tmp_path / "copy.zip")
    site.clock.now += timedelta(days=366 * 6)
    return bundle


def _prune(site: Any, *, dry_run: bool = False) -> Any:
    return prune(site.root, site.table, dry_run=dry_run, signer=site.signer, clock=site.clock)


def _types(site: Any) -> list[str]:
    return [record.type for record in read_ledger(site.root / "ledger").chain.records]


def _waiver(site: Any, subject: RecordSubject, issued: datetime, expires: datetime) -> bytes:
    record = Record(
        subject,
        (NamedSigner("Ada", "officer", site.signer.keyid),),
        "accepted for the pilot",
        timestamp(issued),
        Waiver("Bob", "Ada", "two clinicians watch", criterion="crisis.false_negative_rate"),
        timestamp(expires),
    )
    return canonical_bytes(sign_record(record, [site.signer]))


def test_a_bundle_is_kept_six_years_from_its_seal(site: Any) -> None:
    until = retained_until(site.sealed(), site.table)
    assert until.moment is not None
    assert (until.moment.year, until.moment.month, until.moment.day) == (2032, 8, 21)
    assert "6 years after it was sealed (2026-08-21)" in until.why


@pytest.mark.parametrize("standing", [False, True])
def test_the_last_day_in_effect_counts_where_it_is_later(site: Any, standing: bool) -> None:
    """164.316(b)(2)(i): from creation, or the date when it last was in effect."""
    bundle = site.sealed()
    begun, ends = datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 1, 15, tzinfo=UTC)
    if standing:
        subject = RecordSubject.of_build(site.subject)
        place = site.root / "records"
    else:
        subject = RecordSubject.of_run(bundle.statement_digest)
        place = bundle.path / "records"
    place.mkdir(exist_ok=True)
    (place / "waiver-0123456789ab.dsse.json").write_bytes(_waiver(site, subject, begun, ends))
    (kept,) = kept_runs(site.root, site.table)
    assert kept.until.moment == datetime(2033, 1, 15, tzinfo=UTC)
    assert "waiver by Ada" in kept.until.why
    (fewer,) = kept_runs(site.root, RetentionTable(kinds={"waiver": 1, "run": 10}))
    assert fewer.until.moment is not None
    assert fewer.until.moment.year == 2036


@given(
    day=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - Hypothesis wants it so
    years=st.integers(1, 100),
)
def test_years_are_calendar_years_and_never_short(day: datetime, years: int) -> None:
    after = _years_after(day.replace(tzinfo=UTC), years)
    assert after.year == day.year + years
    assert (after.month, after.day) in {(day.month, day.day), (3, 1)}


def test_what_may_go_goes_and_the_ledger_stays(site: Any, copied: Any) -> None:
    records = len(_types(site))
    (done,) = _prune(site)
    assert (done.run, done.why_kept) == (copied.run, None)
    assert not copied.path.exists()
    assert list((site.root / "runs").iterdir()) == []
    assert _types(site)[records:] == ["run-pruned"]
    (kept,) = kept_runs(site.root, site.table)
    assert kept.history.pruned_at is not None
    assert _prune(site) == ()


def test_a_dry_run_removes_nothing(
    site: Any, copied: Any, tree: Callable[[Path], dict[str, bytes]]
) -> None:
    before = tree(site.root)
    (done,) = _prune(site, dry_run=True)
    assert done.why_kept is None
    assert "would be removed" in pruned_text([done], dry_run=True)
    assert tree(site.root) == before


def test_a_pruned_run_comes_back_from_its_copy(site: Any, copied: Any, tmp_path: Path) -> None:
    _prune(site)
    done = site.take_in(tmp_path / "copy.zip", trust=site.trust)
    assert done.place == copied.path
    (kept,) = kept_runs(site.root, site.table)
    assert kept.history.pruned_at is None


def _too_early(site: Any, bundle: Any, folder: Path) -> Any:
    site.clock.now = datetime(2032, 8, 21, 9, tzinfo=UTC)
    return site


def _held_by_run(site: Any, bundle: Any, folder: Path) -> Any:
    return site.keeping(hold=[bundle.run], hold_reason="Example v. Example")


def _held_by_system(site: Any, bundle: Any, folder: Path) -> Any:
    return site.keeping(hold=["demo"])


def _held_all(site: Any, bundle: Any, folder: Path) -> Any:
    return site.keeping(hold=["*"])


def _longer(site: Any, bundle: Any, folder: Path) -> Any:
    return site.keeping(years=10)


def _copy_gone(site: Any, bundle: Any, folder: Path) -> Any:
    (folder / "copy.zip").unlink()
    return site


def _copy_changed(site: Any, bundle: Any, folder: Path) -> Any:
    (folder / "copy.zip").write_bytes(b"PK")
    return site


def _record_since(site: Any, bundle: Any, folder: Path) -> Any:
    begun = datetime(2026, 9, 1, tzinfo=UTC)
    (bundle.path / "records").mkdir()
    (bundle.path / "records" / "waiver-0123456789ab.dsse.json").write_bytes(
        _waiver(
            site,
            RecordSubject.of_run(bundle.statement_digest),
            begun,
            begun + timedelta(days=1),
        )
    )
    site.clock.now += timedelta(days=400)
    return site


def _damaged(site: Any, bundle: Any, folder: Path) -> Any:
    (bundle.path / "statement.dsse.json").write_bytes(b"{}")
    return site


def _unreadable_record(site: Any, bundle: Any, folder: Path) -> Any:
    (bundle.path / "records").mkdir()
    (bundle.path / "records" / "waiver-0123456789ab.dsse.json").write_bytes(b"{}")
    return site


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_too_early, "kept until 2032-08-21"),
        (_held_by_run, "legal hold .*Example v. Example"),
        (_held_by_system, "legal hold"),
        (_held_all, "legal hold"),
        (_longer, "kept until 2036"),
        (_copy_gone, "no copy of it is found: .*copy.zip: gone"),
        (_copy_changed, "no copy of it is found: .*copy.zip: was changed"),
        (_record_since, "changed since it was exported"),
        (_damaged, "cannot be read: statement.dsse.json"),
        (_unreadable_record, "cannot be read: records/waiver"),
    ],
)
def test_nothing_else_ever_goes(
    site: Any, copied: Any, tmp_path: Path, spoil: Callable[..., Any], why: str
) -> None:
    site = spoil(site, copied, tmp_path)
    before = _types(site)
    (done,) = _prune(site)
    assert done.why_kept is not None
    assert re.search(why, done.why_kept), done.why_kept
    assert copied.path.is_dir()
    assert _types(site) == before


def test_what_was_never_exported_or_sealed_stays(site: Any) -> None:
    sealed = site.sealed()
    begun = site.begin()
    site.clock.now += timedelta(days=366 * 20)
    told = {done.run: done.why_kept for done in _prune(site)}
    assert "never exported" in told[sealed.run]
    assert "never sealed" in told[begun.id]


def test_a_clock_that_was_set_back_is_told(site: Any, copied: Any) -> None:
    site.clock.now = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(EvidenceError, match=r"clock says 2026-01-01.*set the clock"):
        _prune(site)


def test_a_prune_that_was_killed_after_its_word_is_ended_by_the_next(
    site: Any, copied: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole, and listed as pruned; then gone, with one word in the ledger."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pruning, "_told", lambda *_: False)
        patch.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            _prune(site)
    assert open_bundle(copied.path).run == copied.run
    assert _types(site)[-1] == "run-pruned"
    (done,) = _prune(site)
    assert done.why_kept is None
    assert not copied.path.exists()
    assert _types(site).count("run-pruned") == 1


def test_a_rest_under_the_scratch_name_goes_with_the_next_prune(site: Any, copied: Any) -> None:
    rest = site.root / "runs" / ".pruned-x-0.tmp"
    shutil.copytree(copied.path, rest)
    _prune(site)
    assert not rest.exists()


def test_the_list_says_until_when_why_and_where(site: Any, copied: Any, tmp_path: Path) -> None:
    site.sealed()
    site.begin()
    now = site.clock.now
    runs = kept_runs(site.root, site.table)
    text = kept_text(runs, site.table, now)
    assert "kept until 2032-08-21" in text
    assert str(tmp_path / "copy.zip") in text
    assert text.count("may be pruned") == 1
    assert "never sealed" in text
    plain = kept_plain(runs[0])
    assert parse_timestamp(plain["keptUntil"]).year == 2032
    assert plain["copies"][0]["place"] == str(tmp_path / "copy.zip")
    assert "fewer than the 6" in kept_text(runs, RetentionTable(kinds={"run": 2}), now)


def test_the_table_takes_known_kinds_alone() -> None:
    with pytest.raises(ValidationError):
        RetentionTable(kinds={"waver": 3})  # type: ignore[dict-item]
    assert RetentionTable(years=7, kinds={"waiver": 9}).years_of("waiver") == 9
    assert RetentionTable(years=7, kinds={"waiver": 9}).years_of("run") == 7


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_copy_in_the_evidence_itself_is_none(site: Any, form: str) -> None:
    """`exports/` of a run is free for everybody's files, and goes with the run."""
    bundle = site.sealed()
    place = bundle.path / "exports" / "copy.zip"
    place.parent.mkdir()
    with pytest.raises(UsageError, match="lies in the evidence itself"):
        site.export(bundle, form.format(place))
    assert not place.exists()


def test_a_copy_that_was_logged_there_saves_nothing(site: Any, tmp_path: Path) -> None:
    """Older versions let it be written there, and a link may lead there."""
    bundle = site.sealed()
    outside = tmp_path / "copies"
    outside.mkdir()
    site.export(bundle, outside / "copy.zip")
    (bundle.path / "exports").mkdir()
    shutil.move(outside / "copy.zip", bundle.path / "exports" / "copy.zip")
    (outside / "copy.zip").symlink_to(bundle.path / "exports" / "copy.zip")
    site.clock.now += timedelta(days=366 * 6)
    (done,) = _prune(site)
    assert "would go with it" in (done.why_kept or "")
    assert bundle.path.is_dir()


def test_a_run_that_was_brought_back_by_hand_goes_only_where_a_copy_is_found(
    site: Any, copied: Any, tmp_path: Path
) -> None:
    """Listed as pruned is no reason to remove what may be the last copy."""
    shutil.copytree(copied.path, tmp_path / "backup")
    _prune(site)
    shutil.copytree(tmp_path / "backup", copied.path)
    (tmp_path / "copy.zip").unlink()
    (done,) = _prune(site)
    assert "no copy of it is found" in (done.why_kept or "")
    assert copied.path.is_dir()


def test_a_record_that_is_added_meanwhile_keeps_the_run(
    site: Any, copied: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the copy and the removal somebody signs; no copy has that."""
    looked_at = pruning.copy_digest

    def signing(place: str) -> str | None:
        (copied.path / "records").mkdir(exist_ok=True)
        (copied.path / "records" / "note.dsse.json").write_text("{}")
        return looked_at(place)

    monkeypatch.setattr(pruning, "copy_digest", signing)
    with pytest.raises(EvidenceError, match="changed while it was looked at"):
        _prune(site)
    assert copied.path.is_dir()
    assert "run-pruned" not in _types(site)


def test_a_hold_that_names_nothing_is_told_before_anything_goes(site: Any, copied: Any) -> None:
    """A system's name with a typo would hold nothing, unseen."""
    held = site.keeping(hold=["dmeo"])
    with pytest.raises(UsageError, match=r"hold: 'dmeo' is neither a run nor a system"):
        _prune(held)
    assert copied.path.is_dir()


def test_a_record_without_end_stops_nothing(site: Any) -> None:
    bundle = site.sealed()
    far = datetime(9999, 1, 1, tzinfo=UTC)
    (bundle.path / "records").mkdir()
    data = _waiver(site, RecordSubject.of_run(bundle.statement_digest), far, far + timedelta(30))
    (bundle.path / "records" / "waiver-0123456789ab.dsse.json").write_bytes(data)
    (kept,) = kept_runs(site.root, site.table)
    assert kept.until.moment is not None
    assert kept.until.moment.year == 9999


def test_a_copy_is_locked_as_long_as_records_outside_the_bundle_want(site: Any) -> None:
    """What the store is told is what `bundle list` says."""
    bundle = site.sealed()
    place = site.root / "records"
    place.mkdir()
    begun, ends = datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 1, 15, tzinfo=UTC)
    data = _waiver(site, RecordSubject.of_build(site.subject), begun, ends)
    (place / "waiver-0123456789ab.dsse.json").write_bytes(data)
    site.export(bundle, "memory://locked/copy.zip")
    (kept,) = kept_runs(site.root, site.table)
    logged = read_ledger(site.root / "ledger").chain.records[-1].body["retainUntil"]
    assert parse_timestamp(logged) == kept.until.moment
