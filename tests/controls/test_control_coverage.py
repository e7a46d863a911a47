"""Every clause has a state, and nothing but evidence makes it a good one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.controls import Mode, load_catalogue
from clinigate.controls.coverage import cover
from clinigate.controls.crosswalk import Crosswalk, load_crosswalk
from clinigate.controls.standing import Covered, Evidence, State, Told, Word
from clinigate.core.criterion import Criterion, Relation
from clinigate.core.verdict import Status, Verdict

CATALOGUE = load_catalogue()
WALK = load_crosswalk()
AUDIT, HYBRID, OFFICER = "164.312(b)", "164.308(a)(6)(ii)", "164.308(a)(2)"


def criterion(name: str, *controls: str) -> Criterion:
    return Criterion(name, name, Relation.AT_MOST, 0, controls=controls)


def states(
    speaking: Mapping[str, tuple[Status | None, tuple[str, ...]]],
    *,
    walk: Crosswalk = WALK,
    **more: object,
) -> dict[str, Covered]:
    """The clauses by id; a criterion of status None is installed and was not judged."""
    criteria = [criterion(name, *controls) for name, (_, controls) in speaking.items()]
    verdicts: list[Verdict] = [
        each.unjudged(status, f"it is {status}")
        for each in criteria
        if (status := speaking[each.id][0]) is not None
    ]
    evidence = Evidence(criteria=criteria, verdicts=verdicts, ran=True, **more)  # type: ignore[arg-type]
    return {each.control.id: each for each in cover(CATALOGUE, evidence, walk)}


def test_without_anything_nothing_is_known() -> None:
    """Nothing is never a pass: every clause is not assessed and says why."""
    covered = cover(CATALOGUE, Evidence(), WALK)
    assert [each.control for each in covered] == list(CATALOGUE)
    assert {each.state for each in covered} == {State.NOT_ASSESSED}
    assert all(each.why for each in covered)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (Status.PASS, State.PASSED),
        (Status.FAIL, State.FAILED),
        (Status.ERROR, State.ERROR),
        (Status.INCONCLUSIVE, State.INCONCLUSIVE),
        (Status.NOT_ASSESSED, State.NOT_ASSESSED),
    ],
)
def test_a_clause_that_checks_show_stands_as_its_verdict(status: Status, state: State) -> None:
    clause = states({"hipaa.audit_trail": (status, (AUDIT,))})[AUDIT]
    assert clause.state is state
    assert "hipaa.audit_trail" in clause.why


@given(st.lists(st.sampled_from(list(Status)), min_size=1, max_size=5))
def test_a_clause_passes_only_where_all_that_speak_to_it_pass(verdicts: list[Status]) -> None:
    """Any other verdict among them is its state."""
    clause = states({f"hipaa.c{n}": (each, (AUDIT,)) for n, each in enumerate(verdicts)})[AUDIT]
    assert (clause.state is State.PASSED) == (set(verdicts) == {Status.PASS})
    if Status.FAIL in verdicts and Status.ERROR not in verdicts:
        assert clause.state is State.FAILED


def test_what_is_installed_and_did_not_run_is_named() -> None:
    clause = states({"hipaa.audit_trail": (None, (AUDIT,))})[AUDIT]
    assert (clause.state, clause.criteria) == (State.NOT_ASSESSED, ("hipaa.audit_trail",))
    assert clause.why == "not in this run: hipaa.audit_trail"


def test_many_criteria_are_told_by_family() -> None:
    many = {f"chaos.c{n}": (Status.PASS, (AUDIT,)) for n in range(7)}
    assert states(many)[AUDIT].why == "passed: 7 criteria (chaos 7)"


def test_a_hybrid_clause_needs_both_halves() -> None:
    """Neither the check nor the document alone makes it good."""
    ran: Mapping[str, tuple[Status | None, tuple[str, ...]]]
    ran = {"hipaa.drill": (Status.PASS, (HYBRID,))}
    words = [Word(HYBRID, "2027-01-01", "A. Officer")]
    assert states(ran)[HYBRID].state is State.NOT_ASSESSED
    assert "nobody attests it" in states(ran)[HYBRID].why
    assert states({}, words=words)[HYBRID].state is State.NOT_ASSESSED
    both = states(ran, words=words)[HYBRID]
    assert (both.state, both.until) == (State.PASSED, "2027-01-01")
    failed = states({"hipaa.drill": (Status.FAIL, (HYBRID,))}, words=words)[HYBRID]
    assert failed.state is State.FAILED


def test_a_clause_of_people_is_attested_until_a_day() -> None:
    """The word that lasts longest counts, and says whose it is."""
    words = [Word(OFFICER, "2027-06-01", "B"), Word(OFFICER, "2027-01-01", "A")]
    clause = states({}, words=words)[OFFICER]
    assert (clause.state, clause.until) == (State.ATTESTED, "2027-06-01")
    assert clause.why == "attested until 2027-06-01 by B"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (Status.PASS, State.ATTESTED),
        (Status.FAIL, State.FAILED),
        (Status.NOT_ASSESSED, State.NOT_ASSESSED),
    ],
)
def test_a_check_of_an_attestation_never_makes_more_of_it(status: Status, state: State) -> None:
    """Whoever held a word against its document can find it broken, not prove what it says."""
    ran: Mapping[str, tuple[Status | None, tuple[str, ...]]]
    ran = {"hipaa.officer": (status, (OFFICER,))}
    words = [Word(OFFICER, "2027-01-01")]
    attesting = frozenset({"hipaa.officer"})
    assert states(ran, attesting=attesting)[OFFICER].state is state
    broken = State.FAILED if status is Status.FAIL else State.ATTESTED
    assert states(ran, attesting=attesting, words=words)[OFFICER].state is broken


def test_a_check_shows_nothing_of_what_people_attest_alone() -> None:
    """164.310(b) asks for a policy; that nothing is cached does not stand in for it."""
    clause = "164.310(b)"
    passed = states({"hipaa.cache_control": (Status.PASS, (clause,))})[clause]
    assert (passed.state, passed.why) == (State.NOT_ASSESSED, "nobody attests it")
    words = [Word(clause, "2027-01-01")]
    failed = states({"hipaa.cache_control": (Status.FAIL, (clause,))}, words=words)[clause]
    assert failed.state is State.FAILED


def test_a_check_of_a_document_is_one_half_of_a_hybrid_clause() -> None:
    """It says that somebody attests, never that anything was tried."""
    ran: dict[str, tuple[Status | None, tuple[str, ...]]]
    ran = {"hipaa.plan": (Status.PASS, (HYBRID,))}
    attesting = frozenset({"hipaa.plan"})
    assert states(ran, attesting=attesting)[HYBRID].state is State.NOT_ASSESSED
    ran["hipaa.drill"] = (Status.PASS, (HYBRID,))
    assert states(ran, attesting=attesting)[HYBRID].state is State.PASSED
    ran["hipaa.plan"] = (Status.FAIL, (HYBRID,))
    assert states(ran, attesting=attesting)[HYBRID].state is State.FAILED


def test_stale_evidence_shows_nothing() -> None:
    """164.312(b) asks for evidence no older than seven days."""
    ran: Mapping[str, tuple[Status | None, tuple[str, ...]]]
    ran = {"hipaa.audit_trail": (Status.PASS, (AUDIT,))}
    assert states(ran, age=timedelta(days=7))[AUDIT].state is State.PASSED
    stale = states(ran, age=timedelta(days=7, seconds=1))[AUDIT]
    assert (stale.state, stale.why) == (State.INCONCLUSIVE, "what passed is older than 7 days")


def test_a_waiver_makes_nobody_compliant() -> None:
    """164.306(d): the clause reads non-compliant, also where what is required was waived."""
    ran: Mapping[str, tuple[Status | None, tuple[str, ...]]]
    ran = {
        "hipaa.audit_trail": (Status.FAIL, (AUDIT,)),
        "hipaa.audit_rows": (Status.PASS, (AUDIT,)),
    }
    clause = states(ran, waived={"hipaa.audit_trail": "2026-12-01"})[AUDIT]
    assert (clause.state, clause.until) == (State.WAIVED, "2026-12-01")
    assert clause.why == "required, non-compliant, risk accepted until 2026-12-01"


def test_a_waiver_covers_no_other_criterion() -> None:
    ran: Mapping[str, tuple[Status | None, tuple[str, ...]]]
    ran = {"hipaa.a": (Status.FAIL, (AUDIT,)), "hipaa.b": (Status.FAIL, (AUDIT,))}
    assert states(ran, waived={"hipaa.a": "2026-12-01"})[AUDIT].state is State.FAILED


def test_what_a_gate_decided_outweighs_what_is_worked_out() -> None:
    told = {AUDIT: Told(State.WAIVED, "non-compliant, risk accepted until x", "x")}
    clause = states({"hipaa.audit_trail": (Status.PASS, (AUDIT,))}, told=told)[AUDIT]
    assert (clause.state, clause.until) == (State.WAIVED, "x")


def test_one_check_serves_many_clauses() -> None:
    """What shows 164.312(a)(1) shows 21 CFR 11.10(d), by name and not by chance."""
    ran: Mapping[str, tuple[Status | None, tuple[str, ...]]]
    ran = {"hipaa.access_control": (Status.PASS, ("164.312(a)(1)",))}
    shown = states(ran)["11.10(d)"]
    assert (shown.state, shown.shown_by) == (State.PASSED, ("164.312(a)(1)",))
    assert shown.why == "shown by what shows 164.312(a)(1)"
    failed = states({"hipaa.access_control": (Status.FAIL, ("164.312(a)(1)",))})["11.10(d)"]
    assert failed.state is State.FAILED
    assert failed.why.startswith("as 164.312(a)(1): ")


def test_a_check_of_its_own_counts_before_those_of_others() -> None:
    ran: Mapping[str, tuple[Status | None, tuple[str, ...]]]
    ran = {
        "hipaa.access_control": (Status.FAIL, ("164.312(a)(1)",)),
        "hipaa.own": (Status.PASS, ("11.10(d)",)),
    }
    assert states(ran)["11.10(d)"].state is State.PASSED


def test_a_roll_up_needs_every_part() -> None:
    """A check that speaks to Art. 32 alone does not show what 164.312 asks for beside it."""
    parts = WALK.rolls_up["Art.32"]
    ran: dict[str, tuple[Status | None, tuple[str, ...]]]
    ran = {"hipaa.strength": (Status.PASS, ("Art.32",))}
    assert states(ran)["Art.32"].state is State.NOT_ASSESSED
    ran |= {f"hipaa.p{n}": (Status.PASS, (part,)) for n, part in enumerate(parts)}
    assert states(ran)["Art.32"].state is State.PASSED
    ran["hipaa.p1"] = (Status.FAIL, (parts[1],))
    assert states(ran)["Art.32"].state is State.FAILED


def test_related_clauses_show_nothing_of_each_other() -> None:
    ran: Mapping[str, tuple[Status | None, tuple[str, ...]]]
    ran = {"hipaa.consent": (Status.PASS, ("164.508",))}
    clause = states(ran)["2.31(a)"]
    assert (clause.state, "164.508" in clause.related) == (State.NOT_ASSESSED, True)


def test_a_part_of_a_clause_is_not_shown_by_the_whole() -> None:
    """A search for identifiers cites the eighteen together; a single letter stays open, and says
    where to look.
    """
    whole = "164.514(b)(2)(i)"
    ran: Mapping[str, tuple[Status | None, tuple[str, ...]]]
    ran = {"phi.leaks": (Status.PASS, (whole,))}
    letter = states(ran)[f"{whole}(Q)"]
    assert letter.state is State.NOT_ASSESSED
    assert whole in letter.why


@given(
    st.dictionaries(
        st.sampled_from([control.id for control in CATALOGUE]),
        st.sampled_from(list(Status)),
        max_size=12,
    )
)
def test_no_clause_is_good_without_a_reason_to_be(verdicts: dict[str, Status]) -> None:
    """A clause is passed or attested only if a PASS speaks to it or to all that show it."""
    ran: dict[str, tuple[Status | None, tuple[str, ...]]] = {
        f"hipaa.c{n}": (status, (clause,)) for n, (clause, status) in enumerate(verdicts.items())
    }
    good = {clause for clause, status in verdicts.items() if status is Status.PASS}
    for clause, covered in states(ran).items():
        if covered.state in (State.PASSED, State.ATTESTED):
            assert covered.control.mode is not Mode.HYBRID
            assert clause in good or covered.shown_by


def test_an_addressable_clause_may_rest_on_a_documented_decision() -> None:
    """164.306(d)(3): with a reason and a measure; never one that failed, never a Required one."""
    logoff, required = "164.312(a)(2)(iii)", "164.312(a)(2)(i)"
    words = [Word(each, "2027-01-01", "A", "screens lock") for each in (logoff, required)]
    decided = states({}, words=words)
    assert decided[logoff].state is State.ATTESTED
    assert decided[logoff].why == "not implemented, by decision until 2027-01-01: screens lock"
    assert decided[required].state is State.NOT_ASSESSED
    failed = states({"hipaa.idle_logoff": (Status.FAIL, (logoff,))}, words=words)
    assert failed[logoff].state is State.FAILED
