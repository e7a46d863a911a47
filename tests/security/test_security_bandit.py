"""`clinigate security scan` with the real bandit: a planted weakness shuts it and its fix opens it,
what cannot be parsed forbids a pass, and no secret is written anywhere.
"""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from clinigate.cli.app import run as clinigate

SOON = (date.today() + timedelta(days=30)).isoformat()  # noqa: DTZ011 - as the command
SHELL = "import subprocess\n\n\ndef ask(name):\n    subprocess.run('dig ' + name, shell=True)\n"
MENDED = "import subprocess\n\n\ndef ask(name):\n    subprocess.run(['dig', '--', name])\n"
#: Planted, and nobody's.
SECRETS = ("Zebra-crossing-7731", "Teal-lighthouse-9042", "Moss-carousel-5518")
LEAKY = (
    f"password = '{SECRETS[0]}'\n\n\n"
    f"def connect(user, password='{SECRETS[1]}'):\n    return user, password\n\n\n"
    f"connect('ada', password='{SECRETS[2]}')\n"
)


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CLINIGATE_RUN", "CLINIGATE_KEY", "CLINIGATE_CONFIG", "CLINIGATE_FINDINGS_KEY"):
        monkeypatch.delenv(name, raising=False)
    plant("clinigate.toml", '[security]\nscanners = ["bandit"]\n')


def plant(name: str, text: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def scan(*arguments: str) -> int:
    return clinigate(["security", "scan", *arguments])


def everything_written(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def results(sarif: str) -> list[dict[str, object]]:
    runs = json.loads(Path(sarif).read_bytes())["runs"]
    return [result for run in runs for result in run["results"]]


def test_a_planted_weakness_fails_with_one_clear_reason_and_its_fix_passes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plant("app/names.py", SHELL)
    assert scan() == 1
    told = capsys.readouterr().out
    assert "HIGH B602 app/names.py:5: subprocess call with shell=True" in told
    assert "to do: pass a list of arguments without shell=True" in told
    assert "security.sast.high" in told
    assert "FAIL" in told
    plant("app/names.py", MENDED)
    assert scan() == 0


def test_no_secret_is_written_and_two_scans_are_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant("app/leaky.py", LEAKY)
    plant("app/broken.py", f"def broken(:\n    '{SECRETS[0]}'\n")
    assert scan("--sarif", "one.sarif", "--severity", "low") == 1
    assert scan("--sarif", "two.sarif", "--severity", "low") == 1
    assert Path("one.sarif").read_bytes() == Path("two.sarif").read_bytes()
    assert [each["ruleId"] for each in results("one.sarif")] == ["B105", "B107", "B106"]
    monkeypatch.setenv("CLINIGATE_FINDINGS_KEY", "of-the-team")
    scan("--write-baseline", "--reason", "not real", "--until", SOON, "--severity", "low")

    written = everything_written(tmp_path)
    told = capsys.readouterr()
    written |= {"stdout": told.out.encode(), "stderr": told.err.encode()}
    assert any(".clinigate/runs/" in name for name in written)
    leaks = {
        (name, secret)
        for name, data in written.items()
        for secret in SECRETS
        if secret.encode() in data and "/app/" not in name
    }
    assert leaks == set()


def test_another_secret_is_another_finding_only_under_a_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def prints() -> list[object]:
        scan("--sarif", "out.sarif")
        return [each["partialFingerprints"] for each in results("out.sarif")]

    plant("leaky.py", LEAKY)
    before = prints()
    monkeypatch.setenv("CLINIGATE_FINDINGS_KEY", "of-the-team")
    keyed = prints()
    plant("leaky.py", LEAKY.replace(SECRETS[0], "another"))
    assert [one == other for one, other in zip(prints(), keyed, strict=True)] == [
        False,
        True,
        True,
    ]
    monkeypatch.delenv("CLINIGATE_FINDINGS_KEY")
    assert prints() == before


def test_what_does_not_parse_forbids_a_pass(capsys: pytest.CaptureFixture[str]) -> None:
    plant("good.py", "x = 1\n")
    plant("broken.py", "def f(:\n")
    assert scan() == 1
    told = capsys.readouterr().out
    assert "INCONCLUSIVE" in told
    assert "could not be looked at: broken.py" in told


def test_bandits_own_ways_to_look_away_are_not_believed() -> None:
    plant("app/names.py", SHELL.replace("shell=True)", "shell=True)  # nosec"))
    plant(".bandit", "[bandit]\nskips = B602\nexclude = app\n")
    plant("setup.cfg", "[bandit]\nskips = B602\n")
    plant("pyproject.toml", "[tool.bandit]\nskips = ['B602']\nexclude_dirs = ['app']\n")
    assert scan() == 1


def test_odd_names_are_looked_at_like_others() -> None:
    names = {"-q.py", "my.github/a b.py", "näme.py", "x,y.py", "%41.py"}
    for name in names:
        plant(name, SHELL)
    assert scan("--sarif", "out.sarif") == 1
    places = json.loads(Path("out.sarif").read_text())["runs"][0]["artifacts"]
    assert len(places) == len(names)
    from clinigate.findings.sarif import read_sarif

    read = read_sarif(Path("out.sarif").read_bytes())
    assert {each.flaw.place.uri for each in read.findings} == names


def test_a_finding_keeps_its_identity_while_lines_move() -> None:
    plant("app/names.py", SHELL)
    scan("--sarif", "before.sarif")
    plant("app/names.py", "# a note\n\n\n" + SHELL)
    scan("--sarif", "after.sarif")

    def prints(name: str) -> list[object]:
        return [each["partialFingerprints"] for each in results(name)]

    assert prints("before.sarif") == prints("after.sarif")
    assert results("before.sarif") != results("after.sarif")


def test_nothing_to_look_at_is_no_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert scan() == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "NOT ASSESSED" in told
    assert "there is no Python file" in told


def test_a_missing_bandit_says_how_to_get_it(capsys: pytest.CaptureFixture[str]) -> None:
    plant("clinigate.toml", '[security]\nscanners = ["bandit"]\nbandit = "bin/bandit"\n')
    plant("good.py", "x = 1\n")
    assert scan() == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "NOT ASSESSED" in told
    assert "[security] bandit is bin/bandit, which is no program" in told
    assert "pip install 'clinigate[security]'" in told


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("echo oops; exit 2", "ended with exit code 2"),
        ("echo 'Traceback: it broke'; exit 1", "does not begin with a JSON object"),
        ("exit 0", "is empty"),
        ('printf \'{"version": "2.1.0", "runs": [{\'', "is no complete JSON"),
        ('echo \'{"version": "2.2.0", "runs": []}\'', "is SARIF version '2.2.0'"),
        ("kill -9 $$", "was killed (SIGKILL)"),
        ("sleep 600", "was not done in 0.3 s"),
    ],
)
def test_a_bandit_that_breaks_is_an_error_with_its_name(
    body: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    timeout = "timeout_s = 0.3\n" if "sleep" in body else ""
    table = '[security]\nscanners = ["bandit"]\nbandit = "./stub.sh"\n'
    plant("clinigate.toml", table + timeout)
    plant("stub.sh", f"#!/bin/sh\n{body}\n").chmod(0o755)
    plant("good.py", "x = 1\n")
    assert scan() == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "ERROR" in told
    assert "bandit" in told
    assert says in told


def test_a_file_that_bandit_says_nothing_of_was_not_looked_at(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = {
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "Bandit", "version": "1.9.4"}},
                "properties": {"metrics": {"_totals": {}, "./good.py": {}}},
                "results": [],
            }
        ],
    }
    plant("report.json", json.dumps(report))
    plant("clinigate.toml", '[security]\nscanners = ["bandit"]\nbandit = "./stub.sh"\n')
    plant("stub.sh", "#!/bin/sh\ncat report.json\n").chmod(0o755)
    plant("good.py", "x = 1\n")
    plant("other.py", "x = 1\n")
    assert scan() == 1
    assert "other.py (bandit did not look at it)" in " ".join(capsys.readouterr().out.split())


