"""A dataset's way into a run: a verdict for each letter, and the figures for experts."""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.core.measurement import Interval, Kind, Measurement, SliceResult
from clinigate.core.observation import Gap, Observation
from clinigate.findings.acceptance import accept
from clinigate.findings.identity import fingerprint
from clinigate.findings.model import Found
from clinigate.findings.observe import records
from clinigate.phi.deidentification import criteria as asked
from clinigate.phi.deidentification.census import Tally
from clinigate.phi.deidentification.judging import Assessment
from clinigate.phi.deidentification.recall import CONFIDENCE
from clinigate.phi.model import Letter

__all__ = ["LETTERS_CHECK", "RECALL_CHECK", "found_of", "observed"]

LETTERS_CHECK = "CG-PHI-SAFE-HARBOR-001"
KNOWLEDGE_CHECK = "CG-PHI-SAFE-HARBOR-002"
RECALL_CHECK = "CG-PHI-SAFE-HARBOR-003"

_TOOL = "clinigate-safe-harbor"
#: What has no text form, so that no search of a table shows that it is not there.
_ONLY_ATTESTED = (Letter.P, Letter.Q)
#: Letters whose identifiers may look like any number.
_NUMBERS = (Letter.H, Letter.I, Letter.J, Letter.K, Letter.L, Letter.M, Letter.R)
_CONTROLS = (asked.SAFE_HARBOR,)
_OF_PLANTS = (
    "planted from seed {seed} into copies of the dataset's own rows; names and forms that the "
    "search knows: the recall of others is lower"
)


def observed(done: Assessment) -> Iterator[Observation]:
    """Yield the observations of an assessment: letters, knowledge, recall."""
    for letter in Letter:
        yield from _of_letter(done, letter)
    yield _knowledge(done)
    yield _recall(done)


def found_of(done: Assessment, letter: Letter) -> list[tuple[Tally, Found]]:
    """Return what was found of a letter, one finding for a rule and column, accepted ones too."""
    tallies = done.census.of(letter)
    found = accept(map(_found, tallies), done.question.acceptances, done.question.today)
    return list(zip(tallies, found, strict=True))


def _found(tally: Tally) -> Found:
    counts = tally.counted > 0
    place = Place(tally.uri, tally.first or 1, symbol=tally.column)
    flaw = Flaw(
        rule=tally.rule,
        tools=(_TOOL,),
        severity=FlawSeverity.HIGH if counts else FlawSeverity.LOW,
        place=place,
        fingerprint=fingerprint(tally.rule, tally.uri, symbol=tally.column),
        title=f"{tally.letter.value.capitalize()} ({tally.letter.clause})",
        fix="take the column or the value out, or write it as the clause allows",
        cwe=("CWE-359",),
    )
    doubt = "" if counts else ", all doubtful: look at them"
    cells = tally.sure + tally.doubtful
    where = "the header" if not tally.first else f"row {tally.first}"
    return Found(
        flaw,
        f"letter {tally.letter.name} in {cells} of {max(cells, tally.cells)} cells, first in "
        f"{where}{doubt}",
    )


def _of_letter(done: Assessment, letter: Letter) -> Iterator[Observation]:
    metric = asked.metric_of(letter)
    found = found_of(done, letter)
    if done.census.rows == 0:
        reason = "the dataset has no row; nothing shows nothing"
        yield Observation(LETTERS_CHECK, Gap(metric, reason), _CONTROLS)
        return
    counted = sum(tally.counted for tally, each in found if each.is_open)
    unattested = _unattested(done, letter)
    if not counted and letter in _ONLY_ATTESTED and unattested:
        yield Observation(LETTERS_CHECK, Gap(metric, unattested), _CONTROLS)
    else:
        yield Observation(LETTERS_CHECK, _letter(done, letter, found, counted), _CONTROLS)
    yield from records(LETTERS_CHECK, metric, [each for _, each in found], controls=_CONTROLS)


def _letter(
    done: Assessment, letter: Letter, found: list[tuple[Tally, Found]], counted: int
) -> Measurement:
    census = done.census
    accepted = sum(not each.is_open for _, each in found)
    caveats = [f"of {census.cells} cells in {census.tables} tables"]
    if accepted:
        caveats.append(f"{accepted} findings accepted for a time do not count")
    if (said := done.question.attested.get(asked.clause_of(letter))) is not None:
        caveats.append(f"attested by {said.by} until {said.until} ({said.digest})")
    return Measurement(
        asked.metric_of(letter),
        Kind.CENSUS,
        float(counted),
        census.rows,
        unit="findings",
        excluded=len(census.unread),
        caveats=tuple(caveats),
        unmeasurable=None if counted else _why_not(done, letter, found),
    )


