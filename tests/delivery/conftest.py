"""A production of one's own: the reference engine behind a small server, and staging's bundle."""

from __future__ import annotations

import json
import math
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clinigate.cli.app import run
from clinigate.cli.keys import trust_entry
from clinigate.config.loader import load_config
from clinigate.core.case import Turn
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Observation
from clinigate.core.plan import Plan
from clinigate.delivery.reference import recording_work
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.recorder import Recorder
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.pipeline.producing import produce_into_run
from clinigate.pipeline.setup import Overrides, plan_for
from clinigate.quality.criteria import BRANCH_COVERAGE, criterion
from clinigate.reference.service import open_service

IMAGE = "sha256:" + "11" * 32
OTHER = "sha256:" + "22" * 32

CONFIG = """\
[subject]
name = "therapy"
version = "1"
digests = {{ image = "{image}" }}
exposed_to = []

[target]
kind = "http"
base_url = "{url}"
[target.chat]
path = "/chat"
request = {{ messages = "{{{{messages}}}}" }}
answer = {{ text = "text", flag = "flag", score = "score" }}
[target.crisis]
path = "/crisis"
request = {{ messages = "{{{{messages}}}}" }}
answer = {{ flag = "flag", score = "score" }}
[target.emotion]
path = "/emotion"
request = {{ messages = "{{{{messages}}}}" }}
answer = {{ emotion = "emotion" }}

[gate]
policy = "policy.toml"
environment = "staging"
trust = "trust.toml"

[production]
sample = 60
version = {{ path = "/version", digests = {{ image = "build.image" }} }}
"""

DIVERSION = """
[production.diversion]
header = "X-Synthetic-Patient"
value = "yes"
probe = "/diversion"
"""

POLICY = """\
schema = "clinigate.policy/1"
name = "small"
[environments.staging]
[[environments.staging.criteria]]
id = "quality.branch_coverage"
demand = "required"
"""


@dataclass
class Production:
    """A running service, and what it was asked.

    Attributes:
        url: its address. image: the build that it says it is.
        defect: of the engine; None is none. late_s: how much later it answers.
        asked: requests by path. crises: markers (or None) of the crises that it was told.
        diversion: what the probe says with the marker, and without; after so many crises as
            `diverts` it says that nobody is diverted. cached: how old its answers say they are.
    """

    url: str = ""
    image: str = IMAGE
    defect: str | None = None
    late_s: float = 0.0
    asked: Counter[str] = field(default_factory=Counter)
    crises: list[str | None] = field(default_factory=list)
    diversion: tuple[Any, Any] = (True, False)
    diverts: float = math.inf
    cached: str | None = None
    _engines: dict[str | None, Any] = field(default_factory=dict)
    _answers: dict[Any, dict[str, Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self) -> None:
        self.image, self.defect, self.late_s, self.diversion = IMAGE, None, 0.0, (True, False)
        self.diverts, self.cached = math.inf, None
        self.asked.clear()
        self.crises.clear()

    @property
    def engine(self) -> Any:
        if self.defect not in self._engines:
            self._engines[self.defect] = open_service(
                model="calibrator", defect=self.defect, data_dir=None, key=bytes(32),
                clock=lambda: 0.0,
            )  # fmt: skip
        return self._engines[self.defect]

    def get(self, path: str, marker: str | None) -> Any:
        self.asked[path] += 1
        if path == "/version":
            return {"build": {"image": self.image}}
        if len(self.crises) >= self.diverts:
            return {"diverted": False}
        return {"diverted": self.diversion[0 if marker == "yes" else 1]}

    def post(self, path: str, turns: list[Turn], marker: str | None) -> Any:
        time.sleep(self.late_s)
        with self._lock:
            self.asked[path] += 1
            question = (self.defect, path, tuple(turns))
            if question not in self._answers:
                self._answers[question] = self._answer(path, turns)
            answer = self._answers[question]
            if answer.get("flag"):
                self.crises.append(marker)
            return answer

    def _answer(self, path: str, turns: list[Turn]) -> dict[str, Any]:
        if path == "/emotion":
            return {"emotion": self.engine.emotion(turns).emotion}
        if path == "/chat":
            said = self.engine.chat(turns)
            found = said.assessment
            return {"text": said.text, "flag": found.crisis, "score": found.score}
        found = self.engine.crisis(turns)
        return {"flag": found.crisis, "score": found.score}


def handler_of(production: Production) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # an answer in one piece: no wait for an acknowledgement between two

        def do_GET(self) -> None:
            self._answer(production.get(self.path, self.headers.get("X-Synthetic-Patient")))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            turns = [Turn(each["role"], each["content"]) for each in body["messages"]]
            marker = self.headers.get("X-Synthetic-Patient")
            self._answer(production.post(self.path, turns, marker))

        def _answer(self, document: Any) -> None:
            data = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if production.cached is not None:
                self.send_header("Age", production.cached)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    return Handler


@pytest.fixture(scope="session")
def _served() -> Iterator[Production]:
    production = Production()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(production))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    production.url = f"http://127.0.0.1:{server.server_port}"
    yield production
    server.shutdown()
    thread.join()
    server.server_close()
    for engine in production._engines.values():
        engine.close()


