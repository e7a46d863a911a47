"""Sealed runs, their pages, and a browser that opens them from the disk."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from clinigate.evidence.bundle import Bundle
from clinigate.evidence.signing import Algorithm, LocalSigner, generate_signer
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.pipeline.examine import examine
from clinigate.pipeline.publish import report_of
from clinigate.reports.html import render_html

HERE = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"


def _evidence() -> ModuleType:
    """The runs of the tests of evidence: one way to make them is enough."""
    name = "evidence_runs"
    if name not in sys.modules:
        path = HERE.parent / "evidence" / "conftest.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@dataclass(frozen=True)
class Made:
    """A sealed run and the key that signed it."""

    bundle: Bundle
    signer: LocalSigner

    @property
    def trust(self) -> TrustStore:
        return TrustStore((TrustedKey(self.signer.public, "CI", "machine"),))

    @cached_property
    def _page(self) -> str:
        return self.page(trust=self.trust)

    def page(self, *, trust: TrustStore | None = None) -> str:
        """Its report; by its own key made once, as nothing changes a run that is made."""
        if trust is None:
            return self._page
        return render_html(report_of(examine(self.bundle.path, trust=trust), None))


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Made]:
    runs = _evidence()

    def build(algorithm: Algorithm = Algorithm.ED25519, *, blobs: int = 2) -> Made:
        signer = generate_signer(algorithm)
        root = tmp_path_factory.mktemp("made") / ".clinigate"
        return Made(runs.System(root, runs.TickingClock(), signer).sealed(blobs=blobs), signer)

    return build


@pytest.fixture(scope="session", params=list(Algorithm))
def made(request: pytest.FixtureRequest, make: Callable[..., Made]) -> Made:
    """One run for each kind of key; no test changes it."""
    return make(request.param)


@pytest.fixture(scope="session")
def ed25519_run(make: Callable[..., Made]) -> Made:
    return make()


@dataclass
class Opened:
    """A page in the browser."""

    page: Any
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        return str(self.page.evaluate("document.documentElement.dataset.proof"))

    @property
    def told(self) -> str:
        return str(self.page.inner_text("#proof-result"))

    def waits_for(self, state: str) -> None:
        self.page.wait_for_function(
            "(wanted) => document.documentElement.dataset.proof === wanted", arg=state
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    found = os.environ.get("CLINIGATE_CHROMIUM") or shutil.which("chromium") or CHROMIUM
    if not Path(found).exists():
        missing = "no Chromium: install it, or name it in CLINIGATE_CHROMIUM"
        if os.environ.get("CLINIGATE_REQUIRE_ALL") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def desk(browser: Any) -> Any:
    """Where pages open that ask for nothing of their own; they keep nothing for each other."""
    return browser.new_context()


@pytest.fixture
def show(browser: Any, desk: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Open a page from a file and wait until it has made up its mind."""
    closing = []

    def open_page(html: str, *, before: str = "", **options: Any) -> Opened:
        context = browser.new_context(**options) if options else desk
        path = tmp_path / "report.html"
        path.write_text(html, encoding="utf-8")
        opened = Opened(context.new_page())
        closing.append(context if options else opened.page)
        opened.page.on("console", lambda message: opened.console.append(message.text))
        opened.page.on("pageerror", lambda error: opened.console.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        if before:
            opened.page.add_init_script(before)
        opened.page.goto(path.as_uri())
        opened.page.wait_for_function("document.documentElement.dataset.proof !== undefined")
        return opened

    yield open_page
    for each in closing:
        each.close()


# ---- the outsider's script -----------------------------------------------------------------------

SCRIPT = HERE.parents[1] / "examples" / "verify" / "verify.sh"
#: All that an auditor's machine needs beside the shell: one package each of jq and openssl.
PROGRAMS = (
    *("openssl", "jq", "sha256sum", "sh", "cat", "cmp", "cp", "cut", "diff", "find", "grep"),
    *("date", "head", "ls", "mkdir", "mktemp", "mv", "od", "rm", "sed", "sort", "tail", "tr", "wc"),
)


@pytest.fixture(scope="module")
def only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PATH that holds these programs and no other."""
    folder = tmp_path_factory.mktemp("only")
    for name in PROGRAMS:
        found = shutil.which(name)
        if found is None:
            assert not os.environ.get("CLINIGATE_REQUIRE_ALL"), f"needs {name}"
            pytest.skip(f"needs {name}")
        (folder / name).symlink_to(found)
    return folder


@pytest.fixture
def verify(only: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(
        bundle: Path, key: LocalSigner, *more: str, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        (tmp_path / "trusted.pem").write_bytes(key.public.pem)
        return subprocess.run(
            ["sh", str(SCRIPT), str(bundle), str(tmp_path / "trusted.pem"), *more],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": str(only), **environ},
        )

    return run


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[Any], Path]:
    """A bundle that a test may spoil."""

    def build(made: Any) -> Path:
        return Path(shutil.copytree(made.bundle.path, tmp_path / "bundle"))

    return build
