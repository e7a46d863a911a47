"""`[inputs.NAME]` says what claims rest on; what cannot be meant is refused before a run begins."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.config.inputs import InputTable
from clinigate.errors import ConfigError
from clinigate.pipeline.inputs import TABLES, current_inputs
from clinigate.pipeline.rests import producer_of, rests_on

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[inputs.prompt]\npaths = ["../x"]', "without '..'"),
        ('[inputs.prompt]\npaths = ["/etc/passwd"]', "below this file's folder"),
        ('[inputs.prompt]\npaths = ["C:/x"]', "without a drive"),
        ('[inputs.prompt]\npaths = ["a\\\\b"]', "with slashes"),
        ('[inputs.prompt]\npaths = [""]', "must be a path"),
        ('[inputs.prompt]\ndigest = "latest"', "sha256:<64 hex digits>"),
        (f'[inputs.prompt]\npaths = ["x"]\ndigest = "{DIGEST}"', "either paths or digest"),
        ("[inputs.prompt]", "says nothing"),
        ('[inputs.Prompt]\npaths = ["x"]', "lower-case"),
        ('[inputs.prompt]\npath = ["x"]', "did you mean 'paths'"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(project: Any, table: str, said: str) -> None:
    """One sentence that names the file and the field."""
    project.configure(instead=table + "\n")
    with pytest.raises(ConfigError, match="inputs") as error:
        _ = project.config
    assert said in str(error.value)
    assert "clinigate.toml" in str(error.value)


def test_an_input_without_a_file_stops_the_run_before_it_begins(project: Any) -> None:
    """What rests on nothing is no claim; nothing stands in the ledger."""
    project.configure('\n[inputs.schema]\npaths = ["openapi.json"]\n')
    with pytest.raises(ConfigError, match=r"\[inputs.schema\] paths: no file fits openapi.json"):
        project.sealed()
    assert not (project.path / ".clinigate").exists()


def test_one_thing_has_one_digest(project: Any) -> None:
    """`[inputs]` and `[subject]` must not name two models."""
    project.configure(
        f'\n[inputs.model]\ndigest = "{DIGEST}"\n[subject.digests]\nmodel = "{DIGEST[:-1]}b"\n'
    )
    with pytest.raises(ConfigError, match="leave one of them out"):
        current_inputs(project.config, project.policy)


def test_a_run_seals_what_it_rests_on(project: Any) -> None:
    """`inputs.json` is one of the sealed files, `environment.json` has the digests too."""
    from clinigate.evidence.bundle import open_bundle
    from clinigate.evidence.inputs import INPUTS, sealed_inputs

    bundle = open_bundle(project.sealed())
    found = sealed_inputs(bundle)
    assert found == current_inputs(project.config, project.policy)
    assert INPUTS in bundle.statement.files
    told = bundle.read_json("environment.json")["inputs"]
    assert told["prompt"] == found["prompt"].digest
    assert not [name for name in told if name.startswith("config:")]
    assert set(found) == {
        "prompt",
        "manifests",
        "odd",
        "version",
        "policy",
        "clinigate",
        *(f"config:{name}" for name in TABLES),
    }


def test_where_evidence_goes_is_no_input(project: Any) -> None:
    """Another root is the same run."""
    before = current_inputs(project.config, project.policy)
    project.configure('\n[run]\nroot = "elsewhere"\n')
    assert current_inputs(project.config, project.policy) == before
    project.configure("\n[run]\nseed = 7\n")
    changed = current_inputs(project.config, project.policy)
    assert {name for name in before if before[name] != changed[name]} == {"config:run"}


@pytest.mark.parametrize(
    ("criterion", "name", "expected"),
    [
        ("crisis.false_negative_rate", "prompt", True),
        ("crisis.false_negative_rate", "packs", True),
        ("crisis.false_negative_rate", "manifests", False),
        ("hipaa.audit.rows", "image", True),
        ("hipaa.audit.rows", "prompt", False),
        ("security.sast", "source", True),
        ("platform.findings", "manifests", True),
        ("platform.findings", "image", False),
        ("chaos.recovery", "image", True),
        ("chaos.recovery", "config:chaos", True),
        ("load.p99", "config:chaos", False),
        ("own.metric", "prompt", True),
        ("own.metric", "anything", True),
        ("bench.latency", "clinigate", True),
    ],
)
def test_what_rests_on_what_by_default(criterion: str, name: str, expected: bool) -> None:
    """Named pairs, as the documentation lists them."""
    assert rests_on(criterion, name, declared={}, inputs=(name,)) is expected


def test_source_that_is_not_built_yet_leaves_an_image_as_it_is() -> None:
    """With the image's digest bound, code alone undoes what looks at code; without it, all."""
    assert not rests_on("load.p99", "source", declared={}, inputs=("source", "image"))
    assert rests_on("security.sast", "source", declared={}, inputs=("source", "image"))
    assert rests_on("load.p99", "source", declared={}, inputs=("source",))


@given(criterion=st.text(max_size=12), name=st.text(max_size=12))
def test_in_doubt_a_claim_rests(criterion: str, name: str) -> None:
    """An input that nobody knows undoes everything; `claims = []` undoes nothing."""
    if not name.startswith("config:") and name not in {"image", "prompt", "model", "packs"}:
        known = name in {"schema", "manifests", "data", "source"}
        assert known or rests_on(criterion, name, declared={}, inputs=(name,))
    nothing = InputTable(claims=[])
    assert not rests_on(criterion, name, declared={name: nothing}, inputs=(name,))
    assert producer_of(criterion)


def test_what_must_not_change_under_a_run_holds_the_files_of_inputs(project: Any) -> None:
    """A run that was left is not continued with another prompt: its parts would differ."""
    from clinigate.errors import UsageError
    from clinigate.pipeline.stages.leading import basis_of, check_basis

    begun = basis_of(project.config, project.policy)
    check_basis("r", begun, basis_of(project.config, project.policy))
    project.write({"prompts/new.md": "x"})
    with pytest.raises(UsageError, match=r"the files of \[inputs.prompt\]"):
        check_basis("r", begun, basis_of(project.config, project.policy))


def test_the_documentation_says_what_rests_on_what() -> None:
    """The table in docs/impact.md is the one by which claims are undone."""
    import re
    from pathlib import Path

    from clinigate.pipeline.rests import CLINICAL
    from clinigate.pipeline.setup import PRODUCERS

    text = (Path(__file__).parents[2] / "docs" / "impact.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| ([a-z, ]+?)(?:;[^|]*)? \|$", text, re.MULTILINE))
    assert set(rows) == {
        "image",
        "model",
        "prompt",
        "packs",
        "schema",
        "manifests",
        "data",
        "source",
    }
    for name, told in rows.items():
        names = (name, "image")
        resting = {
            each
            for each in (*PRODUCERS, CLINICAL)
            if rests_on(f"{each}.metric", name, declared={}, inputs=names)
        }
        assert resting == set(told.split(", ")), name
