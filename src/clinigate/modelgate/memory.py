"""A release's answers in its evidence, for the next release to be held against.

They are one blob of numbers, ids and hashed n-grams: no word of a reply stands in it, so that there
is nothing to redact, and redaction cannot mistake an id for somebody's.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clinigate.clinical import obligations
from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.case import Severity
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Observation
from clinigate.core.plan import Plan
from clinigate.core.results import Results
from clinigate.core.statistics.drift import SKETCH_SIZE
from clinigate.errors import IntegrityError
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.names import blob_path
from clinigate.modelgate.answers import Answer, Answers, Question
from clinigate.quality.model_criteria import MODEL_CONTROLS

__all__ = ["MEDIA_TYPE", "MEMORY_CHECK", "Remembered", "observation", "pack", "remembered"]

MEMORY_CHECK = "CG-MODEL-ANSWERS-001"
#: No text: it is stored as it is.
MEDIA_TYPE = "application/vnd.clinigate.answers+deflate"

_METRIC = "model.answers"
_SCHEMA = "clinigate.answers/1"
#: A hundred times what the largest evaluation leaves.
_MOST_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a bundle remembers.

    Attributes:
        rules: version of the rules by which replies were judged.
        seed, repeats, timeout_s: of the plan: which cases were drawn, how often each was asked,
            and how long an answer was waited for.
    """

    answers: Answers
    rules: str
    seed: int
    repeats: int
    timeout_s: float


def pack(answers: Answers, plan: Plan) -> bytes:
    """Return answers as the blob holds them; the same answers give the same bytes."""
    plain = {
        "schema": _SCHEMA,
        "rules": obligations.VERSION,
        "seed": plan.seed,
        "repeats": plan.repeats,
        "timeout_s": plan.timeout_s,
        "answers": {
            str(question): [_row(each) for each in rows] for question, rows in answers.by.items()
        },
        "sketches": {
            case: [number for pair in sorted(counts.items()) for number in pair]
            for case, counts in answers.sketches.items()
        },
        "seconds": dict(answers.seconds),
    }
    return zlib.compress(canonical_bytes(plain), 6)


def observation(answers: Answers, digest: str) -> Observation:
    """Say that the answers are remembered, and where."""
    n = sum(len(rows) for rows in answers.by.values())
    about = Measurement(
        _METRIC,
        Kind.CENSUS,
        float(n),
        n,
        unit="answers",
        caveats=("remembered case by case, for the next release to be held against",),
    )
    return Observation(MEMORY_CHECK, about, MODEL_CONTROLS, (digest,))


def remembered(bundle: Bundle, results: Results) -> Remembered | None:
    """Return what a bundle remembers; None where it remembers nothing.

    Raises:
        IntegrityError: what it remembers was changed, or is of another form.
    """
    digests = [
        digest
        for each in results.observations
        if each.check == MEMORY_CHECK
        for digest in each.evidence
    ]
    if not digests:
        return None
    if len(set(digests)) > 1:
        raise IntegrityError(f"run {results.run}: remembers the answers of more than one release")
    name = _name_of(digests[0], results.run)
    data = bundle.read(name)
    if f"sha256:{sha256_hex(data)}" != digests[0]:
        raise IntegrityError(f"{name}: was changed: it is not what the observation names")
    try:
        return _read(data)
    except (ValueError, KeyError, TypeError, RecursionError, zlib.error) as error:
        raise IntegrityError(f"{name}: these are no answers ({type(error).__name__})") from error


def _name_of(digest: str, run: str) -> str:
    try:
        return blob_path(digest)
    except ValueError:
        raise IntegrityError(
            f"run {run}: names what it remembers by {digest!r}, which is no digest"
        ) from None


def _row(each: Answer) -> list[Any]:
    return [each.case, each.core, str(each.severity), each.right, each.score, each.length]


def _read(data: bytes) -> Remembered:
    reader = zlib.decompressobj()
    plain = json.loads(reader.decompress(data, _MOST_BYTES))
    if reader.unconsumed_tail or plain["schema"] != _SCHEMA:
        raise ValueError("of another form")
    by = {
        Question(name): tuple(_answer(row) for row in rows)
        for name, rows in plain["answers"].items()
    }
    sketches = {str(case): _sketch(counts) for case, counts in plain["sketches"].items()}
    seconds = {str(case): _number(value) for case, value in plain["seconds"].items()}
    return Remembered(
        Answers(by, sketches, seconds),
        str(plain["rules"]),
        int(plain["seed"]),
        int(plain["repeats"]),
        _number(plain["timeout_s"]),
    )


def _answer(row: Any) -> Answer:
    case, core, severity, right, score, length = row
    if right is not None and not isinstance(right, bool):
        raise ValueError("neither right nor wrong")
    return Answer(
        str(case),
        str(core),
        Severity(severity),
        right,
        None if score is None else _number(score),
        None if length is None else int(length),
    )


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def _sketch(counts: Any) -> Mapping[int, int]:
    numbers = [int(number) for number in counts]
    found = dict(zip(numbers[::2], numbers[1::2], strict=True))
    if any(not 0 <= bucket < SKETCH_SIZE or count < 1 for bucket, count in found.items()):
        raise ValueError("no sketch")
    return found
