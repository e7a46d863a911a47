"""`python -m clinigate.platform.rego_worker ORDER`: asks Rego, in a process of its own.

ORDER is a JSON file with `modules` (name, source), `queries` (package, rule) and `inputs`. Each
answer is a line of JSON; `{"done": true}` is the last one, or else something went wrong.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["main"]


def main(order: Path) -> None:
    """Ask, and print the answers."""
    asked = json.loads(order.read_text(encoding="utf-8"))
    for answer in _answers(asked):
        sys.stdout.write(json.dumps(answer, sort_keys=True) + "\n")


def _answers(asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    regopy: Any = import_module("regopy")  # it brings no types
    interpreter = regopy.Interpreter()
    interpreter.log_level = regopy.LogLevel.NONE
    # Else a mistake in a policy (a division by zero, a text for a number) is an answer of "no".
    interpreter.strict_built_in_errors = True
    for module in asked["modules"]:
        try:
            interpreter.add_module(module["name"], module["source"])
        except regopy.RegoError as error:
            yield {"unparsed": module["name"], "reason": _reason(error)}
            return
    for number, body in enumerate(asked["inputs"]):
        interpreter.set_input(body)
        for package, rule in asked["queries"]:
            try:
                said = _said(interpreter.query(f"data.{package}.{rule}"))
            except regopy.RegoError:
                said = None
            head = {"input": number, "package": package, "rule": rule}
            if said is None:
                yield {**head, "broken": True}
            elif said:
                yield {**head, "said": said}
    yield {"done": True}


def _said(output: Any) -> list[Any] | None:
    """What a rule yields; None where it breaks."""
    text = str(output)
    if not output.ok() or text.startswith("<"):
        return None
    value = [] if text == "undefined" else json.loads(text)["expressions"][0]
    if isinstance(value, dict):
        # Rego before version 1: deny[msg] { … } is read as an object from messages to true.
        return sorted(key for key, holds in value.items() if holds)
    if isinstance(value, list):
        return value
    return ["it holds"] if value is True else []


def _reason(error: Exception) -> str:
    found = re.search(r"errormsg \d+:([^)]*)\)", str(error))
    return found[1] if found else "it does not parse"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
