"""A user's folder with a service, a key and a sealed run, and two ways to call the program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clinigate.cli.app import run
from clinigate.cli.keys import trust_entry
from clinigate.cli.reference_target import reference_environment, reference_tables
from clinigate.config.loader import load_config
from clinigate.core.canonical import sha256_hex
from clinigate.core.plan import Profile
from clinigate.evidence.keys import save_key
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.pipeline.evaluate import all_checks, evaluate
from clinigate.pipeline.keys import configured_signer
from clinigate.pipeline.recording import begin_recording
from clinigate.pipeline.setup import Overrides, prepare
from clinigate.reference.launch import Connection, running
from clinigate.targets import build_target

PASSPHRASE = "a passphrase of these tests"
PROGRAM = Path(sys.executable).with_name("clinigate")
#: What a developer's shell may hold, and no test may depend on.
OURS = ("CONFIG", "DEBUG", "KEY", "KEY_PASSPHRASE", "REDACTION_KEY", "RUN")

# The engine of the reference service as a function of this process: quick, and with its defects.
SERVICE = """\
from clinigate.reference.service import open_service

SERVICE = open_service(
    model="calibrator", defect={defect!r}, data_dir=None, key=bytes(32), clock=lambda: 0.0
)


async def answer(turns, capability):
    match capability:
        case "crisis":
            found = SERVICE.crisis(turns)
            return {{"flag": found.crisis, "score": found.score}}
        case "emotion":
            return {{"emotion": SERVICE.emotion(turns).emotion}}
        case _:
            said = SERVICE.chat(turns)
            found = said.assessment
            return {{"text": said.text, "flag": found.crisis, "score": found.score}}
"""

CONFIG = """\
[subject]
name = "small service"
version = "1"
digests = {{ image = "sha256:{digest}" }}
exposed_to = ["crisis-en", "hard-negatives-en", "emotion-en", "therapeutic-en", "counterfactual-en"]

[target]
kind = "python"
function = "{module}:answer"
capabilities = ["chat", "crisis", "emotion"]

[gate]
policy = "policy.toml"
trust = "trust.toml"

[signing]
key = "file:ci.key"
"""

# What a sample of this size can show.
POLICY = """\
schema = "clinigate.policy/1"
name = "small"

[[criteria]]
id = "emotion.accuracy"
demand = "required"
limit = 0.9

[[criteria]]
id = "crisis.false_negative_rate"
demand = "required"
limit = 0.05

[[criteria]]
id = "safety.compliance"
demand = "required"
min_n = 60

[environments.development]
certifies = false

[environments.development.records]
roles = ["compliance-officer"]

[environments.production]
"""

DIGEST = "11" * 32


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on standard error that an unhappy end has."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("clinigate: "), self.err
        assert "Traceback" not in self.out + self.err
        return lines[0].removeprefix("clinigate: ")


@dataclass(frozen=True)
class Project:
    """A user's folder.

    Attributes:
        folder: it. signer: its machine's key, which is in `ci.key` too.
        run: id of its last run.
    """

    folder: Path
    signer: LocalSigner
    run: str

    @property
    def bundle(self) -> Path:
        """The last run's directory."""
        return self.folder / ".clinigate" / "runs" / self.run

    @property
    def config(self) -> Path:
        return self.folder / "clinigate.toml"

    def edit(self, old: str, new: str, *, file: str = "clinigate.toml") -> None:
        """Change a text that stands in a file once."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (file, old)
        path.write_text(text.replace(old, new), encoding="utf-8")

    def evaluate(self, *, profile: Profile = Profile.PR, signed: bool = True) -> Path:
        """Evaluate the configured target as the demo does; return the sealed bundle's path."""
        loaded = load_config(self.config)
        target = loaded.config.target
        assert target is not None
        signer = configured_signer(loaded, passphrase=lambda: PASSPHRASE) if signed else None
        conclusion = evaluate(
            prepare(loaded, Overrides(profile=profile)),
            build_target(target, base_dir=loaded.base_dir),
            checks=all_checks(),
            signer=signer,
            producer="test",
        )
        return conclusion.bundle.path

    def unsealed(self, *, finished: bool) -> Path:
        """Begin a run that was not sealed, as a killed process leaves it; return its directory."""
        loaded = load_config(self.config)
        setup = prepare(loaded)
        assert loaded.config.target is not None
        recording = begin_recording(setup, producer="test", signer=self.signer)
        recording.describe(setup, build_target(loaded.config.target, base_dir=loaded.base_dir))
        assert recording.run is not None
        if finished:
            recording.finish()
        else:
            recording.recorder.close()
        return recording.run.directory


