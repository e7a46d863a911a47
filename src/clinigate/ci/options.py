"""What the pipelines of two teams differ in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clinigate import __version__
from clinigate.errors import UsageError

__all__ = ["Options"]

#: What may stand in a pipeline file without being quoted, in any of the four languages.
_PLAIN = {
    "package": re.compile(r"[A-Za-z0-9][A-Za-z0-9._,\[\]=<>!~-]*"),
    "python": re.compile(r"3\.\d{1,2}"),
    "branch": re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*"),
    "gpu_runner": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*"),
    "policy": re.compile(r"[A-Za-z0-9._][A-Za-z0-9._/-]*"),
    "environment": re.compile(r"staging|production"),
    "image": re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*"),
    "app": re.compile(r"[a-z0-9][a-z0-9-]*"),
    "namespace": re.compile(r"[a-z0-9][a-z0-9-]*"),
}


@dataclass(frozen=True, slots=True)
class Options:
    """A team's choices.

    Attributes:
        package: what pip installs.
        python: version of Python.
        branch: whose pushes are deployed.
        policy, environment: by which the gate decides on that branch.
        gpu_runner: label of runners with a GPU. None where there are none: the GPU's criteria are
            left out then, rather than failed.
        image: container in which jobs run, where the runner asks for one. It holds Python and git,
            and for the deployment kubectl.
        app, namespace: the deployed service, for the script that moves its traffic.
        static, tests: the team's own stages (`[[stage]]`) by the job that runs them. Where either
            is empty, the jobs call what the platform's pipeline calls.

    Raises:
        UsageError: a value with a character that could mean something to a shell or a template.
    """

    package: str = f"clinigate[phi,security,stats]=={__version__}"
    python: str = "3.12"
    branch: str = "main"
    policy: str = "default"
    environment: str = "production"
    gpu_runner: str | None = None
    image: str = "python:3.12"
    app: str = "therapy-api"
    namespace: str = "default"
    static: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, form in _PLAIN.items():
            value = getattr(self, name)
            if value is not None and not form.fullmatch(value):
                raise UsageError(
                    f"{name.replace('_', '-')}: got {value!r}; wanted letters, digits and the "
                    f"signs of {form.pattern}"
                )
