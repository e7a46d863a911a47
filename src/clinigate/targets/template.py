"""Fill a request template. Values are put into the structure, never into the text of a JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from clinigate.config.target_values import PLACEHOLDER
from clinigate.core.case import Turn
from clinigate.core.target import Capability
from clinigate.targets.messages import last_words, messages_of

__all__ = ["encode_json", "fill_template", "fill_values"]


def fill_template(
    template: Any, turns: Sequence[Turn], *, capability: Capability, seed: int | None
) -> Any:
    """Return the template with its placeholders filled.

    A string that is one placeholder becomes the value, of whatever type; `{{text}}` and
    `{{capability}}` may also stand inside a longer string. A member of an object that is
    `{{seed}}` is left out where there is no seed.
    """
    values = {
        "messages": messages_of(turns),
        "text": last_words(turns),
        "capability": capability.value,
        "seed": seed,
    }
    return fill_values(template, values)


def encode_json(value: Any) -> bytes:
    """Return the value as JSON in ASCII, which every service reads alike.

    Escapes also carry half a surrogate pair, which UTF-8 has no bytes for.
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def fill_values(node: Any, values: Mapping[str, Any]) -> Any:
    """Return a template with its placeholders filled with `values`, by their names."""
    if isinstance(node, dict):
        filled = ((key, child, fill_values(child, values)) for key, child in node.items())
        # Null under a placeholder can only be an absent seed.
        return {key: value for key, child, value in filled if value is not None or child is None}
    if isinstance(node, list):
        return [fill_values(child, values) for child in node]
    if not isinstance(node, str):
        return node
    whole = PLACEHOLDER.fullmatch(node)
    if whole is not None:
        return values[whole[1]]
    # One pass: braces in what a patient says are words, not placeholders.
    return PLACEHOLDER.sub(lambda match: str(values[match[1]]), node)
