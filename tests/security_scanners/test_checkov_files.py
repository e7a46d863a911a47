"""checkov is shown what describes infrastructure and nothing else, and what it would pass over in
silence is named.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clinigate.errors import ConfigError
from clinigate.findings.tree import relative_uri, walk
from clinigate.security.scanners.checkov import check_policies
from clinigate.security.scanners.checkov_files import Kind, Shown, looked_at, show
from clinigate.security.scanners.checkov_manifests import resources_in

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: chat}\n"


def shown(base: Path, folder: Path, *, helm: bool = False) -> Shown:
    files = [(path, relative_uri(path, base)) for path in walk(base)]
    folder.mkdir()
    return show(files, folder, helm=helm)


def test_each_file_is_known_for_what_it_is(project: Any, tmp_path_factory: Any) -> None:
    base = project(
        {
            "main.tf": 'variable "a" {}',
            "plan.tf.json": "{}",
            "prod.tfvars": "a = 1",
            "Dockerfile": "FROM scratch",
            "docker/api.Dockerfile": "FROM scratch",
            "Dockerfile.gpu": "FROM scratch",
            "Dockerfile-web": "FROM scratch",
            "Containerfile": "FROM scratch",
            "Dockerfile.md": "how it is built",
            "Dockerfile.dockerignore": "*",
            ".deploy/pod.yaml": POD,
            "list.json": '{"apiVersion": "v1",\n"kind": "List"}',
            "values.yaml": "replicas: 2\n",
            "src/app.py": "apiVersion: v1\nkind: x\n",
            ".checkov.yaml": "skip-check: [CKV_K8S_16]\n",
        }
    )
    folder = tmp_path_factory.mktemp("shown") / "files"
    found = shown(base, folder)
    assert dict(found.units.values()) == {
        "main.tf": Kind.TERRAFORM,
        "plan.tf.json": Kind.TERRAFORM,
        "Dockerfile": Kind.DOCKERFILE,
        "docker/api.Dockerfile": Kind.DOCKERFILE,
        "Dockerfile.gpu": Kind.DOCKERFILE,
        "Dockerfile-web": Kind.DOCKERFILE,
        "Containerfile": Kind.DOCKERFILE,
        ".deploy/pod.yaml": Kind.KUBERNETES,
        "list.json": Kind.KUBERNETES,
    }
    assert {"Dockerfile-web.dockerfile", "Containerfile.dockerfile"} <= set(found.units)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == {*found.units, "prod.tfvars"}
    assert found.excluded == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (POD + "spec: [\n", "no YAML at line"),
        (POD + "spec: {{ .Values.spec }}\n", "a template, no YAML"),
        (POD + "---\n" + POD + "  bad: [}\n", "no YAML at line"),
        (POD + "\x07", "no YAML"),
    ],
)
def test_a_manifest_that_does_not_parse_is_excluded(
    project: Any, tmp_path_factory: Any, text: Any, reason: Any
) -> None:
    base = project({"pod.yaml": text})
    found = shown(base, tmp_path_factory.mktemp("shown") / "files")
    [excluded] = found.excluded
    assert excluded.unit == "pod.yaml"
    assert reason in excluded.reason
    assert not found.units


def test_anchors_that_multiply_cost_nothing(project: Any, tmp_path_factory: Any) -> None:
    bomb = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    base = project({"pod.yaml": POD + "a0: &a0 [x]\n" + bomb})
    assert shown(base, tmp_path_factory.mktemp("shown") / "files").units


def test_merge_keys_that_multiply_are_refused(project: Any, tmp_path_factory: Any) -> None:
    bomb = "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 30))
    base = project({"pod.yaml": POD + "a0: &a0 {x: 1}\n" + bomb})
    [excluded] = shown(base, tmp_path_factory.mktemp("shown") / "files").excluded
    assert "no YAML at line" in excluded.reason


def test_a_file_of_empty_lines_costs_nothing(project: Any, tmp_path_factory: Any) -> None:
    base = project({"a.yaml": "\n" * 3_000_000})
    assert not shown(base, tmp_path_factory.mktemp("shown") / "files").units


def test_a_chart_needs_helm(project: Any, tmp_path_factory: Any) -> None:
    base = project(
        {
            "chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n",
            "chart/values.yaml": "a: 1\n",
            "chart/templates/pod.yaml": POD + "spec: {{ .Values.spec }}\n",
        }
    )
    without = shown(base, tmp_path_factory.mktemp("shown") / "files")
    assert [each.unit for each in without.excluded] == ["chart/Chart.yaml"]
    assert "helm is not on PATH" in without.excluded[0].reason
    folder = tmp_path_factory.mktemp("shown") / "files"
    rendered = shown(base, folder, helm=True)
    assert rendered.units == {"chart/Chart.yaml": ("chart/Chart.yaml", Kind.CHART)}
    assert (folder / "chart/templates/pod.yaml").is_file()
    spoken_of = {"chart/templates/pod.yaml": frozenset(["Pod.default.chat"])}
    assert looked_at(rendered, {}, [])[0] == []
    assert looked_at(rendered, spoken_of, [])[0] == ["chart/Chart.yaml"]


def test_beside_a_chart_at_the_top_the_rest_is_looked_at_too(
    project: Any, tmp_path_factory: Any
) -> None:
    base = project(
        {
            "Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n",
            "values-prod.yaml": "a: 1\n",
            "templates/pod.yaml": POD,
            "Dockerfile": "FROM scratch",
            "deploy/pod.yaml": POD,
        }
    )
    found = shown(base, tmp_path_factory.mktemp("shown") / "files")
    assert set(found.units) == {"Dockerfile", "deploy/pod.yaml"}


def test_what_is_passed_over_in_silence_is_named() -> None:
    shown_files = Shown(
        {
            "Dockerfile": ("Dockerfile", Kind.DOCKERFILE),
            "main.tf": ("main.tf", Kind.TERRAFORM),
            "variables.tf": ("variables.tf", Kind.TERRAFORM),
            "broken.tf": ("broken.tf", Kind.TERRAFORM),
            "kafka.yaml": ("kafka.yaml", Kind.KUBERNETES),
            "pods.yaml": ("pods.yaml", Kind.KUBERNETES),
        },
        {"pods.yaml": frozenset(("Pod.default.one", "Pod.default.two"))},
        (),
    )
    spoken_of = {"main.tf": frozenset("x"), "pods.yaml": frozenset(["Pod.default.one"])}
    units, passed_over = looked_at(shown_files, spoken_of, ["broken.tf"])
    assert units == ["main.tf"]
    assert [each.unit for each in passed_over] == ["Dockerfile", "pods.yaml"]
    assert "Pod.default.two" in passed_over[1].reason


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (POD, {"Pod.default.chat"}),
        ("kind: Service\napiVersion: v1\nmetadata: {name: a}\n", set()),
        (POD + "---\nkind: Job\napiVersion: v1\nmetadata: {generateName: a-}\n",
         {"Pod.default.chat", "a Job that has no name"}),
        (("kind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a, namespace: b}}\n"
          "- &x {kind: [Pod], items: [*x]}\n"), {"Pod.b.a"}),
        ("apiVersion: v1\nkind: [Pod]\n", set()),
    ],
)  # fmt: skip
def test_each_resource_of_a_manifest_must_be_spoken_of(text: str, names: set[str]) -> None:
    assert resources_in(text.encode()) == names


def test_a_text_that_checkov_takes_for_a_chart_is_excluded(
    project: Any, tmp_path_factory: Any
) -> None:
    base = project({"pod.yaml": POD + 'note: "{{ .Values.image }}"\n'})
    [excluded] = shown(base, tmp_path_factory.mktemp("shown") / "files").excluded
    assert "scan what it renders to" in excluded.reason


def test_a_byte_order_mark_hides_no_manifest(project: Any, tmp_path_factory: Any) -> None:
    base = project({"pod.yaml": b"\xef\xbb\xbf" + POD.encode()})
    folder = tmp_path_factory.mktemp("shown") / "files"
    assert list(shown(base, folder).units) == ["pod.yaml"]
    assert (folder / "pod.yaml").read_bytes() == POD.encode(), "checkov would pass over it"


def test_no_file_is_lost_under_the_name_of_another(project: Any, tmp_path_factory: Any) -> None:
    base = project({"Containerfile": "FROM a", "Containerfile.dockerfile": "FROM b"})
    found = shown(base, tmp_path_factory.mktemp("shown") / "files")
    assert {uri for uri, _ in found.units.values()} == {
        "Containerfile",
        "Containerfile.dockerfile",
    }


def test_a_file_that_cannot_be_read_is_excluded(project: Any, tmp_path_factory: Any) -> None:
    base = project({"pod.yaml": POD})
    gone = [(base / "gone.yaml", "gone.yaml"), (base / "pod.yaml", "pod.yaml")]
    folder = tmp_path_factory.mktemp("shown")
    found = show(gone, folder, helm=False)
    assert [each.unit for each in found.excluded] == ["gone.yaml"]


def test_a_folder_of_policies_that_would_not_load_is_refused(project: Any) -> None:
    base = project(
        {
            "python/owner.py": "",
            "empty/README.md": "",
            "good/__init__.py": "",
            "good/owner.py": "",
            "yaml/owner.yaml": "metadata: {}\n",
        }
    )
    check_policies([base / "good", base / "yaml"])
    for name, reason in (
        ("python", "no __init__.py"),
        ("empty", "no policy"),
        ("none", "no folder"),
    ):
        with pytest.raises(ConfigError, match=reason):
            check_policies([base / name])
