"""The topology file is read strictly, and each refusal names the file and the field."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.chaos.drivers.base import DriverOptions
from clinigate.chaos.drivers.local import connect
from clinigate.chaos.drivers.local_topology import SCHEMA, read_topology
from clinigate.chaos.faults.procfs import start_ticks
from clinigate.chaos.rail_request import looks_like_production
from clinigate.errors import ConfigError, UsageError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a small topology with some parts changed."""

    def written(**parts: Any) -> Path:
        said = {"schema": SCHEMA, "name": "small", "environment": "local"}
        path = tmp_path / "topology.json"
        path.write_text(json.dumps({**said, "entry": {"url": "https://127.0.0.1:1"}, **parts}))
        return path

    return written


def test_the_environment_is_what_the_system_says_on_this_host(write):
    found = connect(DriverOptions(topology=str(write()))).environment()
    assert (found.name, found.production) == ("local", False)
    assert found.fingerprint.startswith("local:")
    said = write(environment="Production-EU")
    assert connect(DriverOptions(topology=str(said))).environment().production


def test_without_a_topology_nothing_is_connected():
    with pytest.raises(UsageError, match="--topology"):
        connect(DriverOptions())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": "x/1"}, "schema is 'x/1', wanted 'clinigate.topology/1'"),
        ({"entry": {}}, r"entry\.url: Field required"),
        ({"processes": [{"name": "a", "pid": 1, "start_ticks": 0}]}, r"processes\.0\.pid"),
        ({"processes": {}}, "processes"),
        ({"storage": [{"name": "", "path": "/x"}]}, r"storage\.0\.name"),
        (
            {"storage": [{"name": "a", "path": "/x"}, {"name": "a", "path": "/y"}]},
            "storage: two are named 'a'",
        ),
    ],
)
def test_a_topology_that_cannot_be_meant_is_refused_by_field(write, change, says):
    path = write(**change)
    with pytest.raises(ConfigError, match=says):
        read_topology(path)


@pytest.mark.parametrize("content", ["", "[", "[]", "null", "[" * 100_000])
def test_a_topology_that_is_none_is_refused(tmp_path, content):
    path = tmp_path / "topology.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"topology .*(no JSON|schema is None)"):
        read_topology(path)


def test_a_topology_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        read_topology(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("name", "is_production"),
    [("eu.production", True), ("us/prod", True), ("my production", True), ("eu.reproduced", False)],
)
def test_production_is_known_whatever_parts_its_name(name, is_production):
    assert looks_like_production(name) is is_production


def test_a_dead_database_is_no_survivor(write):
    ticks = start_ticks(os.getpid())
    assert ticks is not None
    said = {"labels": {"app": "db"}, "pid": os.getpid()}
    alive = {**said, "name": "pg-1", "start_ticks": ticks}
    dead = {**said, "name": "pg-2", "start_ticks": ticks + 1}
    elsewhere = {"name": "pg-3", "labels": {"app": "db"}}
    driver = connect(DriverOptions(topology=str(write(databases=[alive, dead, elsewhere]))))
    assert [each.name for each in driver.resolve({"app": "db"})] == ["pg-1", "pg-3"]