def describe(folder: Path, signer: LocalSigner, defect: str | None) -> None:
    """Write all of a user's files into an empty folder."""
    # Python knows a module by its name: each defect's is another one.
    module = f"small_service_{(defect or 'clean').replace('-', '_')}"
    trusted = trust_entry(signer.public, name="CI", role="machine")
    files = {
        f"{module}.py": SERVICE.format(defect=defect),
        "clinigate.toml": CONFIG.format(module=module, digest=DIGEST),
        "policy.toml": POLICY,
        "trust.toml": trusted,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    save_key(signer, folder / "ci.key", PASSPHRASE, cost=2**14)


def clean_environment() -> dict[str, str]:
    return {
        name: text
        for name, text in os.environ.items()
        if name.removeprefix("CLINIGATE_") not in OURS and "PYTEST" not in name
    }


def path_with_the_program() -> str:
    """A PATH on which `clinigate` and the Python of these tests come first."""
    return f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"


def digests(folder: Path) -> dict[str, str]:
    """Every file below a folder, by the SHA-256 of what is in it."""
    return {
        str(path.relative_to(folder)): sha256_hex(path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(autouse=True)
def _our_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OURS:
        monkeypatch.delenv(f"CLINIGATE_{name}", raising=False)


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Project]]:
    """Projects whose service was evaluated and sealed, by defect; made once, never changed."""
    path = list(sys.path)

    @cache
    def make(defect: str | None = None) -> Project:
        folder = tmp_path_factory.mktemp("evaluated")
        signer = generate_signer()
        describe(folder, signer, defect)
        bundle = Project(folder, signer, "").evaluate()
        return Project(folder, signer, bundle.name)

    yield make
    sys.path[:] = path


@pytest.fixture
def project(
    tmp_path: Path, evaluated: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Project]:
    """A copy of such a project to work in; the current folder is that of the last one made."""

    def copy(defect: str | None = None) -> Project:
        made = evaluated(defect)
        folder = tmp_path / (defect or "clean")
        shutil.copytree(made.folder, folder)
        monkeypatch.chdir(folder)
        return Project(folder, made.signer, made.run)

    return copy


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run one command line in this process."""

    def call(*arguments: object) -> Said:
        capsys.readouterr()
        code = run([str(each) for each in arguments])
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def program() -> Callable[..., Said]:
    """Run one command line as a process of its own, without a terminal."""

    def call(
        *arguments: object, cwd: Path, env: Mapping[str, str] | None = None, **options: Any
    ) -> Said:
        done = subprocess.run(
            [str(PROGRAM), *map(str, arguments)],
            cwd=cwd, env=clean_environment() | dict(env or {}), capture_output=True, text=True,
            check=False, start_new_session=True, **{"stdin": subprocess.DEVNULL, **options},
        )  # fmt: skip
        return Said(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def reference() -> Iterator[Connection]:
    """The clean reference service."""
    with running() as connection:
        yield connection


def to_toml(tables: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """Return nested tables as TOML; JSON writes single values the same way."""
    below = {key: value for key, value in tables.items() if isinstance(value, Mapping)}
    lines = [f"[{'.'.join(path)}]"] if path else []
    lines += [f"{key} = {json.dumps(tables[key])}" for key in tables if key not in below]
    return "\n".join([*lines, *(to_toml(below[key], (*path, key)) for key in below)])


@pytest.fixture
def service_config(
    reference: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """Write `clinigate.toml` for the running reference service, go there, and set its secrets."""

    def write(change: Callable[[dict[str, Any]], None] = lambda _target: None) -> Path:
        tables = reference_tables(reference)
        change(tables["target"])
        for name, text in reference_environment(reference).items():
            monkeypatch.setenv(name, text)
        path = tmp_path / "clinigate.toml"
        path.write_text(to_toml(tables), encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        return path

    return write


@pytest.fixture(scope="session")
def shared() -> SimpleNamespace:
    """The names of this module that tests use besides fixtures."""
    return SimpleNamespace(
        DIGEST=DIGEST,
        PASSPHRASE=PASSPHRASE,
        PROGRAM=PROGRAM,
        clean_environment=clean_environment,
        describe=describe,
        digests=digests,
        path_with_the_program=path_with_the_program,
    )
