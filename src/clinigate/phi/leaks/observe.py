"""A leak map's way into a run: one census, and a finding for every leak."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.core.measurement import Kind, Measurement, SliceResult
from clinigate.core.observation import Finding, Gap, Observation
from clinigate.findings.identity import fingerprint
from clinigate.phi.criteria import CONTROLS, LEAKS
from clinigate.phi.leaks.model import Leak, LeakMap, SinkKind

__all__ = ["LEAKS_CHECK", "leak_observations", "told"]

LEAKS_CHECK = "CG-PHI-LEAKS-001"
_TOOL = "clinigate phi trace"
_NAMED = 8
#: What hands data to people who have no business with it; the others keep it where it is not safe.
_HANDED_OUT = frozenset({SinkKind.REPLY, SinkKind.DEBUG, SinkKind.PROMPT, SinkKind.URL})
#: What is no file: answers of the service, and what it asks others.
_ANSWERED = frozenset(
    {SinkKind.METRICS, SinkKind.DEBUG, SinkKind.ERROR_PAGE, SinkKind.HEADER, SinkKind.REPLY,
     SinkKind.PROMPT, SinkKind.URL}
)  # fmt: skip
_FIXES: Mapping[SinkKind, str] = MappingProxyType(
    {
        SinkKind.LOG: "log the route, the status and an id; drop or redact what a patient sends",
        SinkKind.ERROR_REPORT: "report types and places of errors, never their message or locals",
        SinkKind.SPAN: "put no content into attributes; let a span processor redact",
        SinkKind.STORE: "encrypt the column, and bind it to its row",
        SinkKind.BACKUP: "back up what is encrypted, or encrypt the backup",
        SinkKind.CACHE: "key the cache by a keyed digest, and seal what lies in it",
        SinkKind.METRICS: "label by route template; let nothing that a client sends be a label",
        SinkKind.DEBUG: "remove the address from what is deployed",
        SinkKind.ERROR_PAGE: "name fields in a refusal, never what was in them",
        SinkKind.HEADER: "send no value of a patient in a header; a keyed digest will do",
        SinkKind.REPLY: "keep conversations apart by person; share no memory between them",
        SinkKind.PROMPT: "de-identify what goes to the provider, or have it under a BAA",
        SinkKind.URL: "put identifiers into bodies; addresses are logged by everyone on the way",
    }
)


def leak_observations(found: LeakMap) -> Iterator[Observation]:
    """Yield the census of a hunt, then every leak.

    A hunt that planted nothing is a gap, unless what was refused turned up all the same.
    """
    if not found.leaks and (not found.sources or not found.looked):
        refused = "; ".join(f"{source} {why}" for source, why in found.unplanted[:_NAMED])
        reason = f"nothing could be planted: {refused}" if refused else "there is nowhere to look"
        yield Observation(LEAKS_CHECK, Gap(LEAKS, reason), CONTROLS)
        return
    yield Observation(LEAKS_CHECK, _census(found), CONTROLS)
    for leak in found.leaks:
        yield Observation(LEAKS_CHECK, _finding(leak), CONTROLS)


def told(leak: Leak) -> str:
    """Say how a leak stands there, without any value: fields, forms, how soon, how often."""
    times = "once" if leak.count == 1 else f"{leak.count} times"
    return (
        f"{', '.join(leak.fields)} as {', '.join(leak.forms)}; {times}; "
        f"first seen {leak.first_seen_s:.1f} s after it was planted"
    )


def _census(found: LeakMap) -> Measurement:
    places = {(each.kind, each.place) for each in found.looked}
    holding = {(each.kind, each.place.partition("!")[0]) for each in found.leaks}
    return Measurement(
        LEAKS,
        Kind.CENSUS,
        float(len(found.leaks)),
        len(places),
        unit="findings",
        events=min(len(places), len(holding)),
        excluded=len(found.troubles) + len(found.unplanted),
        slices=tuple(_flows(found)),
        caveats=tuple(_caveats(found)),
    )


def _flows(found: LeakMap) -> Iterator[SliceResult]:
    """One slice for each source and kind of sink: the map itself, as the report draws it.

    What was refused is drawn too where it leaks: a refusal may log what it refuses.
    """
    for source in dict.fromkeys((*found.sources, *(each.source for each in found.leaks))):
        for kind in found.kinds:
            leaks = [each for each in found.leaks if (each.source, each.kind) == (source, kind)]
            looked = sum(each.kind is kind for each in found.looked)
            yield SliceResult(
                f"{source}={kind}", float(len(leaks)), looked, min(looked, len(leaks))
            )


def _caveats(found: LeakMap) -> Iterator[str]:
    yield f"{len(found.sources)} ways in, each with a patient of its own (seed {found.seed})"
    yield "what is encrypted, cut short or hashed with a salt is not recognised"
    for source, why in found.unplanted:
        yield f"not planted: {source} ({why})"
    troubles = [f"{each.place} ({each.trouble})" for each in found.troubles]
    if troubles:
        more = len(troubles) - _NAMED
        shown = "; ".join(troubles[:_NAMED])
        yield f"not looked at: {shown}" + (f"; and {more} more" if more > 0 else "")


def _uri(leak: Leak) -> str:
    """Return where it is; what is no file in a scheme of its own, or a reader looks for one."""
    if leak.kind not in _ANSWERED:
        return leak.place
    asked = leak.place.partition(" ")[2]
    scheme = "provider" if leak.kind in (SinkKind.PROMPT, SinkKind.URL) else "service"
    return f"{scheme}:{asked}" if asked.startswith("/") else f"{scheme}:/{leak.place}"


def _finding(leak: Leak) -> Finding:
    place = Place(_uri(leak), line=leak.line, symbol=leak.symbol)
    severity = FlawSeverity.CRITICAL if leak.kind in _HANDED_OUT else FlawSeverity.HIGH
    flaw = Flaw(
        rule=leak.kind.rule,
        tools=(_TOOL,),
        severity=severity,
        place=place,
        fingerprint=fingerprint(leak.kind.rule, leak.place, symbol=leak.source),
        title=str(leak.kind),
        fix=_FIXES[leak.kind],
    )
    message = f"what came by {leak.source} turned up in {leak.kind}; {told(leak)}"
    return Finding(LEAKS, message, where=leak.source, flaw=flaw)
