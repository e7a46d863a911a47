"""What `clinigate load` refuses before anything is begun, and that Locust stays outside."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from clinigate.cli.app import run as clinigate


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CLINIGATE_RUN", "CLINIGATE_KEY", "CLINIGATE_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 4) -> str:
    assert clinigate(["load", *arguments]) == code
    told = capsys.readouterr().err
    assert not Path(".clinigate").exists(), "a run was begun"
    assert told.count("\n") == 1, told
    return told


def test_profiles_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert clinigate(["load", "list"]) == 0
    listed = capsys.readouterr().out
    assert re.search(r"^post-event-surge +Everybody .*at most 12 new", listed, re.MULTILINE)
    assert clinigate(["load", "show", "post-event-surge"]) == 0
    shown = capsys.readouterr().out
    for part in (
        "surge of 8 times from 270 s to 630 s",
        "load.post-event-surge.crisis_reply >= 1",
        "2016 election",
        "persona     in-crisis: 0.0015 of all in life",
    ):
        assert part in shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--profile", "weekdy"), "did you mean 'weekday'"),
        (("--profile", "absent.yaml"), "absent.yaml: cannot be read"),
        (("--profile", "smoke"), "no [target] to load"),
        (("--profile", "smoke", "--defect", "x"), "add --reference"),
        (("--profile", "smoke", "--reference", "--target", "http://x"), "give one of them"),
        (("--profile", "smoke", "--reference", "--defect", "nonesuch"), "unknown defect"),
        (("--profile", "smoke", "--target", "ftp://x"), "--target: 'base_url'"),
        (("--profile", "smoke", "--duration", "0"), "--duration"),
        (("--profile", "smoke", "--workers", "0"), "--workers"),
        (("--profile", "smoke", "--expect-workers", "2", "--bind", "here"), "--bind is 'here'"),
        (("--profile", "smoke", "--expect-workers", "2", "--workers", "1"), "give one of them"),
        (("--profile", "smoke", "--bind", "127.0.0.1:5557"), "add --expect-workers"),
        (("--profile", "smoke", "--target", "http://127.0.0.1:9/v1", "--rate", "5000"),
         "above [load] max_rate = 50"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    assert told in refused(capsys, "run", *arguments)


def test_a_target_without_a_flag_cannot_show_crisis_replies(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("p.yaml").write_text(
        "schema: clinigate.load-profile/1\nname: p\ntitle: P\n"
        "arrivals: {conversations_per_s: 1, duration_s: 1}\n"
        "personas: [{name: a, weight: 1, start: s}]\n"
        "states: {s: {say: [x], crisis: true, end: true}}\n",
        encoding="utf-8",
    )
    told = refused(capsys, "run", "--profile", "p.yaml", "--target", "http://127.0.0.1:9/v1")
    assert "states.s.expect: the target gives no crisis flag" in told


def test_an_unreachable_target_is_told_before_anything_is_begun(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = refused(capsys, "run", "--profile", "smoke", "--target", "http://127.0.0.1:9/v1", code=2)
    assert "127.0.0.1:9" in told


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('kind = "python"\nfunction = "app:f"', "kind is 'python'"),
        (
            (
                'kind = "http"\nbase_url = "http://127.0.0.1:9"\n'
                '[target.crisis]\npath = "/c"\nrequest = { t = "{{text}}" }\n'
                'answer = { flag = "f" }'
            ),
            "offers no chat",
        ),
        (
            (
                'kind = "openai"\nbase_url = "https://127.0.0.1:9/v1"\nmodel = "m"\n'
                'answer = { flag = "f" }\ntls = { ca_file = "absent.pem" }'
            ),
            "[target.tls] ca_file: absent.pem cannot be read",
        ),
        (
            (
                'kind = "openai"\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "m"\n'
                'answer = { flag = "f" }\nauth = { bearer_env = "NO_SUCH_VARIABLE" }'
            ),
            "NO_SUCH_VARIABLE is not set",
        ),
    ],
)
def test_a_target_that_cannot_be_loaded_is_told_by_its_field(
    capsys: pytest.CaptureFixture[str], table: str, told: str
) -> None:
    Path("clinigate.toml").write_text(f"[target]\n{table}\n", encoding="utf-8")
    assert told in refused(capsys, "run", "--profile", "smoke")


def test_locust_and_gevent_are_never_loaded_in_this_process() -> None:
    code = (
        "import sys\n"
        "from clinigate.cli.app import run\n"
        "run(['load', 'list']); run(['load', 'show', 'smoke'])\n"
        "run(['load', 'run', '--profile', 'smoke', '--target', 'http://127.0.0.1:9/v1'])\n"
        "import clinigate.load.run\n"
        "print(sorted({'locust', 'gevent', 'numpy', 'starlette'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_without_locust_the_command_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "locust", None)
    told = refused(capsys, "run", "--profile", "smoke", "--target", "http://127.0.0.1:9/v1")
    assert "pip install 'clinigate[load]'" in told
