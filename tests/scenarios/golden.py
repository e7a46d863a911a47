"""Digests of generated cases, and the script that writes them anew.

    python tests/scenarios/golden.py

Run it after a deliberate change of a pack, of the wording or of a transform, and say in the commit
why the cases changed.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.case import Case
from clinigate.core.codec import to_plain
from clinigate.scenarios import Kind, builtin_packs, generate, generate_pairs, load_builtin

GOLDEN = Path(__file__).with_name("golden.json")

PER_CORE = 4
EVERY = 10
BASES = 40
SEED = 7


def digests() -> dict[str, dict[str, str | int]]:
    """Return for each built-in pack: its digest, and count and digest of cases drawn from it.

    The pack's digest covers all wordings; the cases are of every tenth core of each archetype.
    """
    return {name: _digest(name) for name in builtin_packs()}


def _digest(name: str) -> dict[str, str | int]:
    pack = load_builtin(name)
    cases: list[Case]
    if pack.kind is Kind.COUNTERFACTUAL:
        cases = generate_pairs(pack, seed=SEED, n=BASES)
    else:
        some = tuple(replace(each, cores=each.cores[::EVERY]) for each in pack.archetypes)
        cases = generate(replace(pack, archetypes=some), seed=SEED, per_core=PER_CORE)
    content = sha256_hex(canonical_bytes([to_plain(case) for case in cases]))
    return {"pack": pack.digest, "cases": len(cases), "sha256": content}


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(digests(), indent=2) + "\n", encoding="utf-8")
