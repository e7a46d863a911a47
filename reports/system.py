"""The system under test as far as the run recorded it; what it did not record is said to be so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clinigate.core.results import Results
from clinigate.reports.revision import revision
from clinigate.reports.sealed import EvidenceFacts

__all__ = ["SystemPart", "SystemView", "system_view"]

#: What a description should hold: part, what it is known by, and what to do where it is missing.
_PARTS = (
    ("Image", ("image", "image_digest", "container"), "name its digest under [subject]"),
    ("Model", ("model", "weights"), "name its digest under [subject]"),
    ("Prompt", ("prompt", "prompts", "system_prompt"), "name its digest under [subject]"),
    ("Interface document", ("openapi", "schema", "api"), "name it under [subject] or [inputs]"),
    ("Manifests", ("manifests", "deploy", "kubernetes"), "name them under [subject] or [inputs]"),
    ("Configuration", ("config", "configuration", "settings"), "name it under [subject]"),
    ("Data", ("data", "dataset", "index"), "name its digest under [subject]"),
)


#: Inputs that claims rest on and that are no part of the system; they stand with the gate, the
#: method and the name.
_NO_PART = frozenset({"policy", "clinigate", "version"})


@dataclass(frozen=True, slots=True)
class SystemPart:
    """One part of the system: its name, its digest, and where it is missing what would bind it."""

    name: str
    digest: str
    missing: str = ""


@dataclass(frozen=True, slots=True)
class SystemView:
    """The system as recorded.

    Attributes:
        name, version, intended_use, target: as declared.
        offers: capabilities that it says it has.
        parts: those with a digest first, then those that nothing binds.
        revision: of the source tree that the run stood in, with a word if it was changed.
    """

    name: str
    version: str
    intended_use: str
    target: str
    offers: tuple[str, ...]
    parts: tuple[SystemPart, ...]
    revision: str = ""


def system_view(results: Results, evidence: EvidenceFacts | None) -> SystemView:
    """Return what is known of the system that was looked at."""
    subject = results.subject
    digests = {**_inputs(evidence), **subject.digests}
    return SystemView(
        name=subject.name,
        version=subject.version,
        intended_use=subject.intended_use,
        target=results.target,
        offers=results.declared,
        parts=tuple(_parts(digests)),
        revision="" if evidence is None else revision(evidence.environment),
    )


def _parts(digests: Mapping[str, str]) -> Iterator[SystemPart]:
    for name in sorted(digests):
        yield SystemPart(name, digests[name])
    for part, names, remedy in _PARTS:
        if not any(key.lower() in names for key in digests):
            yield SystemPart(part, "", remedy)


def _inputs(evidence: EvidenceFacts | None) -> dict[str, str]:
    """Digests of what the claims rest on, where the environment has them."""
    told = None if evidence is None else evidence.environment.get("inputs")
    if not isinstance(told, Mapping):
        return {}
    plain = {str(name): _digest(value) for name, value in told.items()}
    return {name: digest for name, digest in plain.items() if digest and name not in _NO_PART}


def _digest(value: object) -> str:
    found = value.get("digest") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else ""
