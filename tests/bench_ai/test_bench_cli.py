"""`clinigate bench ai` end to end: a callable of one's own, sealed evidence, a signed baseline.

Real time on a shared machine: the models sleep, limits lie far away, and the host tells nothing of
how busy it is (`test_bench_run` shows what a busy one does).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from clinigate.cli.app import run
from clinigate.cli.keys import trust_entry
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.evidence.trust import load_trust
from clinigate.gpu_bench.ai import local
from clinigate.gpu_bench.ai.criteria import OFFLINE_THROUGHPUT, REGRESSION, SINGLE_P50, SINGLE_P99
from clinigate.gpu_bench.regression.baseline import read_baseline

ROOT = Path(__file__).resolve().parents[2]
MODELS = """
import math, time

def quick(texts):
    time.sleep(0.002)
    return [1.0 for _ in texts]

def slow(texts):
    time.sleep(0.004)
    return [1.0 for _ in texts]

def nan(texts):
    return [math.nan for _ in texts]

class Unloadable:
    def __init__(self):
        raise OSError("no weights")
"""
#: As little as gives bounds: five blocks of sixty single queries.
SHORT = ("--scenario", "single-stream", "--blocks", "5", "--queries", "60")


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str


@pytest.fixture
def bench(tmp_path, monkeypatch, capsys):
    """Run `clinigate bench ai` in a folder with models and a key that signs."""
    private = ed25519.Ed25519PrivateKey.generate()
    key = LocalSigner(private)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    monkeypatch.setattr(local, "read_host", lambda: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in ("CLINIGATE_RUN", "CLINIGATE_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "planted_cli.py").write_text(MODELS)
    (tmp_path / "trust.toml").write_text(trust_entry(key.public, name="CI", role="machine"))
    (tmp_path / "clinigate.toml").write_text(
        '[subject]\nname = "therapy"\nversion = "1"\n[signing]\nkey = "env:BENCH_KEY"\n'
        '[gate]\ntrust = "trust.toml"\n'
    )
    monkeypatch.setenv("BENCH_KEY", pem.decode())

    def call(*arguments: str) -> Said:
        capsys.readouterr()
        code = run(["bench", "ai", *arguments])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    yield call
    sys.modules.pop("planted_cli", None)


def results(folder: Path) -> dict:
    (latest,) = sorted((folder / ".clinigate/runs").iterdir())[-1:]
    return json.loads((latest / "results.json").read_bytes())


def statuses(folder: Path) -> dict[str, str]:
    return {v["criterion"]: v["status"] for v in results(folder)["verdicts"]}


def test_a_model_is_timed_and_the_evidence_sealed(bench, tmp_path) -> None:
    said = bench("--model", "planted_cli:quick", "--latency-threshold", "10s", *SHORT)
    assert "timing planted_cli:quick on cpu (" in said.out
    assert "(signed, COMPLETE)" in said.out
    assert statuses(tmp_path) == {SINGLE_P99: "PASS"}
    assert said.code == 0


def test_a_baseline_that_is_signed_is_compared_with(bench, tmp_path) -> None:
    """Twice as slow: the median fails beside a latency that is fine."""
    bench("--model", "planted_cli:quick", "--latency-threshold", "10s", *SHORT)
    (tmp_path / "planted_cli.py").write_text(MODELS.replace("0.002", "0.004"))
    sys.modules.pop("planted_cli")
    said = bench("--model", "planted_cli:quick", "--latency-threshold", "10s", *SHORT,
                 "--baseline", "last")  # fmt: skip
    assert said.code == 1
    assert statuses(tmp_path) == {SINGLE_P99: "PASS", REGRESSION: "FAIL"}


def test_a_rival_is_timed_in_turns(bench, tmp_path) -> None:
    said = bench("--model", "planted_cli:slow", "--compare", "planted_cli:quick",
                 "--latency-threshold", "10s", *SHORT)  # fmt: skip
    assert said.code == 1
    assert statuses(tmp_path)[REGRESSION] == "FAIL"


@pytest.fixture
def sealed(bench, tmp_path) -> Path:
    """A signed baseline, as small as can be; refusals do not look at its times."""
    bench("--model", "planted_cli:quick", "--latency-threshold", "10s", *SHORT)
    return sorted((tmp_path / ".clinigate/runs").iterdir())[-1]


def refused(bench, baseline: Path, *more: str) -> Said:
    model = ("--model", "planted_cli:quick") if "--model" not in more else ()
    return bench(*model, *SHORT, "--baseline", str(baseline), *more)


def test_a_baseline_of_something_else_is_refused_by_field(bench, sealed, tmp_path) -> None:
    said = refused(bench, sealed, "--model", "planted_cli:slow")
    assert said.code == 4
    assert (
        "timed something else: model was 'planted_cli:quick' and is 'planted_cli:slow'" in said.err
    )
    assert len(list((tmp_path / ".clinigate/runs").iterdir())) == 1  # nothing was begun


def test_a_baseline_by_a_key_that_nobody_trusts_is_refused(bench, sealed, tmp_path) -> None:
    other = trust_entry(generate_signer().public, name="another", role="machine")
    (tmp_path / "other.toml").write_text(other)
    said = refused(bench, sealed, "--trust", "other.toml")
    assert said.code == 4
    assert "only a bundle signed by a trusted key is compared with" in said.err


def test_a_baseline_knows_how_many_queries_its_blocks_hold(sealed, tmp_path) -> None:
    read = read_baseline(sealed, load_trust(tmp_path / "trust.toml"))
    assert read.sizes == (60,) * 5
    assert len(read.p50) == len(read.p99) == 5


def test_a_baseline_that_was_changed_is_broken_integrity(bench, sealed) -> None:
    path = sealed / "results.json"
    measured = json.loads(path.read_bytes())
    block = next(o for o in measured["observations"] if o["about"]["metric"] == SINGLE_P50)
    block["about"]["slices"][0]["value"] *= 2
    path.write_text(json.dumps(measured))
    assert refused(bench, sealed).code == 3


def test_a_baseline_without_single_queries_is_refused(bench) -> None:
    bench("--model", "planted_cli:quick", "--scenario", "offline", "--blocks", "5")
    said = refused(bench, Path("last"))
    assert said.code == 4
    assert "holds 0 measurements of bench.ai.single_stream.latency_p50, wanted one" in said.err


def test_an_unsigned_baseline_is_refused(bench, tmp_path) -> None:
    (tmp_path / "clinigate.toml").write_text('[subject]\nname = "therapy"\n')
    bench("--model", "planted_cli:quick", "--latency-threshold", "10s", *SHORT)
    said = refused(bench, Path("last"), "--trust", "trust.toml")
    assert said.code == 4
    assert "is UNSIGNED" in said.err


@pytest.mark.parametrize("model", ["nan", "Unloadable"])
def test_a_model_that_is_broken_has_no_speed(bench, tmp_path, model) -> None:
    """It is the model's fault, and on record: every criterion is ERROR."""
    said = bench("--model", f"planted_cli:{model}")
    assert said.code == 1
    assert set(statuses(tmp_path).values()) == {"ERROR"}
    assert len(statuses(tmp_path)) == 3
    assert OFFLINE_THROUGHPUT in said.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--latency-threshold", "100"], "wanted a time above 0 with its unit"),
        (["--gpu-utilization-max", "80"], "wanted a share above 0"),
        (["--model", "nowhere_at_all:x"], "no module nowhere_at_all"),
        (["--model", "planted_cli:absent"], "has no 'absent'"),
        (["--target"], "needs a [target] table"),
        (["--target", "--model", "planted_cli:quick"], "leave --model and --compare out"),
        (["--target", "--device", "cpu"], "runs where it runs"),
        (["--compare", "planted_cli:slow", "--scenario", "offline"], "needs the scenario"),
        (["--gpu-utilization-max", "80%", "--scenario", "offline"], "needs the scenario server"),
        (["--baseline", "nowhere"], "neither a run's id nor its directory"),
        (["--baseline", ".", "--compare", "planted_cli:slow"], "give --baseline or --compare"),
        (["--blocks", "4"], "4 is not in the range"),
    ],
)
def test_what_cannot_be_meant_is_told_before_anything_runs(
    bench, tmp_path, arguments, told
) -> None:
    said = bench(*arguments)
    assert said.code == 4
    assert told in said.err
    assert not (tmp_path / ".clinigate/runs").exists()


