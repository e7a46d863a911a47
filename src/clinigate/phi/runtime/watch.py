"""Watch logs while they are written: what turns up in them is a finding at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.findings.identity import Fingerprints
from clinigate.findings.model import Excluded, Found, ScanResult
from clinigate.phi.canaries import CANARY_RULE
from clinigate.phi.found import CANARY_TOOL
from clinigate.phi.runtime.escapes import plain
from clinigate.phi.runtime.follow import Follower
from clinigate.phi.runtime.redactor import Redactor
from clinigate.phi.runtime.window import Spot, Window
from clinigate.phi.surfaces.text import encoding_of
from clinigate.phi.table import BY_ID
from clinigate.phi.tokens import Tokens

__all__ = ["KEPT", "TOOL", "LogWatch"]

TOOL = "clinigate-phi-watch"
#: More findings of one log are counted and not listed: it tells nothing new, and memory ends.
KEPT = 10_000

_FIX = "log something that is nobody's in its place; clinigate.phi.PhiFilter takes it out"


class LogWatch:
    """Follows logs and makes findings of what turns up.

    Attributes:
        tokens: fingerprint of a finding: the token of its value.
    """

    def __init__(
        self,
        paths: Sequence[tuple[str, Path]],
        *,
        redactor_of: Callable[[str], Redactor],
        tokens: Tokens,
        from_start: bool = True,
        on_new: Callable[[list[Found]], None] = lambda _: None,
    ) -> None:
        """Take the logs with what findings call them; they need not be there yet.

        Args:
            paths: name and path of each.
            redactor_of: from a log's name to what says what counts in it.
            tokens: what stands for values.
            from_start: whether what a log holds already counts.
            on_new: told of findings as soon as they are known.
        """
        self._on_new = on_new
        self.tokens: dict[str, str] = {}
        made = Fingerprints()
        self._logs = [
            _Log(
                name, Follower(path, from_start=from_start), redactor_of(name), made=made, of=tokens
            )
            for name, path in paths
        ]

    def look(self) -> list[Found]:
        """Read what the logs have gained, and return what is new in it."""
        return self._told([found for log in self._logs for found in log.look()])

    def close(self) -> list[Found]:
        """Look a last time, at lines too that have not ended, and let go of the files."""
        return self._told([found for log in self._logs for found in log.close()])

    @property
    def read(self) -> int:
        """How many bytes were read."""
        return sum(log.read for log in self._logs)

    def result(self) -> ScanResult:
        """Return what the recognizers have seen until now."""
        return ScanResult(
            TOOL,
            "",
            units=tuple(log.name for log in self._logs if log.read),
            excluded=tuple(each for log in self._logs for each in log.excluded()),
            findings=tuple(
                each for log in self._logs for each in log.found if each.flaw.rule != CANARY_RULE
            ),
        )

    def canaries(self) -> ScanResult:
        """Return what was seen of canaries until now."""
        seen = self.result()
        found = [e for log in self._logs for e in log.found if e.flaw.rule == CANARY_RULE]
        return ScanResult(CANARY_TOOL, "", seen.units, seen.excluded, tuple(found))

    def _told(self, new: list[Found]) -> list[Found]:
        for log in self._logs:
            self.tokens.update(log.tokens)
        if new:
            self._on_new(new)
        return new


class _Log:
    """One path, its generations, and what was found in them."""

    def __init__(
        self, name: str, follower: Follower, redactor: Redactor, *, made: Fingerprints, of: Tokens
    ) -> None:
        self.name = name
        self.read = 0
        self.found: list[Found] = []
        self.tokens: dict[str, str] = {}
        self._more = 0
        self._is_wide = False
        self._follower, self._redactor = follower, redactor
        self._made, self._of = made, of
        self._windows: dict[int, Window] = {}
        self._new: list[Found] = []

    def look(self) -> list[Found]:
        self._gain()
        for window in self._windows.values():
            window.settle()
        return self._take()

    def close(self) -> list[Found]:
        self._gain()
        for window in self._windows.values():
            window.finish()
        self._windows.clear()
        self._follower.close()
        return self._take()

    def excluded(self) -> list[Excluded]:
        """What could not be looked at."""
        reasons = list(self._follower.gaps)
        if not self.read and not reasons:
            reasons.append("nothing was written to it, or it was never there")
        if self._is_wide:
            reasons.append("is written in UTF-16 or UTF-32, which is not read as it grows: scan it")
        if self._more:
            reasons.append(f"{self._more} more findings than are listed")
        return [Excluded(self.name, reason) for reason in reasons]

    def _gain(self) -> None:
        for grown in self._follower.read():
            if grown.generation not in self._windows:
                self._windows[grown.generation] = self._window(grown.generation)
            self.read += len(grown.data)
            self._is_wide |= encoding_of(grown.data)[0].startswith(("utf-16", "utf-32"))
            self._windows[grown.generation].feed(grown.data)
        for generation in self._follower.ended:
            if generation in self._windows:
                self._windows.pop(generation).finish()
        self._follower.ended.clear()

    def _window(self, generation: int) -> Window:
        return Window(self._redactor, on_find=lambda spot: self._find(spot, generation))

    def _take(self) -> list[Found]:
        new, self._new = self._new, []
        room = KEPT - len(self.found)
        self.found += new[:room]
        self._more += len(new[room:])
        return new[:room]

    def _find(self, spot: Spot, generation: int) -> None:
        rule = spot.find.rule
        token = self._of.of(plain(spot.value).decode("utf-8", "replace"))
        by_place = rule == CANARY_RULE or not self._of.lasting
        turned = f", after {generation} rotations" if generation else ""
        flaw = Flaw(
            rule=rule,
            tools=(CANARY_TOOL if rule == CANARY_RULE else TOOL,),
            severity=FlawSeverity("critical" if rule == CANARY_RULE else BY_ID[rule].severity),
            place=Place(self.name, spot.line, column=spot.column),
            fingerprint=self._made.of(rule, self.name, snippet="" if by_place else token),
            title=_title(rule),
            fix=_FIX,
            cwe=("CWE-532",),
        )
        if rule != CANARY_RULE:
            self.tokens[flaw.fingerprint] = token
        self._new.append(Found(flaw, f"{_kind(rule)}, {spot.find.note}{turned}"))


def _title(rule: str) -> str:
    if rule == CANARY_RULE:
        return "Data of a synthetic patient in a log"
    return f"{BY_ID[rule].title} in a log ({BY_ID[rule].letter.clause})"


def _kind(rule: str) -> str:
    if rule == CANARY_RULE:
        return "data of a synthetic patient"
    row = BY_ID[rule]
    return f"{row.title[0].lower()}{row.title[1:]}, letter {row.letter.name}"
