"""Operational qualification of evidence: whatever is changed in a sealed bundle is found."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from clinigate.core.canonical import canonical_bytes
from clinigate.errors import ClinigateError
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.envelope import sign_envelope
from clinigate.evidence.names import PAYLOAD_TYPE, PROOF, STATEMENT
from clinigate.evidence.report import LevelStatus
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.evidence.trust import TrustStore
from clinigate.evidence.verify import verify_bundle
from clinigate.quality.validation.sample import sealed_sample, trust_in
from clinigate.quality.validation.tries import Tries

__all__ = ["look_at_tampering"]

#: What is done to a copy of the bundle's directory.
_Change = Callable[[Path], None]


def look_at_tampering(tries: Tries, scratch: Path) -> None:
    """Seal a sample, and change every file of it at its head, middle and end, and otherwise.

    Args:
        tries: where they are counted.
        scratch: an empty folder.
    """
    signer = generate_signer()
    bundle = sealed_sample(scratch / "sample", signer)
    trust = trust_in(signer)
    tries.expect(
        _problems(bundle.path, trust) == [], "unchanged", "a bundle that nobody touched fails"
    )
    for number, (name, what, change) in enumerate(_changes(bundle)):
        copy = scratch / f"{number}" / bundle.path.name
        shutil.copytree(bundle.path, copy)
        change(copy)
        found = _problems(copy, trust)
        tries.expect(
            any(name in problem for problem in found),
            f"{name}: {what}",
            "the change was not found" if not found else f"the file is not named: {found[0]}",
        )
        shutil.rmtree(copy)


def _problems(path: Path, trust: TrustStore) -> list[str]:
    try:
        report = verify_bundle(open_bundle(path), trust=trust)
    except ClinigateError as error:
        return [str(error)]
    return list(report.problems) if report.overall is LevelStatus.FAILED else []


def _changes(bundle: Bundle) -> Iterator[tuple[str, str, _Change]]:
    for name in bundle.names:
        size = len(bundle.read(name))
        for place, at in (("first byte", 0), ("a byte within", size // 2), ("last byte", size - 1)):
            yield name, f"{place} changed", _flipped(name, at)
        yield name, "cut to half", _cut(name, size // 2)
        yield name, "removed", _removed(name)
    yield "blobs/extra", "put there later", _added("blobs/extra")
    yield STATEMENT, "signed again by a foreign key", _signed_again(generate_signer())
    yield PROOF, "emptied", _cut(PROOF, 0)


def _flipped(name: str, at: int) -> _Change:
    def change(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[at] ^= 1
        (folder / name).write_bytes(data)

    return change


def _cut(name: str, size: int) -> _Change:
    def change(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:size])

    return change


def _removed(name: str) -> _Change:
    return lambda folder: (folder / name).unlink()


def _added(name: str) -> _Change:
    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"never seen by the run\n")

    return change


def _signed_again(foreign: LocalSigner) -> _Change:
    def change(folder: Path) -> None:
        payload = open_bundle(folder).envelope.payload
        again = sign_envelope(payload, PAYLOAD_TYPE, [foreign])
        (folder / STATEMENT).write_bytes(canonical_bytes(again))

    return change
