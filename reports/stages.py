"""The stages of a run as rows: what ran, how often, for how long, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable

from clinigate.evidence.stages import StageOutcome, StageStory
from clinigate.reports.model import StageRow, Tone

__all__ = ["stage_rows"]

_TONES = {
    StageOutcome.RECORDED: Tone.GOOD,
    StageOutcome.UNSELECTED: Tone.NEUTRAL,
}


def stage_rows(stories: Iterable[StageStory]) -> tuple[StageRow, ...]:
    """Return a row for each stage, in the order of their turns."""
    return tuple(_row(story) for story in stories)


def _row(story: StageStory) -> StageRow:
    spec, last = story.spec, story.attempts[-1] if story.attempts else None
    shuts = () if last is None else last.shuts
    return StageRow(
        name=spec.name,
        commands=spec.commands,
        outcome=str(story.outcome),
        tone=Tone.BAD if shuts else _tone(story),
        why=f"it shut the gate by {', '.join(shuts)}" if shuts else story.why,
        required=spec.required,
        attempts=len(story.attempts),
        duration="–" if last is None else duration(sum(each.seconds for each in story.attempts)),
        earlier=tuple(each.why for each in story.attempts[:-1]),
        recorded=story.outcome is StageOutcome.RECORDED,
    )


def _tone(story: StageStory) -> Tone:
    if not story.spec.required:
        return Tone.GOOD if story.went_well else Tone.OPEN
    return _TONES.get(story.outcome, Tone.BAD)


def duration(seconds: float) -> str:
    """Seconds as `2 min 5 s`, or `0.4 s` where they are few."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
