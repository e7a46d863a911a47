"""A pipeline names the image that it evaluates, and no two builds are taken for one."""

from __future__ import annotations

import shlex
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.cli.app import run
from clinigate.cli.exits import ExitCode
from clinigate.config.digests import digest_words, read_digests
from clinigate.config.loader import load_config
from clinigate.errors import ConfigError, UsageError
from clinigate.evidence.bundle import open_bundle

ONE, OTHER = "sha256:" + "ab" * 32, "sha256:" + "cd" * 32

#: Something that a run holds, and what it saw of the machine's key and of the build's name.
PRODUCER = """\
import os
from clinigate.cli.producing import produce
from clinigate.config.loader import load_config
from clinigate.core import Criterion, Kind, Measurement, Observation, Relation

def work(recorder, environ):
    about = Measurement("chaos.own.rto", Kind.WORST, 1.0, 1, unit="s", events=0)
    recorder.observation(Observation("CG-CHAOS-OWN-001", about))

loaded = load_config()
print(sorted(loaded.config.subject.digests.items()), file=open("seen", "w"))
print(os.environ.get("CLINIGATE_KEY", "no key"), file=open("key", "w"))
criterion = Criterion("chaos.own.rto", "chaos.own.rto", Relation.BELOW, 30)
raise SystemExit(produce(loaded, producer="chaos", target="x", work=work, criteria=[criterion]))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "clinigate.toml").write_text(
        f'[subject]\nname = "s"\ndigests = {{ model = "{ONE}" }}\n', encoding="utf-8"
    )
    (tmp_path / "produce.py").write_text(PRODUCER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("CLINIGATE_CONFIG", "CLINIGATE_DIGESTS", "CLINIGATE_RUN", "CLINIGATE_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_environment_adds_to_what_the_file_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIGATE_DIGESTS", f"image={OTHER} model={ONE}")
    assert load_config().config.subject.digests == {"model": ONE, "image": OTHER}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (f"model={OTHER}", "model is sha256:ab.*CLINIGATE_DIGESTS says sha256:cd"),
        ("image=latest", "CLINIGATE_DIGESTS image: got 'latest'"),
        (f"image={ONE} image={OTHER}", "given twice"),
        (ONE, "wanted NAME=DIGEST"),
    ],
)
def test_what_contradicts_or_is_no_digest_is_refused(
    words: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLINIGATE_DIGESTS", words)
    with pytest.raises(ConfigError, match=message):
        load_config()


@pytest.mark.parametrize("command", [("run",), ("collect", "--", "true")])
def test_an_option_that_contradicts_begins_nothing(
    command: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *rest = command
    assert run([name, "--digest", f"model={OTHER}", *rest]) != ExitCode.OK
    assert "--digest says" in capsys.readouterr().err
    assert run([name, "--digest", "image=latest", *rest]) == ExitCode.USAGE
    assert not (folder / ".clinigate").exists()


def test_the_bundle_and_every_part_of_the_run_know_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no part of it is handed the key: whoever begins the run seals it."""
    script = shlex.join([sys.executable, "produce.py"])
    monkeypatch.setenv("CLINIGATE_KEY", "")
    assert run(["collect", "--digest", f"image={OTHER}", "--", "sh", "-c", script]) == ExitCode.OK
    (bundle,) = (folder / ".clinigate" / "runs").iterdir()
    subject = open_bundle(bundle).results().subject
    assert dict(subject.digests) == {"model": ONE, "image": OTHER}
    assert OTHER in (folder / "seen").read_text()
    assert (folder / "key").read_text() == "no key\n"


@given(st.text(max_size=200))
def test_any_words_are_digests_or_one_sentence(text: str) -> None:
    found = {}
    with suppress(UsageError):
        found = read_digests(text.split(), option="--digest")
    assert read_digests(digest_words(found).split(), option="--digest") == found
