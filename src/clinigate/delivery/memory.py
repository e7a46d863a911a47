"""Staging's answers in its sealed bundle: written as a figure's numbers, read back as answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from clinigate.core.exhibit import Exhibit, Form, Series
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Observation
from clinigate.core.results import Results
from clinigate.delivery.sample import Answers, Question
from clinigate.errors import IntegrityError
from clinigate.quality.criteria import PRODUCTION_CONTROLS

__all__ = ["REFERENCE_CHECK", "observations", "remembered"]

REFERENCE_CHECK = "CG-QUAL-REFERENCE-001"
_METRIC = "production.reference"
_RIGHT, _SECONDS = "right", "seconds"


def observations(answers: Iterable[Answers]) -> Iterator[Observation]:
    """Yield what staging answered, for the run's evidence.

    The curves are in the order of the cases: 1 for a right answer, 0 for a wrong one, a hole where
    a rate limit left none; and the seconds that each took.
    """
    for each in answers:
        at = tuple(float(position) for position in range(len(each.right)))
        right = tuple(None if one is None else float(one) for one in each.right)
        figure = Exhibit(
            metric=_METRIC,
            form=Form.TIMELINE,
            title=f"Staging's answers to the sample: {each.question}",
            x_unit="case",
            y_unit="1",
            series=(Series(_RIGHT, at, right), Series(_SECONDS, at, each.seconds, unit="s")),
            note=each.digest,
        )
        for about in (_counted(each), figure):
            yield Observation(REFERENCE_CHECK, about, PRODUCTION_CONTROLS)


def _counted(answers: Answers) -> Measurement:
    told = [one for one in answers.right if one is not None]
    return Measurement(
        _METRIC,
        Kind.RATE,
        sum(told) / len(told) if told else None,
        len(told),
        events=sum(told),
        excluded=len(answers.right) - len(told),
        caveats=(f"right answers to the sample {answers.question}, for production to be held by",),
    )


def remembered(runs: Sequence[Results]) -> Mapping[Question, Answers]:
    """Return staging's answers by question; what no run remembers is left out.

    Raises:
        IntegrityError: a run remembers a question twice, or what it remembers are no answers.
    """
    found: dict[Question, Answers] = {}
    for run in runs:
        for observation in run.observations:
            about = observation.about
            if not isinstance(about, Exhibit) or observation.check != REFERENCE_CHECK:
                continue
            answers = _answers(about, run.run)
            if answers.question in found:
                raise IntegrityError(
                    f"run {run.run}: remembers the sample {answers.question} twice"
                )
            found[answers.question] = answers
    return found


def _answers(figure: Exhibit, run: str) -> Answers:
    series = {each.name: each.y for each in figure.series}
    name = figure.title.rpartition(": ")[2]
    right, seconds = series.get(_RIGHT, ()), series.get(_SECONDS, ())
    whole = all(one in (None, 0.0, 1.0) for one in right) and None not in seconds
    if name not in tuple(Question) or len(right) != len(seconds) or not right or not whole:
        raise IntegrityError(
            f"run {run}: what it remembers of staging are no answers: {figure.title}"
        )
    return Answers(
        Question(name),
        figure.note,
        tuple(None if one is None else bool(one) for one in right),
        tuple(one for one in seconds if one is not None),
    )