def test_the_script_is_the_command(tmp_path) -> None:
    """Started as a file, and nothing of its own folder shadows other modules."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "gpu_bench/ai_performance.py"), "--latency-threshold=fast"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 4
    assert "'fast', wanted a time above 0" in done.stderr


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from clinigate.cli.app import run; run(['bench', 'ai', '--help']);"
        "print({'torch', 'numpy', 'httpx', 'pynvml'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("set()")
    assert "--latency-threshold" in done.stdout


def test_an_interrupted_bench_seals_what_it_has(tmp_path) -> None:
    """SIGTERM, by which CI systems cancel a job: what was timed is on record, the run ABORTED."""
    (tmp_path / "planted_cli.py").write_text(MODELS)
    command = ["-m", "clinigate.gpu_bench.ai_performance", "--model", "planted_cli:quick",
               "--blocks=5", "--queries=20", "--throughput-threshold=0.1rps"]  # fmt: skip
    environ = {k: v for k, v in os.environ.items() if not k.startswith("CLINIGATE")}
    process = subprocess.Popen(
        [sys.executable, *command], cwd=tmp_path, env=environ,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    spools = tmp_path / ".clinigate/runs"
    deadline = time.monotonic() + 60
    while not any('"CG-BENCH-OFFLINE-001"' in f.read_text() for f in spools.glob("*/spool/*")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "ABORTED" in out
    assert "interrupted" in err
    (run_directory,) = spools.iterdir()
    assert json.loads((run_directory / "results.json").read_bytes())["interrupted"]
