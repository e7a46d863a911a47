"""In which state each clause is: by what ran, by what people said, or by nobody yet.

Pure: verdicts, words of people and a gate's decision in, a state for every clause out. Nothing is
never a pass: a clause that nobody speaks for reads "not assessed" and says who could.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from clinigate.controls.catalogue import Control, ControlCatalogue, Mode, Requirement
from clinigate.controls.citation import holder_of
from clinigate.controls.crosswalk import Crosswalk
from clinigate.controls.standing import Covered, Evidence, State
from clinigate.core.verdict import Status, worst

__all__ = ["cover"]


_STATES = {
    Status.PASS: State.PASSED,
    Status.FAIL: State.FAILED,
    Status.INCONCLUSIVE: State.INCONCLUSIVE,
    Status.ERROR: State.ERROR,
    Status.NOT_ASSESSED: State.NOT_ASSESSED,
}


@dataclass(frozen=True, slots=True)
class _Half:
    """One half of what shows a clause: what ran, or what people said."""

    state: State
    why: str
    until: str = ""


def cover(
    catalogue: ControlCatalogue, evidence: Evidence, crosswalk: Crosswalk
) -> tuple[Covered, ...]:
    """Return the state of every clause, in the catalogue's order."""
    desk = _Desk(catalogue, evidence, crosswalk)
    return tuple(desk.covered(control) for control in catalogue)


