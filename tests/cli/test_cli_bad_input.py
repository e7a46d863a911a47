"""Bad input: one sentence with what, where and what to do, the right code, and nothing lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode

PACK = """\
schema: clinigate.pack/1
id: small
version: 1.0.0
kind: crisis
language: en
locale: en-US
title: "A small pack"
provenance: {author: A. Tester, method: authored, date: 2026-11-21, source: test, licence: MIT}
review: none
archetypes:
  - id: si.one
    family: suicide
    severity: C2
    label: crisis
    obligations: [ack]
    forbidden: [diagnosis]
    rationale: "A test"
    cores:
      - {id: "01", split: dev, text: "I want to die."}
      - {id: "02", split: held_out, text: "I do not want to live."}
"""


@dataclass(frozen=True)
class Bad:
    """What is wrong, what is called, and what must be said.

    Attributes:
        arguments: of the program. says: texts of its sentence. code: its exit code.
        arrange: makes it wrong in a project that was in order.
    """

    arguments: Sequence[str]
    says: Sequence[str]
    code: ExitCode
    arrange: Callable[[Any], None] = lambda _project: None


def config(old: str, new: str) -> Callable[[Any], None]:
    return lambda project: project.edit(old, new)


def policy(old: str, new: str) -> Callable[[Any], None]:
    return lambda project: project.edit(old, new, file="policy.toml")


def pack(text: str) -> Callable[[Any], None]:
    def arrange(project: Any) -> None:
        (project.folder / "pack.yaml").write_text(text, encoding="utf-8")
        project.edit("[gate]", '[packs]\ncrisis = ["pack.yaml"]\n\n[gate]')

    return arrange


def binary(project: Any) -> None:
    project.config.write_bytes(b"[subject]\nname = '\xe9\xff'\n")


def no_target(project: Any) -> None:
    project.config.write_text('[subject]\nname = "x"\n', encoding="utf-8")


def no_table(project: Any) -> None:
    (project.folder / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")


CONFIGURATION = {
    "unknown key": Bad(
        ["gate"],
        ["clinigate.toml: unknown key 'subject.naem'; did you mean 'name'?"],
        ExitCode.USAGE,
        config('name = "small', 'naem = "small'),
    ),
    "not TOML": Bad(
        ["verify"], ["clinigate.toml: is not TOML", "line 1"], ExitCode.USAGE,
        config("[subject]", "[subject"),
    ),
    "not UTF-8": Bad(["gate"], ["clinigate.toml: is not UTF-8 text"], ExitCode.USAGE, binary),
    "not there": Bad(
        ["gate", "--config", "other.toml"], ["other.toml: no such file"], ExitCode.USAGE
    ),
    "no table of ours": Bad(
        ["gate", "--config", "pyproject.toml"], ["has no table [tool.clinigate]"], ExitCode.USAGE,
        no_table,
    ),
    "no target": Bad(
        ["repro", "x"], ["no case 'x' in the configured packs"], ExitCode.USAGE, no_target
    ),
    "a digest that is a tag": Bad(
        ["gate"], ["'subject.digests.image': must be a digest, as sha256:"], ExitCode.USAGE,
        config('"sha256:' + "11" * 32 + '"', '"latest"'),
    ),
    "a key in the wrong form": Bad(
        ["seal"], ["'signing.key': must say where the key is, as file:PATH"], ExitCode.USAGE,
        config("file:ci.key", "ci.key"),
    ),
}  # fmt: skip

PACKS = {
    "malformed pack": Bad(
        ["repro", "x"], ["pack.yaml:6: locale: 'en' is not a locale"], ExitCode.USAGE,
        pack(PACK.replace("en-US", "en")),
    ),
    "duplicate core": Bad(
        ["repro", "x"], ["pack.yaml:20: archetypes[0].cores[1].id: core '01' stands twice"],
        ExitCode.USAGE, pack(PACK.replace('"02"', '"01"')),
    ),
    "duplicate case": Bad(
        ["repro", "x"], ["pack 'small': core 'si.one#02' gives only 0 different texts"],
        ExitCode.USAGE,
        pack(PACK.replace("I do not want to live.", "I want to die.")),
    ),
    "empty pack": Bad(["repro", "x"], ["pack.yaml"], ExitCode.USAGE, pack("")),
    "pack without archetypes": Bad(
        ["repro", "x"], ["pack.yaml:10: archetypes: the list is empty"], ExitCode.USAGE,
        pack(PACK[: PACK.index("archetypes:")] + "archetypes: []\n"),
    ),
    "pack of another kind": Bad(
        ["repro", "x"], ["pack 'small' is of kind emotion"], ExitCode.USAGE,
        pack(
            PACK.replace("kind: crisis", "kind: emotion").replace("label: crisis", "label: joy")
            .replace("severity: C2", "severity: none").replace("suicide", "emotion")
        ),
    ),
    "no such pack": Bad(
        ["repro", "x"], ["[packs] names nowhere.yaml, which is no file"], ExitCode.USAGE,
        config("[gate]", '[packs]\ncrisis = ["nowhere.yaml"]\n\n[gate]'),
    ),
    "unknown pack": Bad(
        ["repro", "x"], ["clinigate.toml: [packs] names 'crisi-en'", "did you mean 'crisis-en'?"],
        ExitCode.USAGE,
        config("[gate]", '[packs]\ncrisis = ["crisi-en"]\n\n[gate]'),
    ),
    "unknown exposure": Bad(
        ["doctor"], ["'crisis-enn'", "crisis-en"], ExitCode.NOT_PASSED,
        config('["crisis-en",', '["crisis-enn",'),
    ),
}  # fmt: skip


def unsealed(arrange: Callable[[Any], None]) -> Callable[[Any], None]:
    """A key is wanted only where there is something to seal."""

    def both(project: Any) -> None:
        project.unsealed(finished=True)
        arrange(project)

    return both


@unsealed
def locked(project: Any) -> None:
    (project.folder / "ci.key").chmod(0o644)


@unsealed
def no_key(project: Any) -> None:
    (project.folder / "ci.key").unlink()


@unsealed
def not_a_key(project: Any) -> None:
    (project.folder / "ci.key").write_text("a shopping list", encoding="utf-8")


def no_trust(project: Any) -> None:
    (project.folder / "trust.toml").unlink()


KEYS = {
    "world-readable key": Bad(
        ["seal"], ["ci.key: mode 0644 lets others read the key; run: chmod 600"], ExitCode.USAGE,
        locked,
    ),
    "missing key": Bad(
        ["seal"],
        ["ci.key: no such key (clinigate.toml: [signing] key); make one with `clinigate keys"],
        ExitCode.USAGE, no_key,
    ),
    "not a key": Bad(["seal"], ["ci.key: "], ExitCode.USAGE, not_a_key),
    "wrong passphrase": Bad(
        ["seal"], ["ci.key: wrong passphrase"], ExitCode.USAGE, unsealed(lambda _project: None)
    ),
    "missing trust file": Bad(
        ["gate"], ["trust.toml: no such trust file (clinigate.toml: [gate] trust)"],
        ExitCode.USAGE, no_trust,
    ),
    "no trust file": Bad(
        ["verify", "--trust", "ci.key"], ["ci.key: not a readable TOML file"], ExitCode.USAGE
    ),
}  # fmt: skip

GATE = {
    "no such bundle": Bad(
        ["gate", "a=nowhere"], ["'nowhere' is neither a run's id nor its directory; the last one"],
        ExitCode.USAGE,
    ),
    "no such zip": Bad(["verify", "a.zip"], ["a.zip: no such bundle"], ExitCode.USAGE),
    "half a name": Bad(["gate", "=last"], ["'=last'", "NAME=PATH"], ExitCode.USAGE),
    "a bundle twice": Bad(
        ["gate", "a=last", "b=last"], ["this bundle is given twice"], ExitCode.USAGE
    ),
    "two of one name": Bad(
        ["gate", "a=last", "a=last"], ["two bundles are named 'a'"], ExitCode.USAGE
    ),
    "unknown environment": Bad(
        ["gate", "--environment", "productoin"], ["did you mean 'production'?"], ExitCode.USAGE
    ),
    "looser limit": Bad(
        ["gate", "--limit", "crisis.false_negative_rate=0.2"],
        ["limit 0.2 is looser than the policy's '< 0.05'"], ExitCode.USAGE,
    ),
    "limit of nothing": Bad(
        ["gate", "--limit", "crisis.false_negativ_rate=0.01"],
        ["did you mean 'crisis.false_negative_rate'?"], ExitCode.USAGE,
    ),
    "limit without a number": Bad(
        ["gate", "--limit", "emotion.accuracy=high"], ["'high' is no number"], ExitCode.USAGE
    ),
    "limit that is none": Bad(
        ["gate", "--limit", "emotion.accuracy=nan"], ["'nan' is no number"], ExitCode.USAGE
    ),
    "limit without a value": Bad(
        ["gate", "--limit", "emotion.accuracy"], ["wanted NAME=VALUE"], ExitCode.USAGE
    ),
    "two limits": Bad(
        ["gate", "--limit", "emotion.accuracy=0.95", "--limit", "emotion.accuracy=0.96"],
        ["--limit emotion.accuracy: is given twice"], ExitCode.USAGE,
    ),
    "digest that is a tag": Bad(
        ["gate", "--digest", "image=latest"],
        ["--digest image: got 'latest', which must be a digest, as sha256:"], ExitCode.USAGE,
    ),
    "record that is none": Bad(
        ["gate", "--record", "trust.toml"], ["trust.toml: "], ExitCode.INTEGRITY
    ),
    "record that is not there": Bad(["gate", "--record", "w.json"], ["'w.json'"], ExitCode.USAGE),
    "policy that is not there": Bad(
        ["gate", "--policy", "other.toml"], ["other.toml: no such file"], ExitCode.USAGE
    ),
    "unknown policy": Bad(
        ["gate", "--policy", "defalt"], ["did you mean 'default'?"], ExitCode.USAGE
    ),
    "unknown key of a policy": Bad(
        ["gate"], ["policy.toml: unknown key 'nmae'; did you mean 'name'?"], ExitCode.USAGE,
        policy('name = "small"', 'nmae = "small"'),
    ),
    "unknown criterion": Bad(
        ["gate"], ["'emotion.accurate': no criterion has this id; did you mean"], ExitCode.USAGE,
        policy("emotion.accuracy", "emotion.accurate"),
    ),
    "policy that is not TOML": Bad(
        ["gate"], ["policy.toml: is not TOML"], ExitCode.USAGE, policy("schema =", "schema")
    ),
    "policy without the environment": Bad(
        ["gate", "--environment", "staging"],
        ["says nothing of the environment 'staging'; it has development, production"],
        ExitCode.USAGE,
    ),
}  # fmt: skip

TABLE = {**CONFIGURATION, **PACKS, **KEYS, **GATE}


@pytest.mark.parametrize("name", TABLE)
def test_bad_input_is_one_sentence(
    cli: Callable[..., Any],
    project: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    shared: Any,
    name: str,
) -> None:
    bad = TABLE[name]
    mine = project()
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", "not the one")
    bad.arrange(mine)
    before = shared.digests(mine.bundle)
    said = cli(*bad.arguments)
    assert said.code == bad.code
    for text in bad.says:
        assert text in said.sentence
    assert shared.digests(mine.bundle) == before


def test_evidence_that_cannot_be_written_is_told(
    program: Callable[..., Any], tmp_path: Path
) -> None:
    """Before anything is asked, with the place."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    said = program("demo", "--profile", "pr", "--root", "file/below", cwd=tmp_path)
    assert said.code == ExitCode.UNFINISHED
    assert said.err.splitlines()[-1].startswith(f"clinigate: {tmp_path}/file/below")
    assert "Traceback" not in said.err


def test_the_demo_without_its_extra_says_how_to_get_it(
    program: Callable[..., Any], tmp_path: Path
) -> None:
    """Never an ImportError; and what the demo offers can be listed all the same."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['starlette'] = None\n", encoding="utf-8"
    )
    environment = {"PYTHONPATH": str(tmp_path)}
    said = program("demo", cwd=tmp_path, env=environment)
    assert said.code == ExitCode.USAGE
    assert said.sentence == "the reference service needs an extra: pip install 'clinigate[demo]'"
    assert not (tmp_path / ".clinigate").exists()
    assert program("demo", "--list-defects", cwd=tmp_path, env=environment).code == ExitCode.OK
