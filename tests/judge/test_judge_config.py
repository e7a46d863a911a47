"""The table `[judge]`: two families at least, never the target's, and no looser than it may be."""

from __future__ import annotations

import pytest

from clinigate.clinical.judge.bench import appoint
from clinigate.config.judge import JudgeTable, family_of
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.config.validation import validate
from clinigate.errors import ConfigError, UsageError
from clinigate.pytest_plugins.setup import read_equipment

A = {"name": "a", "family": "alpha", "model": "alpha-1", "base_url": "https://a.example/v1"}
B = {"name": "b", "family": "beta", "model": "beta-1", "base_url": "https://b.example/v1"}


def _read(target=None, **judge):
    data = {"judge": judge} | ({} if target is None else {"target": target})
    return validate(Config, data, file="clinigate.toml", error=ConfigError)


def _appoint(config, folder):
    return appoint(LoadedConfig(config, folder, "clinigate.toml"), environ={})


def test_a_panel_of_two_families_is_taken(tmp_path):
    config = _read(target_family="gamma", panel=[A, B])
    seat = _appoint(config, tmp_path)
    table = seat.table
    assert (table.repeats, table.min_kappa, table.min_rated) == (3, 0.6, 100)
    assert [each.family for each in seat.panel.judges] == ["alpha", "beta"]
    assert "is not calibrated" in seat.untrusted


def test_without_a_table_nobody_judges(tmp_path):
    assert _appoint(Config(), tmp_path) is None


@pytest.mark.parametrize(
    ("model", "judge"),
    [("mistral-small", A | {"family": "mistral"}), ("alpha-1", A), ("Alpha-1", A)],
)
def test_the_targets_own_model_tells_its_kin(model, judge, tmp_path):
    """Whatever the table says: a slip of the pen must not let a model judge itself."""
    target = {"kind": "openai", "base_url": "https://t.example/v1", "model": model}
    config = _read(target, target_family="other", panel=[judge, B])
    with pytest.raises(ConfigError, match=rf"a is of the kin of \[target\] model '{model}'"):
        _appoint(config, tmp_path)
    assert _appoint(
        _read({**target, "model": "gpt-4o"}, target_family="gpt", panel=[A, B]), tmp_path
    )


@pytest.mark.parametrize(
    ("judge", "words"),
    [
        ({"panel": [A, B]}, "target_family is missing"),
        ({"panel": [A], "target_family": "x"}, "all judges are of the family 'alpha'"),
        ({"panel": [A, B | {"family": " Alpha"}], "target_family": "x"}, "two families"),
        ({"panel": [A, B], "target_family": "Beta"}, "no judge of its own kin"),
        ({"panel": [A, B], "target_family": "ALPHA "}, "no judge of its own kin"),
        ({"panel": [A | {"family": "gpt"}, B], "target_family": "gpt-4o"}, "its own kin"),
        ({"panel": [A | {"family": "gpt"}, B], "target_family": "OpenAI"}, "its own kin"),
        ({"panel": [A | {"family": "gpt"}, B], "target_family": "OpenAI GPT-4"}, "its own kin"),
        ({"panel": [A | {"family": "llama"}, B | {"family": "Meta"}], "target_family": "x"}, "two"),
        ({"panel": [A, B | {"model": "Alpha-1"}], "target_family": "x"}, "are one model"),
        ({"panel": [A, B | {"name": "a"}], "target_family": "x"}, "have one name"),
        ({"panel": [A | {"model": "openai/gpt-4o"}, B], "target_family": "x"}, "family 'gpt'"),
        ({"card": "card.json"}, "no .* that it is of"),
        ({"min_kappa": 0.4}, "min_kappa"),
        ({"min_rated": 30}, "min_rated"),
        ({"repeats": 0}, "repeats"),
        ({"panels": []}, "did you mean 'panel'"),
        ({"panel": [A | {"base_url": "a.example"}, B], "target_family": "x"}, "http"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(judge, words):
    with pytest.raises(ConfigError, match=words):
        _read(**judge)


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gpt-4o", "gpt"),
        ("openai/o3-mini", "gpt"),
        ("meta-llama/Llama-3.3-70B-Instruct", "llama"),
        ("claude-sonnet", "claude"),
        ("Qwen2.5-72B", "qwen"),
        ("mixtral:8x22b", "mistral"),
        ("sulphide-7b", None),
        ("graphite", None),
    ],
)
def test_a_models_name_tells_its_family(model, family):
    assert family_of(model) == family


def test_files_that_are_not_there_are_named(tmp_path):
    with pytest.raises(UsageError, match=r"ratings.csv: cannot be read"):
        _appoint(_read(ratings="ratings.csv"), tmp_path)
    with pytest.raises(UsageError, match=r"card.json: cannot be read"):
        _appoint(_read(target_family="x", panel=[A, B], card="card.json"), tmp_path)
    judge = A | {"tls": {"ca_file": "ca.pem"}}
    with pytest.raises(ConfigError, match=r"\[\[judge.panel\]\] a: .*ca.pem"):
        _appoint(_read(target_family="x", panel=[judge, B]), tmp_path)


@pytest.mark.parametrize(("option", "judges"), [("on", 2), (None, 2), ("off", 0)])
def test_pytests_option_leaves_judges_out(option, judges, tmp_path):
    class Options:
        def getoption(self, name, default):
            return option if name == "clinigate_judge" else default

    config = Config(judge=JudgeTable(target_family="x", panel=[A, B]))
    seat = read_equipment(Options(), LoadedConfig(config, tmp_path, "clinigate.toml")).bench
    assert (0 if seat is None else len(seat.panel.judges)) == judges
