"""`clinigate chaos`: what each command says, does and returns."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from chaos_bench import YAML, Bench, make_bench
from flag_driver import NAME

from clinigate.chaos.drivers.base import UndoStep
from clinigate.chaos.undo.ledger import Ledger
from clinigate.cli.app import run
from clinigate.cli.keys import trust_entry
from clinigate.errors import UsageError
from clinigate.evidence.keys import save_key
from clinigate.evidence.signing import generate_signer

CONFIG = """\
[chaos]
approvers = "people.toml"

[chaos.environments.local]
driver = "local"

[chaos.environments.production]
driver = "local"
production = true
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A team's folder: configuration, one experiment, and the system that it is meant for."""
    bench = make_bench(tmp_path)
    (tmp_path / "clinigate.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "people.toml").write_text(
        trust_entry(generate_signer().public, name="Nobody", role="sre"), encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLAG_THINGS", str(bench.things))
    return bench


def test_list_names_every_experiment(capsys: pytest.CaptureFixture[str], here: Bench) -> None:
    """Those that ship, and the team's own with their files."""
    config = (here.root / "clinigate.toml").read_text(encoding="utf-8")
    own = config.replace("[chaos]\n", '[chaos]\nexperiments = ["*.yaml"]\n')
    (here.root / "clinigate.toml").write_text(own, encoding="utf-8")
    assert run(["chaos", "list"]) == 0
    out = capsys.readouterr().out
    assert "raise-flag" in out
    assert "kill-replica" in out


def test_plan_shows_and_touches_nothing(capsys: pytest.CaptureFixture[str], here: Bench) -> None:
    """Targets, every rail, the undo, and what it is judged by."""
    assert run(["chaos", "plan", "./raise-flag.yaml"]) == 0
    out = capsys.readouterr().out
    for wanted in ("api-1", "survivors", "lower api-1", "chaos.raise_flag.rto <= 5"):
        assert wanted in out
    assert here.flags() == []
    assert run(["chaos", "plan", "./raise-flag.yaml", "--environment", "elsewhere"]) == 1
    assert "'elsewhere' is not in [chaos.environments]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "no-such"], "no experiment 'no-such'"),
        (["run", "./missing.yaml"], "no such file"),
        (["run", "./raise-flag.yaml", "--driver", "submarine"], "no driver is named 'submarine'"),
        (["run", "./raise-flag.yaml", "--driver", "nowhere:connect"], "does not load"),
        (["run", "./raise-flag.yaml", "--driver", "local"], "name its topology file"),
        (["run", "./raise-flag.yaml", "--defect", "x"], "add --reference"),
        (["run", "./raise-flag.yaml", "--setting", "things"], "no KEY=VALUE"),
        (["run", "./raise-flag.yaml", "--repeat", "0"], "repeat"),
        (["run", "./no-undo.yaml"], "key 'undo' is missing"),
        (["export", "./raise-flag.yaml", "--format", "word"], "'word' is not one of"),
        (["plan", "./raise-flag.yaml", "--request", "r.json"], "--requester"),
        (["approve", "missing.json", "--key", "k"], "cannot be read"),
    ],
)
def test_bad_input_is_one_sentence(
    capsys: pytest.CaptureFixture[str], here: Bench, arguments: list[str], said: str
) -> None:
    """Exit code 4, what was wrong, nothing touched, and no run begun for it."""
    without = YAML.replace("  undo: {verify: steps, within: 10s}\n", "")
    (here.root / "no-undo.yaml").write_text(without, encoding="utf-8")
    assert run(["chaos", *arguments]) == 4
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert here.flags() == []
    assert not (here.root / ".clinigate" / "runs").exists()


