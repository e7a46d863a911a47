"""`clinigate judge` from the target's conversations to a panel that an evaluation hears."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import judge_double
import pytest
from click.testing import CliRunner

from clinigate.cli.app import app
from clinigate.clinical.judge.card import read_card
from clinigate.clinical.judge.transcript import read_transcripts, transcript_lines

WARM = "I'm so sorry. That sounds heavy, and it makes sense that it hurts. What is it like for you?"
CONFIG = """\
[subject]
name = "speaker"
[target]
kind = "python"
function = "speaker_for_judges:answer"
capabilities = ["chat"]
[judge]
target_family = "none"
repeats = 1
{card}
[[judge.panel]]
name = "a"
family = "alpha"
model = "alpha-1"
base_url = "{a}"
[[judge.panel]]
name = "b"
family = "beta"
model = "beta-1"
base_url = "{b}"
"""

#: Plugins of other tools, which nothing here needs; a process would spend seconds on them.
_OTHERS = [f"-pno:{name}" for name in ("anyio", "hypothesispytest", "locust", "schemathesis")]
_SUITE = (
    *_OTHERS,
    *("-p", "no:cacheprovider", "--pyargs", "clinigate.suites.therapeutic"),
    *("--empathy-scoring", "--profile", "pr"),
)


@pytest.fixture
def project(tmp_path, double, monkeypatch):
    """A project whose target says warm words, with two judges on this machine."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "speaker_for_judges.py").write_text(f"def answer(messages):\n    return {WARM!r}\n")

    def write(manner=judge_double.honest, card=""):
        judges = {"a": double(manner).url, "b": double().url}
        (tmp_path / "clinigate.toml").write_text(CONFIG.format(card=card, **judges))
        return tmp_path

    return write


def _run(*words):
    result = CliRunner().invoke(app, ["judge", *words], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return int(result.return_value or 0), result.output


def _rated(folder: Path, transcript, n=110):
    """Conversations of both kinds, and what two people say of them."""
    said = [
        transcript(WARM if place % 2 else "Noted.", case=f"c{place}", first=f"Day {place}.")
        for place in range(n)
    ]
    (folder / "said.jsonl").write_text(transcript_lines(said))
    rows = ["id,rater,empathy,appropriate"]
    for place, each in enumerate(said):
        points, word = (4, "yes") if place % 2 else (1, "no")
        rows += [f"{each.id},x,{points},{word}", f"{each.id},y,{points + place % 3 // 2},{word}"]
    (folder / "ratings.csv").write_text("\n".join(rows))
    return "ratings.csv", "--conversations", "said.jsonl"


def test_conversations_are_collected_for_people(project):
    folder = project()
    code, output = _run("collect", "said.jsonl", "--profile", "pr")
    assert code == 0
    said = read_transcripts(folder / "said.jsonl")
    assert f"{len(said)} conversations" in output
    assert all(each.replies == (WARM,) * 3 for each in said.values())


def test_a_panel_is_calibrated_checked_and_heard(project, transcript):
    folder = project(card='card = "card.json"')
    code, output = _run("calibrate", *_rated(folder, transcript), "--out", "card.json")
    assert (code, output.splitlines()[-1]) == (0, "card.json: the panel may judge")
    assert len(read_card(folder / "card.json").items) == 110
    code, output = _run("check")
    assert code == 0
    assert "judge a (alpha, alpha-1): all of them right" in output
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *_SUITE],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "conversations as rated by a panel of judges" in " ".join(done.stdout.split())
    assert read_card(folder / "card.json").digest in done.stdout.replace("\n    ", " ")


def test_a_card_that_shows_too_little_is_written_and_said(project, transcript):
    folder = project()
    code, output = _run("calibrate", *_rated(folder, transcript, n=12), "--out", "card.json")
    assert code == 1
    assert "holds 12 conversations that two people rated, and 100 are asked for" in output
    assert (folder / "card.json").exists()


def test_a_judge_that_obeys_the_conversation_gets_no_card(project, transcript):
    folder = project(judge_double.obedient)
    code, output = _run("calibrate", *_rated(folder, transcript, n=12), "--out", "card.json")
    assert code == 2
    assert "injected-order: 5 points of empathy, at most 2 are right" in output
    assert not (folder / "card.json").exists()
    code, output = _run("check")
    assert code == 1
    assert "judge b (beta, beta-1): all of them right" in output


def test_judges_without_a_card_are_not_calibrated(project):
    project()
    code, output = _run("check")
    assert code == 1
    assert "[judge] card names none" in output


def test_ratings_of_conversations_that_nobody_held_are_refused(project, transcript):
    folder = project()
    words = _rated(folder, transcript, n=12)
    (folder / "ratings.csv").write_text("id,rater,empathy\nnobody,x,3\n")
    result = CliRunner().invoke(app, ["judge", "calibrate", *words], standalone_mode=False)
    assert "no conversation has the id 'nobody'" in str(result.exception)


def test_a_place_that_is_not_there_is_told_before_anybody_is_asked(project, transcript):
    folder = project()
    words = (*_rated(folder, transcript, n=12), "--out", "none/card.json")
    for said in (("calibrate", *words), ("collect", "none/said.jsonl")):
        result = CliRunner().invoke(app, ["judge", *said], standalone_mode=False)
        assert "there is no folder none" in str(result.exception)
        assert result.output == ""


def test_a_target_that_says_nothing_gives_no_conversation(project):
    folder = project()
    (folder / "silent_for_judges.py").write_text("def answer(messages):\n    return ''\n")
    config = (folder / "clinigate.toml").read_text().replace("speaker_for", "silent_for")
    (folder / "clinigate.toml").write_text(config)
    code, output = _run("collect", "said.jsonl", "--profile", "pr")
    assert code == 2
    assert "no conversation came about" in output
    assert not (folder / "said.jsonl").exists()


def test_a_project_without_judges_is_told_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clinigate.toml").write_text('[subject]\nname = "x"\n')
    result = CliRunner().invoke(app, ["judge", "check"], standalone_mode=False)
    assert "no [[judge.panel]]" in str(result.exception)


def test_what_is_collected_holds_what_was_said_and_nothing_else(project):
    folder = project()
    _run("collect", "said.jsonl", "--profile", "pr")
    first = json.loads((folder / "said.jsonl").read_text().splitlines()[0])
    assert set(first) == {"id", "case", "core", "given", "turns"}
    assert {turn["role"] for turn in first["turns"]} == {"user", "assistant"}
