"""Configuration, policy and options become one plan, and options only ever tighten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.plan import Profile
from clinigate.errors import ConfigError, KeyFileError, UsageError
from clinigate.evidence.keys import save_key
from clinigate.evidence.signing import generate_signer
from clinigate.pipeline.keys import configured_signer, configured_trust
from clinigate.pipeline.setup import SAFETY_REPEATS, Overrides, policy_source, prepare

ACCURACY = "emotion.accuracy"


def test_without_options_the_configuration_stands(loaded: Callable[..., Any]) -> None:
    setup = prepare(loaded("[run]\nseed = 4\nrepeats = 2\nsplit = 'dev'\n"))
    assert (setup.plan.seed, setup.plan.repeats, setup.plan.split) == (4, 2, "dev")
    assert setup.plan.profile is Profile.FULL
    assert not setup.plan.fail_fast
    assert (setup.subject.name, setup.subject.version) == ("small", "2")
    assert [criterion.id for criterion in setup.criteria] == [ACCURACY]


def test_options_go_over_the_configuration(loaded: Callable[..., Any]) -> None:
    given = Overrides(seed=9, profile=Profile.PR, only_cases=frozenset({"abc"}))
    plan = prepare(loaded("[run]\nseed = 4\n"), given).plan
    assert (plan.seed, plan.profile, plan.only_cases) == (9, Profile.PR, {"abc"})
    assert prepare(loaded("[run]\nseed = 4\n"), Overrides(seed=0)).plan.seed == 0


def test_safety_critical_lets_the_worst_of_several_answers_count(
    loaded: Callable[..., Any],
) -> None:
    for configured, repeats in ((1, SAFETY_REPEATS), (5, 5)):
        config = loaded(f"[run]\nrepeats = {configured}\n")
        plan = prepare(config, Overrides(safety_critical=True)).plan
        assert (plan.fail_fast, plan.repeats) == (True, repeats)


def test_intervals_carry_the_highest_confidence_that_is_asked_for(
    loaded: Callable[..., Any],
) -> None:
    config = loaded("[run]\nconfidence = 0.97\n")
    assert prepare(config).plan.confidence == 0.97
    setup = prepare(config, Overrides(environment="production"))
    assert (setup.plan.confidence, setup.criteria[0].confidence) == (0.99, 0.99)
    setup = prepare(config, Overrides(confidence=0.999))
    assert (setup.plan.confidence, setup.criteria[0].confidence) == (0.999, 0.999)


def test_a_limit_tightens_and_never_loosens(loaded: Callable[..., Any]) -> None:
    config = loaded()
    tight = prepare(config, Overrides(limits={ACCURACY: 0.98}))
    assert tight.criteria[0].limit == 0.98
    for looser in (
        Overrides(limits={ACCURACY: 0.9}),
        Overrides(environment="production", limits={ACCURACY: 0.96}),
        Overrides(environment="production", confidence=0.95),
    ):
        with pytest.raises(UsageError, match="an option may only"):
            prepare(config, looser)


def test_packs_are_found_from_the_configuration_whatever_the_folder(
    loaded: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "own.yaml").write_text("", encoding="utf-8")
    config = loaded('[packs]\ncrisis = ["crisis-en", "packs/own.yaml"]\n')
    monkeypatch.chdir("/")
    assert prepare(config).plan.packs == {
        "crisis": ("crisis-en", str(tmp_path / "packs" / "own.yaml"))
    }
    assert policy_source(config) == str(tmp_path / "policy.toml")


def test_the_folder_of_reviews_is_read_against_the_configuration(loaded, tmp_path, monkeypatch):
    (tmp_path / "reviews").mkdir()
    config = loaded('[packs]\nreviews = "reviews"\n')
    monkeypatch.chdir("/")
    plan = prepare(config).plan
    assert (plan.reviews, plan.packs) == (str(tmp_path / "reviews"), {})
    with pytest.raises(ConfigError, match=r"\[packs\] reviews names gone, which is no folder"):
        prepare(loaded('[packs]\nreviews = "gone"\n'))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("crisis-enn", "neither a built-in pack nor a folder or a path that ends in .yaml"),
        ("packs/none.yaml", "names packs/none.yaml, which is no file"),
    ],
)
def test_a_pack_that_is_not_there_is_named(
    loaded: Callable[..., Any], name: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=r"\[packs\] names .*") as caught:
        prepare(loaded(f'[packs]\ncrisis = ["{name}"]\n'))
    assert said in str(caught.value)


# ---- keys ----------------------------------------------------------------------------------------


def test_without_a_key_runs_are_unsigned(loaded: Callable[..., Any]) -> None:
    assert configured_signer(loaded(), environ={}) is None
    assert configured_signer(loaded('[signing]\nkey = "env:TEAM"\n'), environ={}) is None
    assert configured_trust(loaded()) is None


def test_a_key_file_is_found_from_the_configuration(
    loaded: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = loaded('[signing]\nkey = "file:keys/ci.key"\n')
    with pytest.raises(KeyFileError, match=r"clinigate keys generate --out keys/ci\.key"):
        configured_signer(config, environ={})
    signer = generate_signer()
    save_key(signer, tmp_path / "keys" / "ci.key", "word", cost=2**14)
    monkeypatch.chdir("/")
    known = {"CLINIGATE_KEY_PASSPHRASE": "word"}
    for found in (
        configured_signer(config, environ=known),
        configured_signer(config, environ={}, passphrase=lambda: "word"),
    ):
        assert found is not None
        assert found.keyid == signer.keyid
    with pytest.raises(KeyFileError, match="CLINIGATE_KEY_PASSPHRASE is not set"):
        configured_signer(config, environ={})


def test_a_trust_file_that_is_named_must_be_there(loaded: Callable[..., Any]) -> None:
    with pytest.raises(
        ConfigError, match=r"who\.toml: no such trust file \(.*clinigate\.toml: \[gate\]"
    ):
        configured_trust(loaded('trust = "who.toml"\n'))