class _Desk:
    """Where the halves of a clause are put together."""

    def __init__(
        self, catalogue: ControlCatalogue, evidence: Evidence, crosswalk: Crosswalk
    ) -> None:
        self._catalogue, self._evidence, self._crosswalk = catalogue, evidence, crosswalk
        self._verdicts = {each.criterion: each for each in evidence.verdicts}
        # The word that stays fresh for longest counts.
        words = sorted(evidence.words, key=lambda word: word.until)
        self._words = {each.control: each for each in words if not each.measure}
        self._decided = {each.control: each for each in words if each.measure}
        self._speaking: dict[str, list[str]] = {}
        for criterion in evidence.criteria:
            for control in dict.fromkeys(criterion.controls):
                self._speaking.setdefault(control, []).append(criterion.id)

    def covered(self, control: Control) -> Covered:
        told = self._evidence.told.get(control.id)
        half = self._decided_on(control, self._stands(control))
        if told is not None:
            half = _Half(told.state, told.why, told.until)
        return Covered(
            control,
            half.state,
            half.why,
            half.until,
            criteria=tuple(self._speaking.get(control.id, ())),
            shown_by=self._sources(control.id),
            related=self._crosswalk.related.get(control.id, ()),
        )

    def _decided_on(self, control: Control, half: _Half) -> _Half:
        """What nobody shows may rest on a documented decision, what failed may not."""
        word = self._decided.get(control.id)
        addressable = control.requirement is Requirement.ADDRESSABLE
        if word is None or not addressable or half.state not in _UNSHOWN:
            return half
        why = f"not implemented, by decision until {word.until}: {word.measure}"
        return _Half(State.ATTESTED, why, word.until)

    def _stands(self, control: Control) -> _Half:
        match control.mode:
            case Mode.AUTO:
                return self._tried(control)
            case Mode.ATTEST:
                return self._found_wanting(control) or self._said(control)
            case Mode.HYBRID:
                return _both(self._tried(control), self._said(control))

    def _found_wanting(self, control: Control) -> _Half | None:
        """What people attest alone a check cannot show; it may find fault all the same."""
        own = self._own(control, attesting=False)
        return own if own is not None and own.state in _FAULTS else None

    def _said(self, control: Control) -> _Half:
        """By people's words, and by the checks that hold such words against day and document."""
        held, word = self._own(control, attesting=True), self._words.get(control.id)
        if held is not None and held.state in _FAULTS:
            return held
        if word is not None:
            by = f" by {word.by}" if word.by else ""
            return _Half(State.ATTESTED, f"attested until {word.until}{by}", word.until)
        if held is not None and held.state is State.PASSED:
            return _Half(State.ATTESTED, f"the attestation was held against its day: {held.why}")
        return held or _Half(State.NOT_ASSESSED, "nobody attests it")

    def _tried(self, control: Control) -> _Half:
        """What ran and speaks to the clause, or to those that show it."""
        # Words, and checks of words, are the other half of a clause that needs both.
        own = self._own(control, attesting=False if control.mode is Mode.HYBRID else None)
        rolled = self._crosswalk.rolls_up.get(control.id, ())
        others = rolled or (self._crosswalk.same_as.get(control.id, ()) if own is None else ())
        if not others:
            return own if own is not None else self._silent(control)
        halves = [(other, self._other(other)) for other in others]
        gravest, half = min(halves, key=lambda each: _GRAVITY.index(each[1].state))
        shown = _Half(half.state, f"as {gravest}: {half.why}", half.until)
        if half.state is State.PASSED:
            shown = _Half(half.state, f"shown by what shows {', '.join(others)}")
        if own is None or _GRAVITY.index(shown.state) < _GRAVITY.index(own.state):
            return shown
        return own

    def _other(self, control_id: str) -> _Half:
        if control_id not in self._catalogue:
            return _Half(State.NOT_ASSESSED, "it is not among the clauses looked at")
        return self._tried(self._catalogue.get(control_id))

    def _own(self, control: Control, *, attesting: bool | None) -> _Half | None:
        """By the verdicts that speak to the clause itself; None where none does.

        `attesting` asks for the checks that hold attestations alone, or for all others.
        """
        seen = [
            self._verdicts[each]
            for each in self._speaking.get(control.id, ())
            if each in self._verdicts and attesting in (None, each in self._evidence.attesting)
        ]
        if not seen:
            return None
        open_ones = [each for each in seen if each.status is not Status.PASS]
        if open_ones and all(each.criterion in self._evidence.waived for each in open_ones):
            until = min(self._evidence.waived[each.criterion] for each in open_ones)
            return _Half(State.WAIVED, f"{_accepted(control)} until {until}", until)
        status = worst(each.status for each in seen)
        if status is not Status.PASS:
            first = next(each for each in seen if each.status is status)
            more = f", and {len(open_ones) - 1} more" if len(open_ones) > 1 else ""
            return _Half(_STATES[status], f"{first.criterion}: {first.reason}{more}")
        if self._stale(control):
            return _Half(State.INCONCLUSIVE, f"what passed is older than {control.fresh_days} days")
        return _Half(State.PASSED, f"passed: {_named([v.criterion for v in seen])}")

    def _stale(self, control: Control) -> bool:
        age, fresh = self._evidence.age, control.fresh_days
        return age is not None and fresh is not None and age > timedelta(days=fresh)

    def _silent(self, control: Control) -> _Half:
        """Say why nothing is known of it, and who could tell."""
        able = self._speaking.get(control.id, ())
        if able:
            when = "not in this run" if self._evidence.ran else "no run was looked at"
            return _Half(State.NOT_ASSESSED, f"{when}: {_named(able)}")
        holder = holder_of(control.id)
        if holder is not None and self._speaking.get(holder):
            return _Half(
                State.NOT_ASSESSED, f"no check speaks to it alone; see {holder}, which holds it"
            )
        where = "in this run speaks" if self._evidence.ran else "speaks"
        return _Half(State.NOT_ASSESSED, f"no check {where} to it")

    def _sources(self, control_id: str) -> tuple[str, ...]:
        rolled = self._crosswalk.rolls_up.get(control_id, ())
        return rolled or self._crosswalk.same_as.get(control_id, ())


_GRAVITY = tuple(State)
_FAULTS = (State.FAILED, State.ERROR, State.WAIVED)
_UNSHOWN = (State.NOT_ASSESSED, State.INCONCLUSIVE)
#: Criteria named one by one.
_NAMED = 3


def _named(criteria: Sequence[str]) -> str:
    """Few by name, many by family, as `31 criteria (chaos 26, hipaa 3, platform 2)`."""
    if len(criteria) <= _NAMED:
        return ", ".join(criteria)
    families = Counter(each.partition(".")[0] for each in criteria)
    told = ", ".join(f"{family} {number}" for family, number in families.most_common())
    return f"{len(criteria)} criteria ({told})"


def _both(tried: _Half, said: _Half) -> _Half:
    """A clause that needs both stands no better than the worse half."""
    worse = min(tried, said, key=lambda half: _GRAVITY.index(half.state))
    good = tried.state is State.PASSED and said.state is State.ATTESTED
    state = State.PASSED if good else worse.state
    return _Half(state, f"{tried.why}; {said.why}", worse.until)


def _accepted(control: Control) -> str:
    """45 CFR 164.306(d): a waiver makes nobody compliant with what is required."""
    word = "required, " if control.requirement is Requirement.REQUIRED else ""
    return f"{word}non-compliant, risk accepted"
