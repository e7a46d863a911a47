"""Where a run took place: enough to repeat it, nothing that names a person or a machine.

No user or host names, no absolute paths, no variable that is not on the list below.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from clinigate.core.canonical import sha256_hex

__all__ = ["capture_environment", "changes_digest"]

#: By provider, the variable that gives it away and those that say which job ran on what.
_CI = {
    "github": (
        "GITHUB_ACTIONS",
        ("GITHUB_REPOSITORY", "GITHUB_SHA", "GITHUB_REF", "GITHUB_WORKFLOW", "GITHUB_RUN_ID",
         "GITHUB_RUN_ATTEMPT", "GITHUB_JOB", "RUNNER_OS", "RUNNER_ARCH"),
    ),
    "gitlab": (
        "GITLAB_CI",
        ("CI_PROJECT_PATH", "CI_COMMIT_SHA", "CI_COMMIT_REF_NAME", "CI_PIPELINE_ID", "CI_JOB_ID",
         "CI_JOB_NAME"),
    ),
    "azure": ("TF_BUILD", ("BUILD_REPOSITORY_NAME", "BUILD_SOURCEVERSION", "BUILD_BUILDID")),
    "jenkins": ("JENKINS_URL", ("JOB_NAME", "BUILD_NUMBER", "GIT_COMMIT")),
    "circleci": ("CIRCLECI", ("CIRCLE_PROJECT_REPONAME", "CIRCLE_SHA1", "CIRCLE_BUILD_NUM")),
    "buildkite": (
        "BUILDKITE",
        ("BUILDKITE_PIPELINE_SLUG", "BUILDKITE_COMMIT", "BUILDKITE_BUILD_NUMBER"),
    ),
}  # fmt: skip
_GIT_TIMEOUT_S = 10.0
# The run's own files do not make the tree dirty.
_ALL_BUT_OURS = (":/", ":(exclude,top,glob)**/.clinigate/**")


def capture_environment(cwd: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return what this run runs on, as plain JSON.

    Args:
        cwd: where the caller stands; the commit is that of the repository around it.
        environ: the environment variables, of which a short list is read.
    """
    return {
        "clinigate": _version("clinigate"),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": platform.system(),
        "system_version": platform.release(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "usable_cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        # `name==version`, the form in which four-part versions are no addresses.
        "packages": list(_packages()),
        "git": _git(cwd),
        "ci": _ci(environ),
    }


def changes_digest(cwd: Path) -> str | None:
    """Return a SHA-256 over what changed in tracked files since the commit; None without git.

    New files are not looked at: what runs leaves results behind, which nobody commits.
    """
    changes = _ask_git(cwd, "diff", "HEAD", "--binary", "--no-ext-diff", "--", *_ALL_BUT_OURS)
    return None if changes is None else sha256_hex(changes.encode("utf-8", "surrogateescape"))


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


@cache
def _packages() -> tuple[str, ...]:
    """Those dependencies and extras of ours that are installed, as this process found them."""
    try:
        wanted = metadata.requires("clinigate") or []
    except metadata.PackageNotFoundError:
        return ()
    names = {match.group() for line in wanted if (match := re.match(r"[\w.-]+", line))}
    found = {name: _version(name) for name in sorted(names, key=str.casefold)}
    return tuple(f"{name}=={version}" for name, version in found.items() if version)


def _git(cwd: Path) -> dict[str, Any] | None:
    commit = _ask_git(cwd, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return None
    # Whatever the user's own git leaves out of a status, it is part of what ran.
    asked = ("--porcelain", "--untracked-files=normal", "--ignore-submodules=none")
    changes = _ask_git(cwd, "status", *asked, "--", *_ALL_BUT_OURS)
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def _ask_git(cwd: Path, *arguments: str) -> str | None:
    try:
        answer = subprocess.run(  # noqa: S603 - our own arguments, no shell
            ["git", "-C", str(cwd), *arguments],  # noqa: S607 - the caller's own git, as on PATH
            capture_output=True,
            timeout=_GIT_TIMEOUT_S,
            check=True,
            encoding="utf-8",
            errors="surrogateescape",
        )
    except (OSError, subprocess.SubprocessError):
        return None  # no git, no repository, no commit: reported as unknown
    return answer.stdout.strip()


def _ci(environ: Mapping[str, str]) -> dict[str, str] | None:
    for provider, (mark, names) in _CI.items():
        if environ.get(mark):
            known = {name: environ[name] for name in names if name in environ}
            return {"provider": provider, **known}
    return None
