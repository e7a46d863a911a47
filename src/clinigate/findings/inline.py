"""Acceptances in comments: `# clinigate: accept RULE until 2027-01-31: reason`.

The comment stands at the end of the line that it speaks of, or alone on the line above. Several
rules are separated by commas. Whatever begins like one and is none is refused: a mistyped date
must not leave somebody believing that a risk was accepted, or that it still counts.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from datetime import date
from pathlib import PurePosixPath

from clinigate.errors import ConfigError
from clinigate.findings.acceptance import Acceptance, Way, check_term

__all__ = ["ENDINGS", "comments", "inline_acceptances"]

_MARK = "clinigate:"
_BEGINS = re.compile(r"clinigate:\s*accept\b\s*(?P<rest>.*)")
_FORM = re.compile(
    r"(?P<rules>[\w./:-]+(?:\s*,\s*[\w./:-]+)*)\s+until\s+(?P<until>\S+?):\s+(?P<reason>\S.*)"
)
_WANTED = "# clinigate: accept RULE until YYYY-MM-DD: reason"

#: How a comment begins, by the ending of the file's name; others may use any of these.
_LEADERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((".md", ".html", ".htm", ".xml", ".svg"), ("<!--",)),
    **dict.fromkeys((".py", ".pyi", ".pyw"), ("#",)),
    **dict.fromkeys((".yaml", ".yml", ".toml", ".sh", ".rb", ".rego"), ("#",)),
    **dict.fromkeys((".tf", ".hcl", ".php"), ("#", "//")),
    **dict.fromkeys((".js", ".ts", ".tsx", ".go", ".java", ".kt", ".c", ".cc", ".rs"), ("//",)),
    **dict.fromkeys((".sql", ".lua", ".hs"), ("--",)),
    ".json": (),
}
_ANY = ("#", "//", "<!--", "--")

#: Endings of files of which the comments are known; of others anybody's text may look like one.
ENDINGS = frozenset(ending for ending, leaders in _LEADERS.items() if leaders)


def inline_acceptances(text: str, uri: str, today: date) -> list[Acceptance]:
    """Return the acceptances that stand in a file's comments.

    Args:
        text: the file.
        uri: its name in findings.
        today: against which the longest term is measured.

    Raises:
        ConfigError: one is malformed, gives no reason or no date, or reaches too far ahead.
    """
    if _MARK not in text:
        return []
    return [
        each
        for line, comment, alone in comments(text, uri, _MARK)
        for each in _read(comment, uri, line, alone=alone, today=today)
    ]


def comments(text: str, uri: str, mark: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the comments that begin with a mark, wherever another tool's word stands before it.

    Args:
        text: the file.
        uri: its name, whose ending says how its comments begin.
        mark: as `clinigate:`.

    Yields:
        The line, the text from the mark on, and whether nothing else stands on the line.
    """
    suffix = PurePosixPath(uri).suffix.lower()
    if suffix in (".py", ".pyi", ".pyw"):
        try:
            yield from list(_python_comments(text, mark))
        except (tokenize.TokenError, SyntaxError):
            pass  # what is no Python is looked at like any text
        else:
            return
    known = _LEADERS.get(suffix, _ANY)
    if not known:
        return
    leaders = "|".join(map(re.escape, known))
    comment = re.compile(rf"(?<![`\"'])(?:{leaders})\s*(?P<said>{re.escape(mark)}.*)")
    for number, line in enumerate(text.split("\n"), start=1):
        match = comment.search(line)
        if match is not None and not _is_within_text(line[: match.start()]):
            yield number, match["said"], not line[: match.start()].strip()


def _is_within_text(before: str) -> bool:
    """Whether a quote that was opened on this line is open still; `don't` opens none."""
    quote, last = "", " "
    for char in before:
        if quote:
            quote = "" if char == quote and last != "\\" else quote
        elif char in "\"'" and not last.isalnum():
            quote = char
        last = char
    return bool(quote)


def _python_comments(text: str, mark: str) -> Iterator[tuple[int, str, bool]]:
    """Only real comments: the same words inside a string accept nothing."""
    # Within backticks or quotes it is spoken of, not meant.
    spoken = re.compile(rf"(?<![`\"'])#\s*({re.escape(mark)}.*)")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        # It may follow another tool's word in the same comment.
        said = spoken.search(token.string)
        if token.type == tokenize.COMMENT and said is not None:
            line, column = token.start
            yield line, said[1], not token.line[:column].strip()


def _read(comment: str, uri: str, line: int, *, alone: bool, today: date) -> Iterator[Acceptance]:
    begun = _BEGINS.match(comment)
    if begun is None:
        return
    where = f"{uri}: line {line}"
    said = begun["rest"].strip().removesuffix("-->").removesuffix("*/").strip()
    form = _FORM.fullmatch(said)
    if form is None:
        raise ConfigError(f"{where}: {_missing(said)}; write it as '{_WANTED}'")
    until = check_term(_day(form["until"], where), today, where=f"{where}: 'until'")
    for rule in re.split(r"\s*,\s*", form["rules"]):
        yield Acceptance(
            way=Way.INLINE,
            rule=rule,
            path=uri,
            until=until,
            reason=form["reason"].strip(),
            source=uri,
            source_line=line,
            lines=(line, line + 1) if alone else (line, line),
        )


def _missing(said: str) -> str:
    """What an acceptance lacks."""
    if not said or said.startswith("until"):
        return "the acceptance names no rule"
    if not re.search(r"\suntil\s+\S", said):
        return "the acceptance says no day until which it holds ('until')"
    if not re.search(r"until\s+\S+?:\s+\S", said):
        return "the acceptance gives no reason ('reason')"
    return "the acceptance is malformed"


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{where}: 'until' is no date; write it as YYYY-MM-DD") from None
