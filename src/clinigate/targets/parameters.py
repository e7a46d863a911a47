"""Which parameters of a function can be filled, and with what."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from clinigate.core.case import Turn
from clinigate.core.target import Capability
from clinigate.errors import UsageError
from clinigate.targets.messages import last_words, messages_of

__all__ = ["Function", "Plan", "label_of"]

Function: TypeAlias = Callable[..., Any]

_OFFERS: Mapping[str, Callable[[Sequence[Turn], Capability, int | None], Any]] = {
    "text": lambda turns, _capability, _seed: last_words(turns),
    "messages": lambda turns, _capability, _seed: messages_of(turns),
    "turns": lambda turns, _capability, _seed: tuple(turns),
    "capability": lambda _turns, capability, _seed: capability,
    "seed": lambda _turns, _capability, seed: seed,
}
_CONVERSATION = frozenset({"text", "messages", "turns"})


@dataclass(frozen=True, slots=True)
class Plan:
    """What a function is given: names of offers, by position and by name."""

    positional: tuple[str, ...]
    named: tuple[str, ...]

    @classmethod
    def of(cls, function: Function) -> Plan:
        """Read the function's signature.

        Raises:
            UsageError: a parameter cannot be filled, or none takes the conversation.
        """
        plan = cls(*_plan(function, label_of(function)))
        if not _CONVERSATION & {*plan.positional, *plan.named}:
            raise UsageError(
                f"{label_of(function)} takes no text, messages or turns, "
                "so it would never see a case"
            )
        return plan

    def fill(
        self, turns: Sequence[Turn], capability: Capability, seed: int | None
    ) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments for one call."""
        args = [_OFFERS[offer](turns, capability, seed) for offer in self.positional]
        return args, {name: _OFFERS[name](turns, capability, seed) for name in self.named}


def label_of(function: Function) -> str:
    """Return the function's own name for a reader."""
    named = getattr(function, "__qualname__", None) or type(function).__qualname__
    return str(named).replace("<locals>.", "").replace("<lambda>", "lambda")


def _plan(function: Function, label: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:
        return ("text",), ()  # some builtins tell nothing of themselves
    positional: list[str] = []
    named: list[str] = []
    for index, parameter in enumerate(parameters):
        if index == 0 and parameter.kind not in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD):
            positional.append(parameter.name if parameter.name in _OFFERS else "text")
        elif parameter.name in _OFFERS and parameter.kind is parameter.POSITIONAL_ONLY:
            positional.append(parameter.name)
        elif parameter.name in _OFFERS:
            named.append(parameter.name)
        elif parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            raise UsageError(
                f"{label} wants {parameter.name!r}, which cannot be filled; "
                f"a target function may take {', '.join(_OFFERS)}"
            )
    return tuple(positional), tuple(named)
