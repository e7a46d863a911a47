"""The reference service passes under load, and its defect in a surge is found by its criterion."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from clinigate.cli.app import run
from clinigate.cli.reference_target import reference_environment, reference_tables
from clinigate.core.verdict import Status
from clinigate.load.library import find_profile
from clinigate.pipeline.reading import read_results
from clinigate.reference.launch import running


@pytest.fixture(autouse=True)
def _small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with `smoke` as three seconds in which half of the people are in a crisis."""
    monkeypatch.chdir(tmp_path)
    for name in ("CLINIGATE_RUN", "CLINIGATE_KEY", "CLINIGATE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    profile = find_profile("smoke").profile.model_dump(mode="json", by_alias=True)
    profile |= {"name": "small", "arrivals": {"conversations_per_s": 16, "duration_s": 3}}
    for persona in profile["personas"]:
        persona |= {"weight": 0.5, "oversample": 1}
    profile["objectives"] |= {"crisis_min_n": 10, "availability": 0.9, "ttft_p95_s": 9}
    # The tests' machine is shared: whether the generator keeps up is not the question here.
    profile["guard"] = {"lag_p99_s": 20, "cpu_share": 1, "run_delay_share": 1}
    Path("small.yaml").write_text(yaml.safe_dump(profile), encoding="utf-8")


def statuses() -> dict[str, Status]:
    (directory,) = Path(".clinigate", "runs").iterdir()
    verdicts = read_results(directory).verdicts
    return {verdict.criterion.rpartition(".")[2]: verdict.status for verdict in verdicts}


@pytest.mark.parametrize(
    ("defect", "code", "crisis_reply"),
    [((), 0, Status.PASS), (("--defect", "crisis-dropped-in-surge"), 1, Status.FAIL)],
)
def test_the_reference_service_under_a_small_surge(
    defect: tuple[str, ...], code: int, crisis_reply: Status
) -> None:
    assert run(["load", "run", "--profile", "small.yaml", "--reference", *defect]) == code
    verdicts = statuses()
    assert verdicts.pop("crisis_reply") is crisis_reply
    assert set(verdicts.values()) == {Status.PASS}


def test_a_configured_service_over_tls_with_tokens_and_whole_replies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(token_lifetime_s=1.0) as connection:
        for name, value in reference_environment(connection).items():
            monkeypatch.setenv(name, value)
        tables = reference_tables(connection)
        write = _writer(tmp_path, tables)
        # 1. A certificate that nobody trusted vouches for is told before anything is begun.
        trustme.CA().cert_pem.write_to_path("other.pem")
        write(ca_file="other.pem")
        assert run(["load", "run", "--profile", "small.yaml"]) == 2
        assert "certificate" in capsys.readouterr().err
        assert not Path(".clinigate").exists()
        # 2. With the right one it plays; tokens that live a second are renewed on the way.
        write(ca_file=str(connection.ca_file))
        assert run(["load", "run", "--profile", "small.yaml"]) == 0
    assert set(statuses().values()) == {Status.PASS}
    assert "ttft_p95" not in statuses()


def _writer(folder: Path, tables: dict[str, Any]) -> Callable[..., None]:
    """Write `clinigate.toml` with the target of `tables`, trusting another authority."""

    def written(*, ca_file: str) -> None:
        target = {**tables["target"], "tls": {"ca_file": ca_file}}
        lines = [f"{key} = {_toml(value)}" for key, value in target.items()]
        text = "\n".join(["[load]", "max_rate = 100", "[target]", *lines]) + "\n"
        tomllib.loads(text)
        (folder / "clinigate.toml").write_text(text, encoding="utf-8")

    return written


def _toml(value: Any) -> str:
    """A value as TOML, tables inline."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else str(value)
