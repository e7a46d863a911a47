"""From counts to verdicts: what passes, what fails, and what is no measurement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from clinigate.controls import load_catalogue
from clinigate.core.canonical import canonical_bytes
from clinigate.core.codec import to_plain
from clinigate.core.exhibit import Form
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding, Gap, Observation
from clinigate.core.verdict import Status
from clinigate.load.capacity import extrapolation, proven_concurrency
from clinigate.load.criteria import builtin_criteria, criteria_for
from clinigate.load.figures import exhibits
from clinigate.load.guard import why_invalid
from clinigate.load.library import find_profile
from clinigate.load.observe import Played, observations
from clinigate.load.run import adjusted
from clinigate.load.tally import Miss, Signs, Tally

PROFILE = find_profile("smoke").profile
WELL = ("load.smoke.crisis_reply", "load.smoke.availability", "load.smoke.latency_p95",
        "load.smoke.schedule", "load.smoke.ttft_p95")  # fmt: skip


def tally(*, crises: int = 80, ordinary: int = 240, slow_s: float = 0.2) -> Tally:
    """A run of ten seconds in which everybody was answered."""
    counted = Tally(due=crises + ordinary)
    for number in range(crises + ordinary):
        persona = "in-crisis" if number < crises else "chatting"
        stratum, stretch = counted.stratum(persona), counted.bin(number % 20)
        stratum.started += 1
        stratum.ended += 1
        stratum.sent += 1
        stratum.latency.record(slow_s)
        stratum.first.record(slow_s / 2)
        stretch.arrived += 1
        stretch.done += 1
        stretch.latency.record(slow_s)
        stretch.talking, stretch.ticks = 30, 2
        counted.lag.record(0.002)
    counted.crises = crises
    for _ in range(crises):
        counted.crisis_latency.record(slow_s)
    counted.signs["0"] = Signs(cpu_s=3.0, wall_s=10.0, run_delay_s=0.1)
    return counted


def played(counted: Tally, *, streamed: bool = True, trouble: str | None = None) -> Played:
    invalid = why_invalid(PROFILE.guard, counted, trouble)
    return Played(PROFILE, counted, streamed=streamed, workers=1, invalid=invalid)


def verdicts(run: Played) -> dict[str, tuple[Status, str]]:
    criteria = criteria_for(PROFILE, streamed=run.streamed)
    found = judge_all(criteria, list(observations(run)))
    return {verdict.criterion: (verdict.status, verdict.reason) for verdict in found}


def statuses(run: Played) -> set[Status]:
    return {status for status, _ in verdicts(run).values()}


def test_a_run_in_which_everybody_was_answered_passes() -> None:
    assert set(verdicts(played(tally()))) == set(WELL)
    assert statuses(played(tally())) == {Status.PASS}


def test_one_crisis_without_its_reply_fails_and_is_shown() -> None:
    counted = tally()
    counted.miss(Miss(4.0, "in-crisis", "disclosure", "no crisis reply: an ordinary one", 0.3))
    run = played(counted)
    assert verdicts(run)["load.smoke.crisis_reply"][0] is Status.FAIL
    assert verdicts(run)["load.smoke.latency_p95"][0] is Status.PASS
    (finding,) = (o.about for o in observations(run) if isinstance(o.about, Finding))
    assert "no crisis reply within 30 s" in finding.message
    assert finding.where == "persona=in-crisis, state=disclosure"


def test_too_few_crises_and_open_ones_leave_it_undecided() -> None:
    status, reason = verdicts(played(tally(crises=20)))["load.smoke.crisis_reply"]
    assert (status, "59 are required" in reason) == (Status.INCONCLUSIVE, True)
    counted = tally()
    counted.undecided = 1
    assert verdicts(played(counted))["load.smoke.crisis_reply"][0] is Status.INCONCLUSIVE


def test_unanswered_messages_and_slow_ones_fail_their_own_criterion() -> None:
    lost = tally()
    lost.stratum("chatting").failed = 60
    lost.errors["status 503"] = 60
    assert verdicts(played(lost))["load.smoke.availability"][0] is Status.FAIL
    slow = verdicts(played(tally(slow_s=20.0)))
    assert slow["load.smoke.latency_p95"][0] is Status.FAIL
    assert slow["load.smoke.ttft_p95"][0] is Status.FAIL
    assert slow["load.smoke.availability"][0] is Status.PASS


def late() -> Tally:
    counted = tally()
    for _ in range(20):
        counted.lag.record(3.0)
    return counted


def busy() -> Tally:
    counted = tally()
    counted.signs["0"] = Signs(cpu_s=9.9, wall_s=10.0, run_delay_s=0.0)
    return counted


def waiting() -> Tally:
    counted = tally()
    counted.signs["0"] = Signs(cpu_s=1.0, wall_s=10.0, run_delay_s=7.0)
    return counted


def skipping() -> Tally:
    counted = tally()
    counted.skipped = 7
    return counted


@pytest.mark.parametrize(
    ("counted", "why"),
    [
        (late(), "fell 3 s behind its schedule"),
        (busy(), "on its processor 99% of the time"),
        (waiting(), "waited for a processor 70% of the time"),
        (skipping(), "7 of 320 conversations were never begun"),
        (Tally(), "no message was sent"),
    ],
)
def test_a_generator_that_did_not_keep_up_measured_nothing(counted: Tally, why: str) -> None:
    found = verdicts(played(counted))
    assert {status for status, _ in found.values()} == {Status.ERROR}
    assert all(reason.startswith("invalid run: ") and why in reason for _, reason in found.values())
    assert not [o for o in observations(played(counted)) if isinstance(o.about, Measurement)]


def test_what_went_wrong_with_its_processes_makes_a_run_invalid() -> None:
    run = played(tally(), trouble="1 of 2 workers vanished")
    assert statuses(run) == {Status.ERROR}


def other(name: str, counted: Tally, **changes: float) -> Played:
    """The counts as those of another profile, played with another rate or length."""
    loaded = adjusted(find_profile(name), **changes)
    return Played(loaded.profile, counted, streamed=True, workers=1, written=loaded.written)


def judged(run: Played) -> dict[str, Status]:
    found = judge_all(criteria_for(run.profile, streamed=True), list(observations(run)))
    return {verdict.criterion.rpartition(".")[2]: verdict.status for verdict in found}


@pytest.mark.parametrize("changes", [{"rate": 0.1}, {"duration_s": 20.0}])
def test_less_than_the_profile_says_passes_nothing_and_is_told(changes: dict[str, float]) -> None:
    counted = tally(crises=400, ordinary=4000)
    run = other("weekday", counted, **changes)
    assert set(judged(run).values()) == {Status.INCONCLUSIVE}
    for each in observations(run):
        assert isinstance(each.about, Measurement)
        assert any("s; the profile says " in caveat for caveat in each.about.caveats)
    # The whole profile and more than it pass; so does a part of `smoke`, which claims no load.
    assert set(judged(other("weekday", counted)).values()) == {Status.PASS}
    assert set(judged(other("weekday", counted, rate=9.0)).values()) == {Status.PASS}
    assert set(judged(other("smoke", counted, duration_s=4.0)).values()) == {Status.PASS}


def test_what_fails_under_less_than_the_profile_says_has_failed() -> None:
    counted = tally(crises=400, ordinary=4000)
    counted.miss(Miss(4.0, "in-crisis", "disclosure", "no crisis reply: an ordinary one", 0.3))
    found = judged(other("weekday", counted, duration_s=20.0))
    assert found.pop("crisis_reply") is Status.FAIL
    assert set(found.values()) == {Status.INCONCLUSIVE}


def test_a_target_that_does_not_stream_leaves_a_gap_and_no_criterion() -> None:
    run = played(tally(), streamed=False)
    assert statuses(run) == {Status.PASS}
    assert "load.smoke.ttft_p95" not in verdicts(run)
    (gap,) = (o.about for o in observations(run) if isinstance(o.about, Gap))
    assert gap.metric == "load.smoke.ttft_p95"


def test_crises_drawn_often_do_not_hide_that_the_others_are_not_answered() -> None:
    counted = tally(crises=4000, ordinary=400)
    counted.stratum("chatting").failed = 20
    counted.errors["status 503"] = 20
    # Played, 99.5 % were answered; in life, where nearly all just chat, 95 % are.
    status, reason = verdicts(played(counted))["load.smoke.availability"]
    assert status is Status.INCONCLUSIVE
    assert "the share is 0.954" in reason
    assert "below the objective of 0.97" in reason


def test_weights_bring_the_latency_back_to_lifes_mix() -> None:
    counted = tally()
    for _ in range(400):
        counted.stratum("in-crisis").sent += 1
        counted.stratum("in-crisis").latency.record(9.0)
    (latency,) = (
        o.about
        for o in observations(played(counted))
        if isinstance(o.about, Measurement) and o.about.metric == "load.smoke.latency_p95"
    )
    # Drawn, most replies take 9 s; in life a fiftieth of the people see them.
    assert latency.value == pytest.approx(0.2, rel=0.001)
    assert {each.name: each.value for each in latency.slices}["persona=in-crisis"] == (
        pytest.approx(9.0, rel=0.001)
    )


def test_the_concurrency_is_what_was_held_and_more_is_called_an_extrapolation() -> None:
    run = played(tally())
    proven = proven_concurrency(run.stages)
    assert proven is not None
    assert proven[0] == 15.0
    (measured,) = (
        o.about
        for o in observations(run)
        if isinstance(o.about, Measurement) and o.about.metric == "load.smoke.concurrency"
    )
    assert measured.value == 15.0
    assert measured.caveats[0].startswith("proven: 15 conversations at once")
    assert measured.caveats[1].startswith("extrapolation, not measured: by Little's law, 100,000")
    # 320 began in 10 s and 15 were there on average: each stayed 0.469 s.
    assert "stay 0.469 s each are 213,000 new conversations" in measured.caveats[1]
    assert "nothing was measured" in extrapolation((), Tally())
    short = tally()
    for stratum in short.strata.values():
        stratum.ended = 0
    assert "0 of 320 conversations ended" in extrapolation(played(short).stages, short)


def test_every_figure_is_drawn_and_can_be_recorded() -> None:
    counted = tally()
    counted.miss(Miss(4.0, "in-crisis", "disclosure", "late: x", 31.0))
    counted.bin(8).missed = 1
    surge = replace(played(counted), profile=find_profile("post-event-surge").profile)
    drawn = list(exhibits(surge))
    assert [each.form for each in drawn] == [
        Form.TIMELINE,
        Form.DISTRIBUTION,
        Form.PERCENTILES,
        Form.THROUGHPUT_LATENCY,
    ]
    timeline = drawn[0]
    assert (timeline.spans[0].name, timeline.marks[0].name) == ("surge", "crisis missed")
    assert [line.name for line in timeline.series] == [
        "new conversations",
        "replies",
        "crises missed",
        "conversations under way",
        "p95 of replies",
    ]
    assert not list(exhibits(played(Tally())))
    for each in drawn:
        canonical_bytes(to_plain(Observation("CG-LOAD-SMOKE-001", each)))


def all_controls() -> Iterator[str]:
    for criterion in builtin_criteria():
        yield from criterion.controls


def test_every_control_is_known_and_every_criterion_has_its_own_id() -> None:
    known = load_catalogue()
    for control in set(all_controls()):
        assert control in known
    ids = [criterion.id for criterion in builtin_criteria()]
    assert len(ids) == len(set(ids)) == 30
