"""The environment's record: enough to repeat a run, nothing that names a person or a machine."""

from __future__ import annotations

import getpass
import json
import platform
import subprocess
from pathlib import Path

import pytest

from clinigate.evidence.environment import capture_environment
from clinigate.evidence.redaction import scan


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for arguments in (
        ("init", "-q"),
        ("-c", "user.name=t", "-c", "user.email=t@t.t", "commit", "-q", "--allow-empty", "-m", "x"),
    ):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
    return tmp_path


def test_it_says_what_ran_on_what(repository: Path) -> None:
    found = capture_environment(repository, {})
    assert found["python"].endswith(platform.python_version())
    assert any(line.startswith("cryptography==") for line in found["packages"])
    assert found["cpus"]
    assert len(found["git"]["commit"]) == 40
    assert found["git"]["dirty"] is False
    assert found["ci"] is None


def test_a_changed_tree_is_dirty_and_our_own_files_do_not_count(repository: Path) -> None:
    (repository / ".clinigate" / "runs").mkdir(parents=True)
    (repository / ".clinigate" / "runs" / "x").write_text("x")
    (repository / "sub").mkdir()
    assert capture_environment(repository / "sub", {})["git"]["dirty"] is False
    (repository / "new.py").write_text("x")
    assert capture_environment(repository / "sub", {})["git"]["dirty"] is True


def test_a_users_own_settings_hide_no_new_file(repository: Path) -> None:
    subprocess.run(
        ["git", "-C", str(repository), "config", "status.showUntrackedFiles", "no"], check=True
    )
    (repository / "new.py").write_text("x")
    assert capture_environment(repository, {})["git"]["dirty"] is True


def test_it_names_no_person_machine_path_or_secret(repository: Path) -> None:
    """Every variable but those on the list is left out."""
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "org/repo",
        "GITHUB_ACTOR": "janedoe",
        "GITHUB_TOKEN": "hunter2",
        "CLINIGATE_KEY": "hunter2",
        "HOME": "/home/janedoe",
    }
    found = capture_environment(repository, environ)
    assert found["ci"] == {"provider": "github", "GITHUB_REPOSITORY": "org/repo"}
    text = json.dumps(found)
    for word in ("hunter2", "janedoe", str(repository), platform.node() or "janedoe"):
        assert word not in text
    if len(getpass.getuser()) > 4:
        assert getpass.getuser() not in text
    assert list(scan(found)) == []


@pytest.mark.parametrize(
    ("environ", "provider"),
    [
        ({"GITLAB_CI": "true", "CI_JOB_ID": "7"}, "gitlab"),
        ({"TF_BUILD": "True"}, "azure"),
        ({"JENKINS_URL": "x"}, "jenkins"),
        ({"CIRCLECI": "true"}, "circleci"),
        ({"BUILDKITE": "true"}, "buildkite"),
    ],
)
def test_providers_are_known_by_their_mark(
    repository: Path, environ: dict[str, str], provider: str
) -> None:
    assert capture_environment(repository, environ)["ci"]["provider"] == provider


def test_outside_of_a_repository_the_commit_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert capture_environment(tmp_path, {})["git"] is None


def test_without_git_the_commit_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert capture_environment(tmp_path, {})["git"] is None