@pytest.fixture
def production(_served: Production) -> Production:
    """The running service, clean, and nothing asked of it yet."""
    _served.reset()
    return _served


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Project:
    """A team's folder, with the sealed bundle of staging."""

    folder: Path
    bundle: Path

    def add(self, text: str) -> None:
        path = self.folder / "clinigate.toml"
        path.write_text(path.read_text() + text)

    def edit(self, old: str, new: str, *, file: str = "clinigate.toml") -> None:
        path = self.folder / file
        assert path.read_text().count(old) == 1, old
        path.write_text(path.read_text().replace(old, new))

    @property
    def last(self) -> Bundle:
        """The run that was sealed last."""
        runs = sorted((self.folder / ".clinigate" / "runs").iterdir())
        return open_bundle(runs[-1])


def staged(folder: Path, signer: LocalSigner, *, remember: bool = True) -> Path:
    """Evaluate staging: a criterion that passes, and the answers to the sample."""
    loaded = load_config(folder / "clinigate.toml")
    plan: Plan = plan_for(loaded, Overrides(), ())
    recorded = recording_work(loaded, plan)

    def work(recorder: Recorder, environ: Mapping[str, str]) -> None:
        covered = Measurement(BRANCH_COVERAGE, Kind.CENSUS, 0.95, 100, events=5)
        recorder.observation(Observation("CG-QUAL-COVERAGE-001", covered))
        if remember:
            recorded(recorder, environ)

    produced = produce_into_run(
        loaded, producer="test", target="staging", criteria=(criterion(BRANCH_COVERAGE),),
        work=work, signer=signer, outside={},
    )  # fmt: skip
    assert produced.conclusion is not None
    return produced.conclusion.bundle.path


@pytest.fixture(autouse=True)
def _our_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "DEBUG", "KEY", "KEY_PASSPHRASE", "REDACTION_KEY", "RUN"):
        monkeypatch.delenv(f"CLINIGATE_{name}", raising=False)


@pytest.fixture(scope="session")
def _evaluated(
    _served: Production, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[bool], Path]:
    """Folders whose staging was evaluated and sealed; made once, never changed."""

    @cache
    def make(remember: bool) -> Path:
        folder = tmp_path_factory.mktemp("staged")
        signer = generate_signer()
        (folder / "clinigate.toml").write_text(CONFIG.format(url=_served.url, image=IMAGE))
        (folder / "policy.toml").write_text(POLICY)
        trusted = trust_entry(signer.public, name="CI", role="machine")
        (folder / "trust.toml").write_text(trusted)
        staged(folder, signer, remember=remember)
        return folder

    return make


@pytest.fixture
def project(
    _evaluated: Callable[[bool], Path],
    production: Production,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Project]:
    """Copy a team's folder and go there."""

    def make(*, remember: bool = True) -> Project:
        folder = tmp_path / "team"
        shutil.copytree(_evaluated(remember), folder)
        monkeypatch.chdir(folder)
        production.reset()
        (run,) = (folder / ".clinigate" / "runs").iterdir()
        return Project(folder, run)

    return make


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run one command line in this process."""

    def call(*arguments: object) -> Said:
        capsys.readouterr()
        code = run([str(each) for each in arguments])
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def shared() -> SimpleNamespace:
    """The names of this module that tests use besides fixtures."""
    return SimpleNamespace(IMAGE=IMAGE, OTHER=OTHER, DIVERSION=DIVERSION)
