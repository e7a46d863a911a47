"""The description as files that runners read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from types import MappingProxyType

from jinja2 import Environment, StrictUndefined, Template, select_autoescape

from clinigate.ci.pipeline import OUT, Job, Pipeline, Step

__all__ = ["PLACES", "PLATFORMS", "render", "render_rollout"]

#: Where each runner looks for its pipeline.
PLACES: Mapping[str, str] = MappingProxyType(
    {
        "github": ".github/workflows/clinigate.yml",
        "gitlab": ".gitlab-ci.yml",
        "jenkins": "Jenkinsfile",
        "tekton": "deploy/tekton/clinigate-pipeline.yaml",
    }
)
PLATFORMS = tuple(PLACES)

_TEMPLATES: Mapping[str, str] = MappingProxyType(
    {
        "github": "github.yml.j2",
        "gitlab": "gitlab.yml.j2",
        "jenkins": "Jenkinsfile.j2",
        "tekton": "tekton.yaml.j2",
    }
)

#: Actions by the commit that the release's tag named when this was written: a tag can be moved.
_ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "checkout": "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2",
        "setup_python": "actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0",
        "upload_artifact": (
            "actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1"
        ),
        "download_artifact": (
            "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1"
        ),
        "upload_sarif": (
            "github/codeql-action/upload-sarif@0d579ffd059c29b07949a3cce3983f0780820c98 # v4.32.6"
        ),
    }
)

#: What the model's benchmark is told where there is a GPU, and where there is none.
_WITH_GPU, _WITHOUT_GPU = "--gpu-utilization-max=80%", "--allow-cpu"


def render(pipeline: Pipeline, platform: str) -> str:
    """Return the pipeline in a runner's own language.

    Args:
        pipeline: the description.
        platform: one of `PLATFORMS`.
    """
    gpu = pipeline.options.gpu_runner
    return _template(_TEMPLATES[platform]).render(
        p=pipeline,
        out=OUT,
        actions=_ACTIONS,
        bench=_WITH_GPU if gpu else _WITHOUT_GPU,
        needs=lambda job: ", ".join(_gitlab_needs(pipeline, job)),
        handed=lambda job: _handed(pipeline, job),
        jenkins=_jenkins,
    )


def render_rollout(pipeline: Pipeline) -> str:
    """Return the script that moves traffic; `clinigate.ci.pipeline.ROLLOUT` is its place."""
    options = pipeline.options
    return _template("clinigate-rollout.sh.j2").render(
        out=OUT, app=options.app, namespace=options.namespace
    )


def _template(name: str) -> Template:
    environment = Environment(
        # Nothing here becomes HTML, and what teams choose was checked sign by sign.
        autoescape=select_autoescape((), default_for_string=False),
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    source = files("clinigate.ci").joinpath("templates", name).read_text(encoding="utf-8")
    return environment.from_string(source)


def _handed(pipeline: Pipeline, job: Job) -> tuple[str, ...]:
    return tuple(each.id for each in pipeline.measuring) if job.reads_evidence else ()


def _gitlab_needs(pipeline: Pipeline, job: Job) -> Iterator[str]:
    handed = _handed(pipeline, job)
    for name in dict.fromkeys((*job.needs, *handed)):
        yield f"{{ job: {name}, artifacts: {str(name in handed).lower()} }}"


_CREDENTIALS = (
    ("signs", "string(credentialsId: 'clinigate-key', variable: 'CLINIGATE_KEY')"),
    ("asks", "string(credentialsId: 'service-token', variable: 'SERVICE_TOKEN')"),
    ("steers", "file(credentialsId: 'clinigate-kubeconfig', variable: 'KUBECONFIG')"),
)


def _jenkins(step: Step) -> str:
    """One step as Groovy; the script stands in a literal in which Groovy expands nothing."""
    script = "\n".join(step.lines).replace("\\", "\\\\")
    call = f"sh '''set -eu\n{script}\n'''"
    wanted = [text for name, text in _CREDENTIALS if getattr(step, name)]
    if not wanted:
        return call
    return f"script {{\n  withSecrets([{', '.join(wanted)}]) {{\n    {call}\n  }}\n}}"
