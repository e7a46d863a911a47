"""What could make a comparison mean nothing is refused before anything is asked."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.keys import trust_entry
from clinigate.clinical import draw, obligations
from clinigate.core.plan import Profile
from clinigate.core.results import Subject
from clinigate.errors import EvidenceError, IncompleteRunError, IntegrityError, UsageError
from clinigate.evidence.signing import generate_signer
from clinigate.evidence.trust import TrustStore, load_trust
from clinigate.modelgate.answers import Question
from clinigate.modelgate.baseline import read_baseline
from clinigate.pipeline.producing import produce_into_run


@pytest.fixture
def place(tmp_path: Path, in_use: Any) -> Path:
    """A copy of the baseline that a test may damage."""
    path = tmp_path / "baseline"
    shutil.copytree(in_use.conclusion.bundle.path, path)
    return path


@pytest.fixture
def release(tmp_path: Path, prepared: Callable[..., Any]) -> Any:
    return prepared(tmp_path)


def read(place: Path, release: Any, *, trust: TrustStore | None = None, **policy: Any) -> Any:
    asked = replace(release.setup.policy, **policy)
    return read_baseline(place, release.asking, trust=trust, policy=asked)


def test_the_same_cases_of_the_same_system_are_held_against(place: Path, release: Any) -> None:
    found = read(place, release)
    assert found.words == f"baseline: 2, run {found.run} (UNSIGNED)"
    assert set(found.answers.by) == set(Question)


def with_packs(release: Any, **changes: Any) -> Any:
    """The release draws from another version of its first pack."""
    first, *rest = release.asking.packs
    packs = (replace(first, **changes), *rest)
    return replace(release, asking=replace(release.asking, packs=packs))


def test_another_catalogue_is_refused_with_a_clear_word(place: Path, release: Any) -> None:
    newer = with_packs(release, version="9.0.0", digest="sha256:" + "a" * 64)
    with pytest.raises(UsageError) as refused:
        read(place, newer)
    said = str(refused.value)
    name, version = release.asking.packs[0].name, release.asking.packs[0].version
    assert f"another catalogue: it was asked cases of {name} {version}" in said
    assert "this release draws from 9.0.0" in said
    assert "clinigate model-gate --record-baseline" in said


def test_a_pack_that_only_one_draws_from_is_another_catalogue(place: Path, release: Any) -> None:
    extra = replace(release.asking.packs[0], name="mine")
    more = replace(release.asking, packs=(*release.asking.packs, extra))
    with pytest.raises(UsageError, match="only this release draws from the pack mine"):
        read(place, replace(release, asking=more))
    fewer = replace(release.asking, packs=release.asking.packs[1:])
    with pytest.raises(UsageError, match="only the baseline draws from the pack"):
        read(place, replace(release, asking=fewer))


def test_another_system_seed_or_more_cases_are_refused(place: Path, release: Any) -> None:
    asking = release.asking
    other = replace(asking, subject=Subject("another"))
    with pytest.raises(UsageError, match=r"of the system 'therapy'.*\[subject\] name"):
        read(place, replace(release, asking=other))
    for key, value in {"seed": 4, "repeats": 2, "timeout_s": 9.0}.items():
        other = replace(asking, plan=replace(asking.plan, **{key: value}))
        with pytest.raises(UsageError, match=rf"\[run\] {key} = .*, and this release with {value}"):
            read(place, replace(release, asking=other))
    full = replace(asking.plan, profile=Profile.FULL)
    other = replace(asking, cases={**asking.cases, Question.EMOTION: draw.emotions(full)})
    with pytest.raises(UsageError, match=r"not asked .* of the .* cases of emotion; keep the"):
        read(place, replace(release, asking=other))


def test_replies_judged_by_other_rules_are_refused(
    place: Path, release: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(obligations, "VERSION", "next")
    with pytest.raises(UsageError, match=r"judged by rules of version .*, these will be by next"):
        read(place, release)


def test_a_run_that_remembers_nothing_is_refused(release: Any, tmp_path: Path) -> None:
    produced = produce_into_run(
        release.setup.config, producer="test", target="t", criteria=(), signer=None, outside={},
        work=lambda _recorder, _environ: None,
    )  # fmt: skip
    assert produced.conclusion is not None
    with pytest.raises(UsageError, match=r"remembers no answers .* --record-baseline"):
        read(produced.conclusion.bundle.path, release)


# What cannot be believed


def test_a_damaged_baseline_is_refused_by_the_files_name(place: Path, release: Any) -> None:
    (blob,) = (path for path in (place / "blobs").rglob("*") if path.is_file())
    blob.write_bytes(blob.read_bytes() + b" ")
    with pytest.raises(IntegrityError, match="blobs/sha256"):
        read(place, release)


def test_edited_results_are_refused(place: Path, release: Any) -> None:
    path = place / "results.json"
    results = json.loads(path.read_text())
    results["subject"]["name"] = "another"
    path.write_text(json.dumps(results))
    with pytest.raises(IntegrityError, match=r"results\.json"):
        read(place, release)


def test_a_run_that_was_not_sealed_is_refused(place: Path, release: Any) -> None:
    (place / "statement.json").unlink()
    with pytest.raises(IncompleteRunError, match="not sealed"):
        read(place, release)


def test_nothing_at_all_is_refused(tmp_path: Path, release: Any) -> None:
    with pytest.raises(EvidenceError):
        read(tmp_path / "nowhere", release)


@pytest.fixture(scope="module")
def signed(
    tmp_path_factory: pytest.TempPathFactory, prepared: Callable[..., Any], honest: Any
) -> tuple[Path, Any]:
    """A signed baseline, of as few questions as there can be."""
    signer = generate_signer()
    release = prepared(tmp_path_factory.mktemp("signed"), checks=())
    done = release.run(honest(), signer=signer, outside={})
    return done.conclusion.bundle.path, signer


def trusting(folder: Path, signer: Any, role: str) -> TrustStore:
    path = folder / "trust.toml"
    path.write_text(trust_entry(signer.public, name="CI", role=role))
    return load_trust(path)


def test_where_a_signature_is_asked_for_only_one_that_counts_will_do(
    signed: tuple[Path, Any], release: Any, tmp_path: Path
) -> None:
    path, signer = signed
    found = read(path, release, trust=trusting(tmp_path, signer, "machine"), require_signed=True)
    assert found.signed_by == ("CI",)
    assert "signed by CI" in found.words
    for trust in (None, trusting(tmp_path, generate_signer(), "machine")):
        with pytest.raises(IntegrityError, match="signatures"):
            read(path, release, trust=trust, require_signed=True)
    wrong = trusting(tmp_path, signer, "clinical-safety-officer")
    with pytest.raises(IntegrityError, match=r"0 signatures that count, .* --trust"):
        read(path, release, trust=wrong, require_signed=True)


def test_an_interrupted_run_is_no_baseline(
    tmp_path: Path, prepared: Callable[..., Any], honest: Any, release: Any
) -> None:
    def breaks(nth: int, _case: Any, _capability: Any, reply: Any) -> Any:
        if nth == 5:
            signal.raise_signal(signal.SIGINT)
        return reply

    seen: list[Any] = []
    with pytest.raises(KeyboardInterrupt):
        prepared(tmp_path).run(honest(breaks), signer=None, outside={}, on_sealed=seen.append)
    with pytest.raises(EvidenceError, match="its run is ABORTED; take one that ended"):
        read(seen[0].conclusion.bundle.path, release)


def test_the_cases_of_a_sample_stand_in_a_full_draw(shared: Any) -> None:
    """So that a sample can be held against a full baseline."""
    full = replace(shared.PLAN, profile=Profile.FULL)
    for drawn in (draw.emotions, draw.therapy):
        assert {case.id for case in drawn(shared.PLAN)} <= {case.id for case in drawn(full)}