def test_a_file_on_which_a_rule_of_bandit_broke_was_not_looked_at(
    capsys: pytest.CaptureFixture[str],
) -> None:
    says = "[tester]\\tERROR\\tBandit internal error running: r on file ./odd name.py at line 3: no"
    plant("clinigate.toml", '[security]\nscanners = ["bandit"]\nbandit = "./stub.sh"\n')
    real = f'exec {sys.executable} -m bandit "$@"'
    plant("stub.sh", f"#!/bin/sh\nprintf '{says}\\n' >&2\n{real}\n").chmod(0o755)
    plant("good.py", "x = 1\n")
    plant("odd name.py", "x = 1\n")
    assert scan() == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "odd name.py (a rule of bandit broke on it)" in told
    assert "INCONCLUSIVE" in told


def test_a_script_without_an_ending_is_python_by_its_first_line() -> None:
    plant("bin/names", f"#!/usr/bin/env python3\n{SHELL}")
    plant("bin/others", f"#!/bin/sh\n# python\n{SHELL}")
    assert scan("--sarif", "out.sarif") == 1
    (run,) = json.loads(Path("out.sarif").read_bytes())["runs"]
    assert [each["location"]["uri"] for each in run["artifacts"]] == ["bin/names"]


def test_to_accept_the_first_line_of_a_statement_is_not_to_accept_the_next() -> None:
    text = "import subprocess\n\n\ndef ask(name):\n    subprocess.run(\n        {}, shell=True)\n"
    plant("app.py", text.format("name"))
    assert scan("--write-baseline", "--reason", "why", "--until", SOON) == 0
    assert scan() == 0
    plant("app.py", "# moved\n" + text.format("name"))
    assert scan() == 0
    plant("app.py", text.format("name + other(name)"))
    assert scan() == 1