def test_export_for_chaos_toolkit(capsys: pytest.CaptureFixture[str], here: Bench) -> None:
    """JSON whose actions ask the rails first, with the undo as its rollback."""
    assert run(["chaos", "export", "./raise-flag.yaml", "--format", "chaostoolkit"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["runtime"]["rollbacks"]["strategy"] == "always"
    assert plain["method"][0]["pauses"] == {"after": 0.5}
    module = "clinigate.chaos.standalone"
    assert plain["method"][0]["provider"]["module"] == module
    assert plain["rollbacks"][0]["provider"] == {
        "type": "python",
        "module": module,
        "func": "undo",
        "arguments": {"experiment": "./raise-flag.yaml", "environment": "local"},
    }


def test_recover_takes_back_what_was_left(capsys: pytest.CaptureFixture[str], here: Bench) -> None:
    """A fault of a run, a watchdog and a host that are all gone."""
    flag = here.things / "api" / "api-1.flag"
    step = UndoStep("flag_undo:lower", "flag_undo:is_lowered", {"flag": str(flag)})
    ledger = Ledger.plan(
        here.root / ".clinigate" / "chaos" / "undo",
        "left",
        experiment="raise-flag",
        driver=NAME,
        steps=[step],
        within_s=5,
    )
    ledger.append("injecting", pid=1, start_ticks=-1)
    flag.touch()
    assert run(["chaos", "recover"]) == 0
    assert "left  raise-flag: undone" in capsys.readouterr().out
    assert here.flags() == []
    assert run(["chaos", "recover"]) == 0
    assert "nothing is left behind" in capsys.readouterr().out


def test_recover_leaves_a_running_experiment_alone(here: Bench) -> None:
    """Somebody else's run is not taken back from under it."""
    from clinigate.chaos.flight import Flight

    flight = Flight(here.root / ".clinigate" / "chaos")
    assert run(["chaos", "recover"]) == 1
    flight.land()


def test_two_people_approve_on_the_command_line(
    capsys: pytest.CaptureFixture[str], here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Request, two signatures, and the rails of production open for exactly this plan."""
    text = YAML.replace("environments: [local]", "environments: [production]")
    (here.root / "raise-flag.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", "correct horse")
    people = []
    for name in ("Ann", "Bob"):
        signer = generate_signer()
        save_key(signer, here.root / f"{name}.key", "correct horse", cost=2**14)
        people.append(trust_entry(signer.public, name=name, role="sre"))
    (here.root / "people.toml").write_text("\n".join(people), encoding="utf-8")
    where = ["./raise-flag.yaml", "--environment", "production"]
    assert run(["chaos", "plan", *where]) == 1
    asked = ["--request", "a.json", "--requester", "Cid", "--reason", "yearly test"]
    assert run(["chaos", "plan", *where, *asked]) == 0
    assert run(["chaos", "approve", "a.json", "--key", "Ann.key"]) == 0
    assert run(["chaos", "plan", *where, "--approval", "a.json"]) == 1
    assert run(["chaos", "approve", "a.json", "--key", "Bob.key"]) == 0
    capsys.readouterr()
    assert run(["chaos", "plan", *where, "--approval", "a.json"]) == 0
    assert "approved by Ann and Bob" in capsys.readouterr().out
    assert run(["chaos", "plan", *where, "--approval", "a.json", "--scheduled"]) == 1
    assert "scheduled runs never touch production" in capsys.readouterr().out


def test_run_seals_and_passes(capfd: pytest.CaptureFixture[str], here: Bench) -> None:
    """One command: rails, fault, undo, measurements, sealed evidence, exit code 0."""
    # The longer the objective, the later a busy machine's prober may be.
    text = YAML.replace("rto: 5s", "rto: 20s")
    (here.root / "raise-flag.yaml").write_text(text, encoding="utf-8")
    assert run(["chaos", "run", "./raise-flag.yaml"]) == 0
    assert "VERDICT: PASS (all 3 criteria met)" in capfd.readouterr().out
    assert here.flags() == []


def test_run_refused_is_not_passed(capfd: pytest.CaptureFixture[str], here: Bench) -> None:
    """Exit code 1, the rail and its reason, recorded in a sealed run."""
    (here.root / ".clinigate").mkdir()
    (here.root / ".clinigate" / "halt").touch()
    assert run(["chaos", "run", "./raise-flag.yaml"]) == 1
    said = capfd.readouterr()
    assert "refused by rail 'kill-file'" in said.err
    assert "NOT CERTIFIED" in said.out


def test_what_an_earlier_run_left_is_no_mere_refusal(
    capfd: pytest.CaptureFixture[str], here: Bench
) -> None:
    """Exit code 2 and the words that page somebody."""
    flag = here.things / "api" / "api-1.flag"
    ledger = Ledger.plan(
        here.root / ".clinigate" / "chaos" / "undo",
        "left",
        experiment="raise-flag",
        driver=NAME,
        steps=[UndoStep("flag_undo:lower", "flag_undo:never", {"flag": str(flag)})],
        within_s=0.1,
    )
    ledger.append("injecting", pid=1, start_ticks=-1)
    assert run(["chaos", "run", "./raise-flag.yaml"]) == 2
    assert "THE FAULT IS NOT TAKEN BACK: an earlier fault" in capfd.readouterr().err


@pytest.mark.parametrize(("asked", "meant"), [(5, 5), (2, 3), (None, 3)])
def test_more_repetitions_are_another_experiment(
    here: Bench, monkeypatch: pytest.MonkeyPatch, asked: int | None, meant: int
) -> None:
    """Cost, digest and what a pass needs follow; with fewer, a pass needs as many as before."""
    from clinigate.chaos import runner
    from clinigate.chaos.criteria import experiment_criteria
    from clinigate.chaos.rail_checks import worst_cost_s
    from clinigate.chaos.targets import experiment_digest

    text = YAML.replace("within: 10s}", "within: 10s}\n  repeat: 3")
    (here.root / "raise-flag.yaml").write_text(text, encoding="utf-8")
    seen: list[runner.RunRequest] = []

    def stop(request: runner.RunRequest) -> None:
        seen.append(request)
        raise UsageError("enough")

    monkeypatch.setattr(runner, "preflight", stop)
    more = [] if asked is None else ["--repeat", str(asked)]
    assert run(["chaos", "run", "./raise-flag.yaml", *more]) == 4
    (request,) = seen
    written = replace(here.experiment, repeat=3)
    assert request.repeat == asked
    assert worst_cost_s(request.experiment) == 5.0 * meant
    assert {c.min_n for c in experiment_criteria(request.experiment)} == {meant}
    same = experiment_digest(request.experiment) == experiment_digest(written)
    assert same is (meant == 3)


def test_sigterm_undoes_first_and_seals_then(here: Bench) -> None:
    """Exit code 2, the fault is gone before the process is, and what was seen is sealed."""
    text = YAML.replace("duration: 500ms", "duration: 25s")
    (here.root / "raise-flag.yaml").write_text(text, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "clinigate", "chaos", "run", "./raise-flag.yaml"],
        cwd=here.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not here.flags():
        assert process.poll() is None, "the run ended before its fault"
        assert time.monotonic() < deadline, "no fault came"
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert here.flags() == []
    assert "interrupted (SIGTERM)" in err
    assert "ABORTED" in out