def _why_not(done: Assessment, letter: Letter, found: list[tuple[Tally, Found]]) -> str | None:
    """Why that nothing was found does not show that nothing is there, if it does not."""
    doubtful = [
        tally
        for tally, each in found
        if each.is_open and tally.open_questions and not _is_attested_code(done, tally)
    ]
    if doubtful:
        names = ", ".join(f"{each.column} ({each.rule})" for each in doubtful[:5])
        cells = sum(each.open_questions for each in doubtful)
        return (
            f"{cells} doubtful {'cell' if cells == 1 else 'cells'}, in {names}: look at them, and "
            "take them out or allow them with a reason ([[phi.allow]])"
        )
    recall = done.recall[letter]
    # Where no search decides, it need not be good: somebody signs for it.
    if letter not in _ONLY_ATTESTED and recall.low < done.question.table.recall:
        return (
            f"the search found {recall.found} of {recall.planted} that were planted, at least "
            f"{recall.low:.2f} of all at {CONFIDENCE:.0%} confidence; "
            f"{done.question.table.recall:g} is asked for"
        )
    if letter is Letter.R and done.census.codes:
        return _unattested(done, letter)
    return None


def _is_attested_code(done: Assessment, tally: Tally) -> bool:
    """Whether a number that only looks like one of a letter is a code for which somebody signed."""
    return (
        asked.CODES_CLAUSE in done.question.attested
        and tally.letter in _NUMBERS
        and (tally.uri, tally.column) in done.census.codes
    )


def _unattested(done: Assessment, letter: Letter) -> str | None:
    """What nobody signed that no search can show of a letter."""
    attested = done.question.attested
    clause = asked.clause_of(letter)
    if letter in _ONLY_ATTESTED and clause not in attested:
        return (
            f"no search of a table shows that there are no {letter.value}; somebody has to attest "
            f"{clause} (`clinigate phi attest`)"
        )
    if letter is Letter.R and asked.CODES_CLAUSE not in attested:
        names = ", ".join(f"{column} of {uri}" for uri, column in done.census.codes[:5])
        return (
            f"{names}: another value in every row. A code by which its holder finds the person "
            "again is allowed where it is not derived from what is known of the person and the "
            f"key is not disclosed; somebody has to attest {asked.CODES_CLAUSE} "
            "(`clinigate phi attest`)"
        )
    return None


def _knowledge(done: Assessment) -> Observation:
    controls = (asked.KNOWLEDGE_CLAUSE,)
    said = done.question.attested.get(asked.KNOWLEDGE_CLAUSE)
    if said is None:
        reason = (
            f"what somebody knows no scan can see; somebody has to attest {asked.KNOWLEDGE_CLAUSE} "
            "(`clinigate phi attest`)"
        )
        return Observation(KNOWLEDGE_CHECK, Gap(asked.KNOWLEDGE, reason), controls)
    caveat = f"attested by {said.by} until {said.until} ({said.digest})"
    measured = Measurement(asked.KNOWLEDGE, Kind.CENSUS, 0.0, 1, unit="findings", caveats=(caveat,))
    return Observation(KNOWLEDGE_CHECK, measured, controls)


def _recall(done: Assessment) -> Observation:
    if not done.recall:
        reason = "the dataset has no row to plant into"
        return Observation(RECALL_CHECK, Gap(asked.RECALL, reason), _CONTROLS)
    found = sum(each.found for each in done.recall.values())
    planted = sum(each.planted for each in done.recall.values())
    measured = Measurement(
        asked.RECALL,
        Kind.RATE,
        found / planted,
        planted,
        events=found,
        slices=tuple(
            SliceResult(
                f"letter={each.letter.name}",
                each.found / each.planted,
                each.planted,
                each.found,
                Interval(each.low, None, CONFIDENCE, "Clopper-Pearson"),
            )
            for each in done.recall.values()
        ),
        caveats=(_OF_PLANTS.format(seed=done.question.table.seed),),
    )
    return Observation(RECALL_CHECK, measured, _CONTROLS)
