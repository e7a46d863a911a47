"""Whatever stands in a manifest, a rule judges it or says that it cannot: it never breaks."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.platform.judge import judge
from clinigate.platform.load import Loaded, Text, load
from clinigate.platform.manifests import Manifests
from clinigate.platform.rules import load_rules

GOOD = Path(__file__).parent / "manifests" / "good.yaml"
DOCUMENTS: list[Any] = list(yaml.safe_load_all(GOOD.read_text()))
OURS = (
    "autoscaling", "disruption", "gpu", "images", "isolation", "network", "node_loss",
    "privileges", "probes", "quotas",
)  # fmt: skip
RULES = [
    each
    for each in load_rules().rules
    if each.topic.metric.removeprefix("platform.") in (*OURS, "scaling")
]
SILENT = [each for each in RULES if each.topic.metric in ("platform.disruption", "platform.images")]


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(range(len(value)))
    return [path] * bool(path) + [deep for key in keys for deep in paths(value[key], (*path, key))]


PATHS = [(number, path) for number, each in enumerate(DOCUMENTS) for path in paths(each)]
STRANGE: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "text", "50%", "$REPLICAS", 0, -1, 2**70, 1.5, True, [], [None], ["x"], [[]], {},
     {"name": "x"}, {"x": None}, [{"name": 1}], "{}"]
)  # fmt: skip


def replaced(changes: list[tuple[tuple[int, tuple[str | int, ...]], Any]]) -> Loaded:
    documents = copy.deepcopy(DOCUMENTS)
    for (number, path), value in changes:
        holder = documents[number]
        try:
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took its place away
    return load([Text("a.yaml", yaml.safe_dump_all(documents).encode(), True)])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PATHS), STRANGE), min_size=1, max_size=3))
def test_no_value_in_any_field_breaks_a_rule(
    changes: list[tuple[tuple[int, tuple[str | int, ...]], Any]],
) -> None:
    loaded = replaced(changes)
    scans = judge(Manifests(loaded.resources), RULES)
    assert [fault for scan in scans.values() for fault in scan.faults] == []
    for scan in scans.values():
        assert all(each.flaw.place.line for each in scan.findings)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([each for each in PATHS if each[1][0] == "spec"]))
def test_a_field_that_is_taken_away_never_silences_a_workload(
    place: tuple[int, tuple[str | int, ...]],
) -> None:
    loaded = replaced([(place, None)])
    scans = judge(Manifests(loaded.resources), SILENT)
    for metric in ("platform.disruption", "platform.images"):
        scan = scans[metric]
        said = " ".join([*scan.units, *(each.unit for each in scan.excluded)])
        assert "Deployment clinic/chat" in said
        assert "StatefulSet clinic/records" in said
