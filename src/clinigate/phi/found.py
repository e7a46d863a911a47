"""From hits in a file to findings: place, identity and a sentence, never the value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.findings.identity import Fingerprints
from clinigate.findings.model import Found
from clinigate.phi.adopted import row_of
from clinigate.phi.canary_search import CanaryHit
from clinigate.phi.engine import ENGINE, Find
from clinigate.phi.model import Hit
from clinigate.phi.pieces import Lines, find_in_json_lines, find_in_pieces
from clinigate.phi.tokens import Tokens

__all__ = ["CANARY_RULE", "CANARY_TOOL", "Finder"]

CANARY_RULE = "CG-PHI-CANARY"
CANARY_TOOL = "clinigate-canaries"

_FIX = "take it out, or put a value in its place that is nobody's (555-01xx, example.com)"
_CANARY_FIX = "find out on which way the synthetic patient's data got here, and close it"


@dataclass(frozen=True, slots=True)
class _Sight:
    """One hit of a file, where it stands and by what token."""

    hit: Hit
    line: int
    column: int | None
    token: str


class Finder:
    """Makes the findings of one scan; call it once for each file, in order.

    Attributes:
        token_of: fingerprint of a finding: the token of its value.
    """

    def __init__(self, tokens: Tokens, find: Find | None) -> None:
        self.token_of: dict[str, str] = {}
        self._tokens = tokens
        self._find = find
        self._fingerprints = Fingerprints()

    def identifiers(self, uri: str, text: str) -> Iterator[Found]:
        """Yield what stands in a text; of what is nobody's one finding a rule, at its first place.

        Raises:
            AssertionError: there is no engine to find anything by.
        """
        assert self._find is not None
        found = _sights(text, self._find, self._tokens.of)
        sights = sorted(found, key=lambda sight: (sight.line, sight.column or 0))
        for sight in sights:
            if sight.hit.placeholder is None:
                yield self._identifier(uri, sight)
        yield from self._placeholders(uri, [s for s in sights if s.hit.placeholder is not None])

    def canaries(self, uri: str, data: bytes, hits: Iterable[CanaryHit]) -> Iterator[Found]:
        """Yield the canaries of a file."""
        for hit in hits:
            line = data.count(b"\n", 0, hit.start) + 1
            named = f"{hit.patient} {hit.field} {hit.form}"
            flaw = Flaw(
                rule=CANARY_RULE,
                tools=(CANARY_TOOL,),
                severity=FlawSeverity.CRITICAL,
                place=Place(uri, line),
                # Which canary is no secret: the value itself is nobody's.
                fingerprint=self._fingerprints.of(CANARY_RULE, uri, symbol=named),
                title="Data of a synthetic patient",
                fix=_CANARY_FIX,
                cwe=("CWE-359",),
            )
            yield Found(flaw, f"{hit.field} of {hit.patient} stands here, {_in_form(hit.form)}")

    def _identifier(self, uri: str, sight: _Sight) -> Found:
        row = row_of(sight.hit.rule)
        snippet = sight.token if self._tokens.lasting else ""
        flaw = Flaw(
            rule=row.id,
            tools=(ENGINE,),
            severity=row.severity,
            place=Place(uri, sight.line, column=sight.column),
            fingerprint=self._fingerprints.of(row.id, uri, snippet=snippet),
            title=f"{row.title} ({row.letter.clause})",
            fix=_FIX,
            cwe=("CWE-359",),
        )
        self.token_of[flaw.fingerprint] = sight.token
        kind = row.title[0].lower() + row.title[1:]
        return Found(flaw, f"{kind}, letter {row.letter.name}, score {sight.hit.score:.2f}")

    def _placeholders(self, uri: str, sights: list[_Sight]) -> Iterator[Found]:
        by_rule: dict[str, list[_Sight]] = {}
        for sight in sights:
            by_rule.setdefault(sight.hit.rule, []).append(sight)
        for found in by_rule.values():
            first = self._identifier(uri, found[0])
            reasons = ", ".join(sorted({str(sight.hit.placeholder) for sight in found}))
            count = "once" if len(found) == 1 else f"{len(found)} times, here first"
            flaw = replace(
                first.flaw,
                severity=FlawSeverity.INFO,
                title=f"{first.flaw.title}: placeholder",
                fix="",
                cwe=(),
            )
            yield Found(flaw, f"a placeholder {count}: {reasons}")


def _sights(text: str, find: Find, token_of: Callable[[str], str]) -> Iterator[_Sight]:
    lines = Lines(text)
    seen: set[tuple[int, str, str]] = set()
    for hit in find_in_pieces(text, find):
        line, column = lines.place(hit.start)
        token = token_of(text[hit.start : hit.end])
        seen.add((line, hit.rule, token))
        yield _Sight(hit, line, column, token)
    for line, value, hit in find_in_json_lines(text, find):
        token = token_of(value)
        if (line, hit.rule, token) not in seen:
            seen.add((line, hit.rule, token))
            yield _Sight(hit, line, None, token)


def _in_form(form: str) -> str:
    return "as it is" if form == "plain" else f"as {form}"
