"""Manifests come from wherever teams keep them, and nothing is left out without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinigate.errors import UsageError
from clinigate.platform.load import STDIN, Loaded, Text, load, read_texts

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: clinic}\n"


def of(
    text: str | bytes, uri: str = "a.yaml", *, named: bool = False, namespace: str = ""
) -> Loaded:
    data = text.encode() if isinstance(text, str) else text
    return load([Text(uri, data, named)], namespace=namespace)


def read(base: Path, *paths: str, **given: object) -> Loaded:
    return load(read_texts(base, paths, **given))  # type: ignore[arg-type]


def put(base: Path, **files: str) -> None:
    for name, text in files.items():
        path = base / name.replace("__", "/").replace("_yaml", ".yaml").replace("_json", ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def labels(loaded: Loaded) -> list[str]:
    return [each.label for each in loaded.resources]


def test_documents_lists_and_lists_in_lists_are_opened_and_keep_their_lines() -> None:
    loaded = of(
        "# first\n" + POD + "---\napiVersion: v1\nkind: List\nitems:\n"
        "  - apiVersion: v1\n    kind: Service\n    metadata: {name: s}\n    spec:\n      type: X\n"
        "  - kind: ConfigMapList\n    apiVersion: v1\n    items:\n"
        "      - {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n"
    )
    assert labels(loaded) == ["Pod clinic/a", "Service s", "ConfigMap c"]
    assert [each.place().line for each in loaded.resources] == [2, 9, 17]
    assert loaded.resources[1]["spec"]["type"].place.line == 13


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}-a\n", 4),
        ("{{- if .Values.on }}\n" + POD + "{{- end }}\n", 1),
        (POD + 'spec:\n  x: {{ include "a.b" . }}\n', 5),
        (POD + "spec:\n  image: '{{ .Values.image }}'\n", 5),
    ],
)
def test_a_template_is_told_to_be_rendered_first(text: str, line: int) -> None:
    loaded = of(text)
    assert not loaded.resources
    (excluded,) = loaded.excluded
    assert excluded.unit == f"a.yaml:{line}"
    assert "helm template CHART | clinigate platform scan -" in excluded.reason


def test_braces_of_others_are_no_template_of_helm() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: '{{ $labels.pod }}'\n"
    assert labels(of(text)) == ["ConfigMap a"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("apiVersion: v1\nmetadata: {name: a}\n", "states no kind"),
        ("kind: Pod\nmetadata: {name: a}\n", "states no apiVersion"),
        ("apiVersion: v1\nkind: Pod\n", "a Pod without metadata"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {}\n", "without metadata.name"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: 7}\n", "namespace is no text"),
        ("apiVersion: v1\nkind: [Pod\n", "is no YAML"),
        ("apiVersion: extensions/v1beta1\nkind: Deployment\n", "serves no longer"),
        (b"apiVersion: v1\nkind: Pod\n# \xff\n", "is not UTF-8"),
    ],
)
def test_what_should_be_a_manifest_and_is_none_is_excluded(text: str | bytes, words: str) -> None:
    loaded = of(text)
    assert not loaded.resources
    assert words in loaded.excluded[0].reason
    assert loaded.excluded[0].unit.startswith("a.yaml")


def test_what_is_something_else_is_listed_unless_somebody_named_it() -> None:
    assert of("on: push\n").others[0].reason == "is no manifest"
    assert not of("on: push\n").excluded
    assert of("on: push\n", named=True).excluded[0].reason.startswith("holds no manifest")
    assert of("apiVersion: v2\nname: x\nversion: 1\n", "c/Chart.yaml").others


def test_an_empty_pipe_is_no_clean_scan() -> None:
    assert "did the command before the pipe fail" in of("", STDIN, named=True).excluded[0].reason
    assert of(POD, STDIN, named=True).resources[0].uri == STDIN
    junk = of("Error: chart not found\n", STDIN, named=True)
    assert junk.excluded


def test_an_empty_list_holds_nothing() -> None:
    for items in ("[]", "", "null"):
        loaded = of(POD + f"---\napiVersion: v1\nkind: List\nitems: {items}\n")
        assert labels(loaded) == ["Pod clinic/a"]
        assert not loaded.excluded


def test_kustomize_input_is_excluded_and_its_patches_are_not_judged(tmp_path: Path) -> None:
    put(
        tmp_path,
        base__kustomization_yaml="resources: [app.yaml]\npatches: [{path: ./part.yaml}]\n",
        base__app_yaml=POD,
        base__part_yaml=POD.replace("name: a", "name: part"),
    )
    loaded = read(tmp_path, ".")
    assert labels(loaded) == ["Pod clinic/a"]
    assert [each.unit for each in loaded.excluded] == ["base/kustomization.yaml"]
    assert [each.unit for each in loaded.others] == ["base/part.yaml"]
    assert loaded.files == ["base/app.yaml"]


def test_folders_patterns_and_files_are_read_once_each(tmp_path: Path) -> None:
    put(
        tmp_path,
        deploy__a_yaml=POD,
        deploy__deep__b_yaml=POD.replace("name: a", "name: b"),
        deploy__deep__c_json='{"apiVersion":"v1","kind":"Pod","metadata":{"name":"c"}}',
        deploy__package_json='{"name": "x"}',
        deploy__skip__d_yaml=POD,
        other_yaml="on: push\n",
    )
    every = read(tmp_path, "deploy", "deploy/a.yaml", exclude=["deploy/skip"])
    assert labels(every) == ["Pod clinic/a", "Pod clinic/b", "Pod c"]
    assert labels(read(tmp_path, "deploy/**/b*.yaml")) == ["Pod clinic/b"]
    assert labels(read(tmp_path, "deploy/*.yaml")) == ["Pod clinic/a"]
    assert labels(read(tmp_path, "nowhere/**/*.yaml")) == []
    assert not every.others
    with pytest.raises(UsageError, match="no such file or folder"):
        read(tmp_path, "deploy/missing.yaml")


def test_the_namespace_of_whoever_applies_counts_where_none_is_stated() -> None:
    text = POD.replace(", namespace: clinic", "") + "---\n" + POD
    text += "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n"
    loaded = of(text, namespace="staging")
    assert [each.namespace for each in loaded.resources] == ["staging", "clinic", ""]


def test_a_file_that_cannot_be_read_is_excluded(tmp_path: Path) -> None:
    loaded = load([Text("a.yaml", None, True, "cannot be read (Permission denied)")])
    assert loaded.excluded[0].reason == "cannot be read (Permission denied)"


def test_what_helm_renders_names_its_template() -> None:
    text = "---\n# Source: chat/templates/a.yaml\n" + POD + "---\n# Source: chat/templates/b.yaml\n"
    loaded = of(text + POD + "---\n" + POD, STDIN, named=True)
    assert [each.origin for each in loaded.resources] == [
        "chat/templates/a.yaml",
        "chat/templates/b.yaml",
        "chat/templates/b.yaml",
    ]
    assert of(POD).resources[0].origin == ""
