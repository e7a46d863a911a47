"""A conversation as it is judged: turns, and which of them are the system's own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinigate.core.canonical import canonical_bytes, parse_json, sha256_hex
from clinigate.core.case import Turn
from clinigate.errors import UsageError

__all__ = ["Transcript", "read_transcripts", "transcript_lines"]

_KEYS = ("id", "case", "core", "given", "turns")
_ROLES = ("user", "assistant")


@dataclass(frozen=True, slots=True)
class Transcript:
    """One conversation.

    Attributes:
        case: id of the case it began with. core: the authored wording; what shares one is alike.
        turns: user and assistant, the last one the assistant's.
        given: turns at the start that the case brought along, an assistant's among them too; only
            what the assistant said after them is judged.
    """

    case: str
    core: str
    turns: tuple[Turn, ...]
    given: int

    @property
    def id(self) -> str:
        """First 16 hex digits of the SHA-256 of what was said; other words, another id."""
        said = [[turn.role, turn.text] for turn in self.turns]
        return sha256_hex(canonical_bytes([self.given, said]))[:16]

    @property
    def replies(self) -> tuple[str, ...]:
        """What the system said, in its order."""
        return tuple(turn.text for turn in self.turns[self.given :] if turn.role == "assistant")


def transcript_lines(transcripts: Iterable[Transcript]) -> str:
    """Return a file of conversations, one JSON object a line, for people to rate."""
    return "".join(
        json.dumps(
            {
                "id": each.id,
                "case": each.case,
                "core": each.core,
                "given": each.given,
                "turns": [{"role": turn.role, "text": turn.text} for turn in each.turns],
            },
            ensure_ascii=False,
        )
        + "\n"
        for each in transcripts
    )


def read_transcripts(path: Path) -> dict[str, Transcript]:
    """Return the conversations of a file by their ids.

    Raises:
        UsageError: the file is missing, empty or malformed, holds one twice, or an id that is not
            that of its words; file and line are named.
    """
    found: dict[str, Transcript] = {}
    for number, line in enumerate(_lines(path), start=1):
        where = f"{path.name}:{number}"
        transcript = _transcript(_object(line, where), where)
        if transcript.id in found:
            raise UsageError(f"{where}: conversation {transcript.id} stands twice; remove one")
        found[transcript.id] = transcript
    if not found:
        raise UsageError(f"{path.name}: holds no conversation; `clinigate judge collect` writes it")
    return found


def _lines(path: Path) -> list[str]:
    try:
        # Not splitlines: it breaks at characters that may stand within a JSON string.
        return [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); name another file") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path.name}: is not UTF-8 text; save it as UTF-8") from None


def _object(line: str, where: str) -> Mapping[str, Any]:
    try:
        data = parse_json(line)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise UsageError(f"{where}: is no JSON object; one conversation a line is wanted")
    return data


def _transcript(data: Mapping[str, Any], where: str) -> Transcript:
    missing = [key for key in _KEYS if key not in data]
    if missing:
        raise UsageError(f"{where}: has no {missing[0]!r}; a conversation has {', '.join(_KEYS)}")
    turns = _turns(data["turns"], where)
    given = data["given"]
    if type(given) is not int or not 1 <= given < len(turns):
        raise UsageError(f"{where}: given must count the turns before the system's first reply")
    transcript = Transcript(str(data["case"]), str(data["core"]), turns, given)
    if not transcript.replies or turns[-1].role != "assistant":
        raise UsageError(f"{where}: the last turn must be a reply of the system")
    if data["id"] != transcript.id:
        raise UsageError(
            f"{where}: the id is not that of these words; a conversation was changed after it was "
            "collected, and what was rated is not what stands here"
        )
    return transcript


def _turns(data: object, where: str) -> tuple[Turn, ...]:
    turns: Sequence[Any] = data if isinstance(data, list) else []
    good = all(
        isinstance(turn, dict)
        and set(turn) == {"role", "text"}
        and turn["role"] in _ROLES
        and isinstance(turn["text"], str)
        and turn["text"].strip()
        for turn in turns
    )
    if not turns or not good:
        raise UsageError(f"{where}: turns must be a list of role (user, assistant) and text")
    return tuple(Turn(turn["role"], turn["text"]) for turn in turns)
