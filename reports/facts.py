"""Labelled facts of a run: cover, scope, method, environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from clinigate.core.plan import Plan, Profile
from clinigate.core.results import PackUse, Results
from clinigate.reports.gaps import is_reviewed
from clinigate.reports.model import Fact, GateView, PackRow
from clinigate.reports.numbers import count, percent
from clinigate.reports.revision import revision
from clinigate.reports.sealed import EvidenceFacts

__all__ = [
    "cover_facts",
    "digest_facts",
    "environment_facts",
    "execution_facts",
    "fingerprint",
    "method_facts",
    "moment",
    "pack_rows",
    "scope_facts",
]

_PROFILES = {
    Profile.FULL: "full evaluation",
    Profile.PR: "pull-request sample, never certifies",
}


def _profile(plan: Plan) -> str:
    if plan.sample < 1:
        return f"{percent(plan.sample)} sample of the full evaluation, never certifies"
    return _PROFILES[plan.profile]


def cover_facts(
    results: Results, gate: GateView | None, evidence: EvidenceFacts | None
) -> tuple[Fact, ...]:
    """What identifies the run, for the first page."""
    return (
        Fact("Run", results.run, code=True),
        Fact("System under test", results.target),
        Fact("Evaluated", _period(results)),
        Fact("Profile", _profile(results.plan)),
        Fact("Environment", "no gate decision" if gate is None else gate.environment),
        *_sealed_facts(evidence),
    )


def _sealed_facts(evidence: EvidenceFacts | None) -> Iterator[Fact]:
    if evidence is None:
        yield Fact("Evidence", "not sealed")
        return
    if evidence.statement_digest is not None:
        yield Fact("Statement (SHA-256)", evidence.statement_digest, code=True)
    if not evidence.signed:
        yield Fact("Signature", "UNSIGNED")
    for signature in evidence.signatures:
        yield Fact("Signed by key", fingerprint(signature.keyid), code=True)
    if evidence.ledger_size is not None:
        yield Fact("Ledger", f"{count(evidence.ledger_size)} records")
    if evidence.ledger_root is not None:
        yield Fact("Ledger root", evidence.ledger_root, code=True)


def fingerprint(keyid: str) -> str:
    """A key id in groups of eight, for comparison by eye."""
    return " ".join(keyid[start : start + 8] for start in range(0, len(keyid), 8))


def _period(results: Results) -> str:
    start, end = _parsed(results.started_at), _parsed(results.finished_at)
    text = f"{moment(results.started_at)} to {moment(results.finished_at)}"
    return text if start is None or end is None else f"{text} ({_duration(start, end)})"


def moment(text: str) -> str:
    """A time of RFC 3339 as people read it, to the second; anything else as it is."""
    time = _parsed(text)
    return text if time is None else f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _parsed(text: str) -> datetime | None:
    """The time, None where it is none or has no zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if time.tzinfo is None else time


def _duration(start: datetime, end: datetime) -> str:
    minutes, rest = divmod(round((end - start).total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def digest_facts(results: Results) -> tuple[Fact, ...]:
    """What was running, by digest."""
    digests = results.subject.digests
    return tuple(Fact(name, digests[name], code=True) for name in sorted(digests))


def scope_facts(results: Results) -> tuple[Fact, ...]:
    """What was looked at."""
    checks = dict.fromkeys(observation.check for observation in results.observations)
    return (
        Fact("Target", results.target),
        Fact("Capabilities offered", ", ".join(results.declared) or "none declared"),
        Fact("Checks that spoke", ", ".join(sorted(checks)) or "none", code=bool(checks)),
        Fact("Criteria judged", count(len(results.verdicts))),
        Fact("Scenario packs", ", ".join(f"{p.name} {p.version}" for p in results.packs) or "none"),
    )


def method_facts(plan: Plan) -> tuple[Fact, ...]:
    """How the run looked."""
    return (
        Fact("Profile", _profile(plan)),
        Fact("Seed", str(plan.seed), code=True),
        Fact("Confidence of intervals", f"{percent(plan.confidence)}, one-sided"),
        Fact("Conversations at once", count(plan.concurrency)),
        Fact("A reply counts as missing after", f"{plan.timeout_s:g} s"),
        Fact("Times each safety case is asked", count(plan.repeats)),
        Fact("Stops at the first safety violation", "yes" if plan.fail_fast else "no"),
        Fact("Stops once a criterion has failed", "yes" if plan.stop_early else "no"),
        Fact("Answers of earlier runs", "may be reused" if plan.reply_cache else "never reused"),
        Fact("Cores judged on", "all published" if plan.split is None else f"split {plan.split}"),
        Fact("Target was built on", _exposure(plan)),
        *_chosen_packs(plan),
    )


def execution_facts(results: Results, evidence: EvidenceFacts | None) -> tuple[Fact, ...]:
    """Who and what executed the run, when, by which clock."""
    environment: Mapping[str, object] = {} if evidence is None else evidence.environment
    return (
        Fact("Executed", _period(results)),
        Fact("Executed by", _executor(environment.get("ci"))),
        Fact("Tool", f"Clinigate {_scalar(environment.get('clinigate'))}".strip()),
        Fact("Test code", revision(environment) or "no revision was recorded"),
        Fact("Clock", _clock(evidence)),
    )


def _executor(ci: object) -> str:
    if not isinstance(ci, Mapping) or not ci.get("provider"):
        return "a person, by hand, or a runner that is not known"
    told = ", ".join(str(ci[name]) for name in sorted(ci) if name != "provider")
    return f"{ci['provider']}: {told}" if told else str(ci["provider"])


def _clock(evidence: EvidenceFacts | None) -> str:
    proven = () if evidence is None else (e for e in evidence.levels if e.level == "L3" and e.holds)
    detail = next((each.detail for each in proven), "")
    return detail or "the machine's own; nobody else has proven the time"


def _exposure(plan: Plan) -> str:
    if plan.exposed_to is None:
        return "not declared, so nothing can be said of unseen utterances"
    return ", ".join(plan.exposed_to) or "none of the packs, as declared by its owner"


def _chosen_packs(plan: Plan) -> Iterator[Fact]:
    for kind in sorted(plan.packs):
        yield Fact(f"Packs for {kind}", ", ".join(plan.packs[kind]) or "none")


def pack_rows(packs: tuple[PackUse, ...]) -> tuple[PackRow, ...]:
    """The scenario packs in use."""
    return tuple(
        PackRow(
            name=f"{pack.name} {pack.version}",
            digest=pack.digest,
            cores=count(pack.cores),
            origin=pack.origin,
            review=pack.review if is_reviewed(pack) else "nobody clinical yet",
            reviewed=is_reviewed(pack),
        )
        for pack in packs
    )


def environment_facts(evidence: EvidenceFacts | None) -> tuple[Fact, ...]:
    """Where the run took place, nested tables as dotted labels; inputs are parts of the system."""
    told = {} if evidence is None else evidence.environment
    return tuple(_flat("", {name: told[name] for name in told if name != "inputs"}))


def _flat(prefix: str, value: object) -> Iterator[Fact]:
    if isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), value[key])
    elif isinstance(value, list | tuple):
        yield Fact(prefix, ", ".join(map(str, value)) or "none")
    else:
        yield Fact(prefix, _scalar(value))


def _scalar(value: object) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
