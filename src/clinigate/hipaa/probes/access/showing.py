"""What of a synthetic patient stands in an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from clinigate.phi.canaries import Patient
from clinigate.targets.service import Answer

__all__ = ["is_among", "leaves", "shown_of"]


def shown_of(answer: Answer, patient: Patient) -> list[str]:
    """Return which values of a patient, by name, stand in body or headers."""
    said = answer.content.decode("utf-8", "replace").casefold()
    said += "\n".join(answer.headers.values()).casefold()
    return [name for name, value in patient.values.items() if value.casefold() in said]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what a JSON value holds, by dotted names of members; of a list, that of its items."""
    if isinstance(value, dict):
        for name, held in value.items():
            yield from leaves(held, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for held in value:
            yield from leaves(held, path)
    elif value is not None:
        yield path, value


def is_among(member: str, allowed: Sequence[str]) -> bool:
    """Whether a dotted name is allowed: itself, or what it is a member of."""
    return any(member == each or member.startswith(f"{each}.") for each in allowed)
