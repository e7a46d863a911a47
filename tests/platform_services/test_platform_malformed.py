"""Whatever stands in a manifest, rules on services judge it or say that they cannot."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.platform.judge import judge
from clinigate.platform.load import Text, load
from clinigate.platform.manifests import Manifests
from clinigate.platform.rules import load_rules

_OURS = (
    "MTLS",
    "AUTHZ",
    "STORAGE",
    "BACKUP",
    "CERT",
    "SECRET",
    "KAFKA",
    "AUDIT",
    "GATEWAY",
    "FAILOVER",
)

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "x", "-1", "1e999", "@every", "30d", "(", "0 0 * *", "true", "://"]),
    st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)


@functools.cache
def manifests() -> tuple[dict[str, Any], ...]:
    files = sorted((Path(__file__).parent / "manifests").rglob("*.yaml"))
    return tuple(doc for file in files for doc in yaml.safe_load_all(file.read_text("utf-8")))


def spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a manifest that can hold something else: its owner and key."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in list(entries):
        yield value, key
        if isinstance(child, dict | list):
            yield from spots(child)


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_no_rule_breaks(data: st.DataObject) -> None:
    documents = copy.deepcopy(
        data.draw(st.lists(st.sampled_from(manifests()), min_size=1, max_size=6))
    )
    for _ in range(data.draw(st.integers(1, 4))):
        document = data.draw(st.sampled_from(documents))
        places = [each for each in spots(document) if each[1] not in ("kind", "apiVersion")]
        owner, key = data.draw(st.sampled_from(places))
        owner[key] = data.draw(odd)
    texts = [Text(f"{i}.json", json.dumps(d).encode(), named=True) for i, d in enumerate(documents)]
    rules = [r for r in load_rules().rules if r.id.split("-")[2] in _OURS]
    for found in judge(Manifests(load(texts).resources), rules).values():
        assert found.faults == []
        assert all(each.flaw.place.uri for each in found.findings)
