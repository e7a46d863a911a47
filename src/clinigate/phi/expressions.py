r"""Whether an expression may be run over whatever anybody writes: in linear time, by every engine.

What users write is checked before it is searched for: its syntax here, then by RE2, which refuses
what it cannot run in linear time, and RE2 also confirms each match, where the table's own rows are
confirmed by `re`. A repetition of repetitions costs what its text is long, and no more.
"""

from __future__ import annotations

import re
import re._constants as _names  # type: ignore[import-not-found]  # what an expression is made of
import re._parser as _parser  # type: ignore[import-not-found]
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from clinigate.errors import ConfigError, MissingExtraError
from clinigate.phi.recognizer import LONGEST, Form

__all__ = ["LinearForm", "linear_form"]

_REFUSED = {
    _names.ASSERT: "look-around",
    _names.ASSERT_NOT: "look-around",
    _names.GROUPREF: "a back reference",
    _names.GROUPREF_EXISTS: "a condition",
    _names.MIN_REPEAT: "a lazy repetition",
    _names.POSSESSIVE_REPEAT: "a possessive repetition",
    _names.ATOMIC_GROUP: "an atomic group",
}
_PLACES = (_names.AT_BEGINNING, _names.AT_END)
_Guard = Callable[[bytes, int, int], bool]
_BEFORE, _AFTER = "(?:^|[^0-9A-Za-z_])", "(?:$|[^0-9A-Za-z_])"


@dataclass(frozen=True)
class LinearForm(Form):
    """A form that is confirmed by RE2, whatever its expression."""

    @cached_property
    def exact(self) -> re.Pattern[bytes]:
        """The expression of RE2, over bytes; it searches as `re` does.

        Raises:
            MissingExtraError: google-re2 is not installed.
        """
        return cast("re.Pattern[bytes]", _Linear(_compiled(self.pattern)))

    def __reduce__(self) -> tuple[type[LinearForm], tuple[str, float, _Guard]]:
        """Another process compiles it again."""
        return LinearForm, (self.pattern, self.score, self.guard)


class _Linear:
    """An expression of RE2 with what the search asks of one of `re`."""

    def __init__(self, compiled: Any) -> None:
        self._search = compiled.search
        self.groupindex = {str(name): number for name, number in _named(compiled)}

    def search(self, data: bytes, begin: int, end: int) -> _Match | None:
        """Return the first match that starts in a part, as `re` does."""
        match = self._search(data, begin, end)
        return None if match is None else _Match(match, self.groupindex)


def _named(compiled: Any) -> Iterator[tuple[str, int]]:
    """Yield the groups that have a name; over bytes RE2 gives it as bytes."""
    for name, number in compiled.groupindex.items():
        yield (name.decode() if isinstance(name, bytes) else name), number


class _Match:
    """A match of RE2, of which the spans of groups are asked by name too."""

    def __init__(self, match: Any, groups: dict[str, int]) -> None:
        self._match, self._groups = match, groups

    def span(self, group: int | str = 0) -> tuple[int, int]:
        """Return where a group stands."""
        start, end = self._match.span(self._groups[group] if isinstance(group, str) else group)
        return int(start), int(end)

    def start(self, group: int | str = 0) -> int:
        """Return where a group begins."""
        return self.span(group)[0]

    def end(self, group: int | str = 0) -> int:
        """Return where a group ends."""
        return self.span(group)[1]


def linear_form(
    pattern: str,
    score: float,
    *,
    where: str,
    accept: _Guard | None = None,
) -> LinearForm:
    r"""Return a form of a user's expression.

    Where it has no group `v`, all of it is the value, and no letter or digit stands beside it.

    Args:
        pattern: as the user wrote it.
        score: how sure it alone makes.
        where: file and row, for messages.
        accept: as `Form.guard`.

    Raises:
        ConfigError: no such expression; the message says which part, and what to write instead.
        MissingExtraError: google-re2 is not installed.
    """
    if pattern.startswith("(?i)"):
        pattern = f"(?i:{pattern[4:]})"
    if not pattern.isascii():
        raise ConfigError(
            f"{where}: the expression holds letters beyond ASCII; write them as bytes of UTF-8, "
            r"as \xc3\xa9 for é"
        )
    tree = _tree(pattern, where)
    _refuse(tree, where)
    if "v" not in tree.state.groupdict:
        pattern = f"{_BEFORE}(?P<v>{pattern}){_AFTER}"
    form = LinearForm(pattern, score, accept) if accept else LinearForm(pattern, score)
    if form.widest > LONGEST:
        raise ConfigError(
            f"{where}: the expression has no bound below {LONGEST} bytes; write {{1,40}} in place "
            "of + and {0,40} in place of *"
        )
    if int(tree.getwidth()[0]) == 0:
        raise ConfigError(f"{where}: the expression fits the empty text; ask for a character")
    try:
        form.exact  # noqa: B018 - compiles it
    except ValueError as error:
        raise ConfigError(
            f"{where}: RE2 cannot run the expression in linear time ({error}); write it with "
            "fewer or shorter repetitions"
        ) from None
    return form


def _tree(pattern: str, where: str) -> Any:
    try:
        return _parser.parse(pattern.encode(), re.MULTILINE)
    except re.error as error:
        raise ConfigError(
            f"{where}: no regular expression ({error}); mend it, or escape what is meant as it is"
        ) from None


def _refuse(tree: Any, where: str) -> None:
    for kind, value in _parts(tree):
        if kind in _REFUSED:
            raise ConfigError(
                f"{where}: the expression has {_REFUSED[kind]}, which no linear engine runs; name "
                "what stands beside the value as a class, as (?:^|[^0-9])(?P<v>…)(?:$|[^0-9])"
            )
        if kind is _names.AT and value not in _PLACES:
            raise ConfigError(
                f"{where}: the expression has an anchor other than ^ and $; name what stands "
                "beside the value as a class, as (?:^|[^0-9A-Za-z])"
            )


def _parts(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what an expression is made of, at any depth."""
    for kind, value in tree:
        yield kind, value
        if kind is _names.BRANCH:
            inner = value[1]
        elif kind is _names.SUBPATTERN or kind in (_names.MAX_REPEAT, _names.MIN_REPEAT):
            inner = [value[-1]]
        else:
            inner = []
        for each in inner:
            yield from _parts(each)


def _compiled(pattern: str) -> Any:
    try:
        import re2
    except ImportError:
        raise MissingExtraError("recognizers of one's own", "phi") from None
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    try:
        return re2.compile(b"(?m)" + pattern.encode(), options)
    except re2.error as error:
        raise ValueError(error.args[0] if error.args else "too large") from None
