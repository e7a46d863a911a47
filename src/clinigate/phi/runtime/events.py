"""A processor for structlog that lets no identifier pass."""

from __future__ import annotations

import sys
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Any

from clinigate.phi.runtime.redactor import WITHHELD, Redactor

__all__ = ["PhiProcessor"]


class PhiProcessor:
    """Cleans events: keys, values, positional arguments, exceptions.

    It stands before the renderer, after whatever adds fields; behind the renderer it cleans the
    text. Where an exception shows something, its cleaned traceback takes its place, so that
    renderers that print local variables have none to print.

    ::

        structlog.configure(processors=[..., PhiProcessor(), structlog.processors.JSONRenderer()])
    """

    def __init__(
        self,
        redactor: Redactor | None = None,
        *,
        on_find: Callable[[str, Counter[str]], None] | None = None,
    ) -> None:
        """Take what cleans, and who is told: the method's name (`info`), and what struck."""
        self._redactor = redactor or Redactor()
        self._on_find = on_find

    def __call__(self, _logger: Any, method_name: str, event_dict: Any) -> Any:
        """Return the event cleaned: a dict, or what a renderer made of it."""
        rules: Counter[str] = Counter()
        try:
            clean = self._clean(event_dict, rules)
        except Exception as problem:  # noqa: BLE001 - fields are anybody's objects
            clean = {"event": f"{WITHHELD} an event that could not be searched "
                     f"({type(problem).__name__})"}  # fmt: skip
        if rules and self._on_find is not None:
            self._on_find(method_name, rules)
        return clean

    def _clean(self, event: Any, rules: Counter[str]) -> Any:
        if isinstance(event, str):
            return self._redactor.text(event, rules=rules)
        if isinstance(event, bytes | bytearray):
            return self._redactor.data(bytes(event), rules=rules)
        if not isinstance(event, dict):
            return self._redactor.value(event, rules=rules)
        rest = {name: value for name, value in event.items() if name != "exc_info"}
        error = _error(event.get("exc_info"))
        if error is not None:
            shown = "".join(traceback.format_exception(error)).rstrip("\n")
            clean = self._redactor.text(shown, rules=rules)
            if clean is shown:
                rest["exc_info"] = event["exc_info"]
            else:
                rest["exception"] = clean
        kept = rest.pop("exc_info", None)
        result = dict(self._redactor.value(rest, rules=rules))
        return result if kept is None else {**result, "exc_info": kept}


def _error(exc_info: Any) -> BaseException | None:
    """What structlog means by `exc_info`: an exception, a tuple of it, or true for the present."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple) and len(exc_info) == 3:
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None
