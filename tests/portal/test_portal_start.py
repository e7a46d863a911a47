"""What would be open to others, or lacks something, does not start, and says so in a sentence."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from clinigate.cli.app import run as cli
from clinigate.cli.exits import ExitCode

TOKEN = "7f3a9c5e1b8d2046fa71c3e95d80b26417ce"


@pytest.mark.parametrize(
    ("arguments", "config", "token", "said"),
    [
        (["--host", "0.0.0.0"], "", "", "CLINIGATE_PORTAL_TOKEN"),
        (["--host", "0.0.0.0"], "", TOKEN, "[portal] hosts"),
        (["--host", "192.0.2.1"], "", TOKEN, "travel readable"),
        (["--host", "192.0.2.1"], "tls_in_front = true", TOKEN[:31], "32 or more"),
        (["--host", "192.0.2.1"], "tls_in_front = true", "a" * 40, "10 different"),
        (["--host", "192.0.2.1"], "tls_in_front = true", TOKEN, "cannot listen on 192.0.2.1"),
        (["--host", "portal.example"], "", TOKEN, "wanted an address"),
        ([], 'user_header = "X-User"', "", "trusted_proxies"),
        ([], 'user_header = "Cookie"\ntrusted_proxies = ["10.0.0.1"]', "", "user_header"),
        ([], 'trusted_proxies = ["0.0.0.0/0"]', "", "trusted_proxies"),
        ([], 'hosts = ["http://x"]', "", "hosts"),
        ([], 'tls_certificate = "none.pem"', "", "none.pem"),
        ([], 'tls_certificate = "clinigate.toml"', "", "tls_key"),
        (["--export", "out", "--port", "1"], "", "", "--export"),
        (["--no-bundles"], "", "", "--export DIR"),
    ],
)
def test_it_does_not_start_open(
    project: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    config: str,
    token: str,
    said: str,
) -> None:
    """What would be open to others, or is wrong, is refused in one sentence."""
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("CLINIGATE_PORTAL_TOKEN", token)
    path = project.folder / "clinigate.toml"
    path.write_text(f"{path.read_text()}\n[portal]\n{config}\n")
    assert cli(["serve", *arguments]) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert said in err
    assert not token or token not in err


@pytest.mark.parametrize("missing", ["uvicorn", "starlette"])
def test_without_the_extra_it_says_what_to_install(project: Any, missing: str) -> None:
    """An export needs neither."""
    project.sealed()
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from clinigate.cli.app import run\n"
        "print(run(['serve', '--export', 'out']))\n"
        "sys.exit(run(['serve', '--port', '0']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ExitCode.USAGE
    assert done.stdout.endswith("\n0\n")
    (sentence,) = done.stderr.splitlines()
    assert missing in sentence
    assert "pip install 'clinigate[portal]'" in sentence
