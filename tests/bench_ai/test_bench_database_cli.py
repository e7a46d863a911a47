"""`clinigate bench database`: which databases are looked at, and what is said of the others."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import MappingProxyType

import pytest

from clinigate.cli.app import run
from clinigate.controls import load_catalogue
from clinigate.gpu_bench.criteria import builtin_criteria

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bench(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("CLINIGATE_RUN", "CLINIGATE_KEY", "POSTGRES_DSN", "REDIS_URL", "MONGODB_URI"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str):
        code = run(["bench", "database", *arguments])
        said = capsys.readouterr()
        found = sorted((tmp_path / ".clinigate/runs").glob("*/results.json"))
        verdicts = json.loads(found[-1].read_bytes())["verdicts"] if found else []
        return code, said, {v["criterion"]: (v["status"], v["reason"]) for v in verdicts}

    return call


def test_without_an_address_a_database_is_not_assessed(bench) -> None:
    code, _, found = bench()
    assert code == 1
    assert {name.split(".")[2] for name in found} == {"postgres", "mongodb", "redis"}
    assert {status for status, _ in found.values()} == {"NOT_ASSESSED"}
    assert (
        "set POSTGRES_DSN, or let --lab start one" in found["bench.db.postgres.recent_turns.p99"][1]
    )


def test_a_limit_names_the_databases_that_are_looked_at(bench, monkeypatch) -> None:
    code, _, found = bench("--redis-latency-max=1ms")
    assert code == 1
    assert set(found) == {"bench.db.redis.get.p95", "bench.db.redis.set.p95"}


def test_a_database_that_refuses_is_an_error_in_one_sentence(bench, monkeypatch) -> None:
    """And its password stands nowhere."""
    pytest.importorskip("redis")
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@127.0.0.1:1/0")
    code, said, found = bench("--redis-latency-max=1ms")
    assert code == 1
    assert {status for status, _ in found.values()} == {"ERROR"}
    assert "hunter2" not in said.out + said.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--postgres-latency-max=10"], "wanted a time above 0"),
        (["--rate=fast"], "wanted a rate above 0"),
        (["--clients=0"], "0 is not in the range"),
        (["--clients=8", "--statements=9"], "do not fill"),
    ],
)
def test_what_cannot_be_meant_is_told(bench, arguments, told) -> None:
    code, said, found = bench(*arguments)
    assert code == 4
    assert told in said.err
    assert not found


class InstantStore:
    """Every statement does nothing."""

    description, left_behind = "a fake", None
    operations = MappingProxyType(dict.fromkeys(("get", "set"), lambda number: None))

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        return

    def session(self):
        return self

    def named(self, what: str):
        return nullcontext()

    def close(self) -> None:
        return


def test_the_bounds_are_as_sure_as_the_configuration_asks(bench, tmp_path, monkeypatch) -> None:
    pytest.importorskip("redis")
    (tmp_path / "clinigate.toml").write_text("[run]\nconfidence = 0.99\n")
    monkeypatch.setattr("clinigate.gpu_bench.database.run._store", lambda *_: InstantStore())
    monkeypatch.setenv("REDIS_URL", "redis://nowhere")
    bench("--redis-latency-max=1s", "--statements=200")
    (path,) = (tmp_path / ".clinigate/runs").glob("*/results.json")
    seen = [o["about"] for o in json.loads(path.read_bytes())["observations"]]
    sure = [about["interval"]["confidence"] for about in seen if about.get("interval")]
    assert sure == [0.99, 0.99]


def test_what_ships_can_be_demanded_by_a_policy() -> None:
    criteria = builtin_criteria()
    ids = [criterion.id for criterion in criteria]
    assert len(ids) == len(set(ids))
    assert all(name.startswith("bench.") for name in ids)
    catalogue = load_catalogue()
    assert all(control in catalogue for each in criteria for control in each.controls)
    assert all(each.title for each in criteria)


def test_naming_the_criteria_loads_nothing_heavy() -> None:
    code = (
        "import sys; from clinigate.gpu_bench.criteria import builtin_criteria; builtin_criteria();"
        "print({'torch', 'numpy', 'psycopg', 'redis', 'pymongo'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_script_is_the_command(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "gpu_bench/database_performance.py"), "--redis-latency-max=1"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 4
    assert "wanted a time above 0" in done.stderr
