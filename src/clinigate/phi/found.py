"""From hits in a file to findings: place, identity and a sentence, never the value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.findings.identity import Fingerprints
from clinigate.findings.model import Found
from clinigate.phi.canaries import CANARY_RULE
from clinigate.phi.looking import Looked, Seen
from clinigate.phi.table import BY_ID
from clinigate.phi.tokens import Tokens

__all__ = ["CANARY_TOOL", "TOOL", "Findings"]

#: How the scan by the table alone is called in findings.
TOOL = "clinigate-phi"
CANARY_TOOL = "clinigate-canaries"

_FIX = "take it out, or put a value in its place that is nobody's (555-01xx, example.com)"
_CANARY_FIX = "find out on which way the synthetic patient's data got here, and close it"


class Findings:
    """Makes the findings of one scan; call it once for each file, in order.

    Attributes:
        token_of: fingerprint of a finding: the token of its value.
    """

    def __init__(self, tokens: Tokens, tool: str) -> None:
        self.token_of: dict[str, str] = {}
        self._tokens = tokens
        self._tool = tool
        self._fingerprints = Fingerprints()

    def identifiers(self, looked: Looked) -> Iterator[Found]:
        """Yield what stands in a file; of what is nobody's one finding a rule, at the first."""
        for seen in looked.seen:
            if seen.placeholder is None:
                yield self._identifier(looked.uri, seen)
        yield from self._placeholders(looked)

    def canaries(self, looked: Looked) -> Iterator[Found]:
        """Yield the canaries of a file."""
        for sight in looked.canaries:
            uri = _within(looked.uri, sight.part)
            named = f"{sight.patient} {sight.field} {sight.form}"
            flaw = Flaw(
                rule=CANARY_RULE,
                tools=(CANARY_TOOL,),
                severity=FlawSeverity.CRITICAL,
                place=Place(uri, sight.line, symbol=sight.symbol),
                # Which canary is no secret: the value itself is nobody's.
                fingerprint=self._fingerprints.of(CANARY_RULE, uri, symbol=named),
                title="Data of a synthetic patient",
                fix=_CANARY_FIX,
                cwe=("CWE-359",),
            )
            yield Found(
                flaw, f"{sight.field} of {sight.patient} stands here, {_in_form(sight.form)}"
            )

    def _identifier(self, uri: str, seen: Seen) -> Found:
        row = BY_ID[seen.rule]
        snippet = seen.token if self._tokens.lasting else ""
        place = Place(_within(uri, seen.part), seen.line, column=seen.column, symbol=seen.field)
        flaw = Flaw(
            rule=row.id,
            tools=(self._tool,),
            severity=FlawSeverity(row.severity),
            place=place,
            fingerprint=self._fingerprints.of(
                row.id, place.uri, symbol=seen.field, snippet=snippet
            ),
            title=f"{row.title} ({row.letter.clause})",
            fix=_FIX,
            cwe=("CWE-359",),
        )
        self.token_of[flaw.fingerprint] = seen.token
        kind = row.title[0].lower() + row.title[1:]
        return Found(flaw, f"{kind}, letter {row.letter.name}, score {seen.score:.2f}")

    def _placeholders(self, looked: Looked) -> Iterator[Found]:
        by_rule: dict[str, list[Seen]] = {}
        for seen in looked.seen:
            if seen.placeholder is not None:
                by_rule.setdefault(seen.rule, []).append(seen)
        for found in by_rule.values():
            first = self._identifier(looked.uri, found[0])
            reasons = ", ".join(sorted({str(seen.placeholder) for seen in found}))
            count = "once" if len(found) == 1 else f"{len(found)} times, here first"
            flaw = replace(
                first.flaw,
                severity=FlawSeverity.INFO,
                title=f"{first.flaw.title}: placeholder",
                fix="",
                cwe=(),
            )
            yield Found(flaw, f"a placeholder {count}: {reasons}")


def _within(uri: str, part: str) -> str:
    """Name a part of a file as findings do: `notes.zip!/a.txt`."""
    return f"{uri}!/{part}" if part else uri


def _in_form(form: str) -> str:
    return "as it is" if form == "plain" else f"as {form}"
