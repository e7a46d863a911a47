"""The whole statement in which bandit found something; its report quotes the first line only.

A finding's identity is made of this text: who accepted `subprocess.run(` on a line of its own has
not accepted whatever is run on the next.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

__all__ = ["Statements"]

_LINE_END = re.compile(r"\r\n|\r|\n")


class Statements:
    """Statements of a project's files, by file and line."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._files: dict[str, tuple[list[str], list[tuple[int, int]]]] = {}

    def at(self, uri: str, line: int) -> str | None:
        """Return the innermost statement over a line, of a block its head; None without one."""
        lines, spans = self._of(uri)
        around = [(last - first, first, last) for first, last in spans if first <= line <= last]
        if not around:
            return None
        _, first, last = min(around)
        return "\n".join(lines[first - 1 : last])

    def _of(self, uri: str) -> tuple[list[str], list[tuple[int, int]]]:
        if uri not in self._files:
            try:
                data = (self._base / uri).read_bytes()
                spans = [_span(node) for node in ast.walk(ast.parse(data)) if _is_statement(node)]
            except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
                data, spans = b"", []
            self._files[uri] = (_LINE_END.split(data.decode("utf-8", "replace")), spans)
        return self._files[uri]


def _is_statement(node: ast.AST) -> bool:
    return isinstance(node, ast.stmt)


def _span(node: ast.AST) -> tuple[int, int]:
    first: int = getattr(node, "lineno", 1)
    body = getattr(node, "body", None)
    last: int = body[0].lineno - 1 if body else getattr(node, "end_lineno", first)
    return first, max(first, last)
