"""`clinigate impact` names what the working tree undoes of a sealed run, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

ALL = {"emotion.accuracy", "phi.findings", "platform.findings"}


def undone(found: dict[str, Any]) -> dict[str, list[str]]:
    return {each["criterion"]: each["because"] for each in found["invalidated"]}


def test_nothing_changed_and_nothing_is_undone(project: Any) -> None:
    """The same tree rests as it did: exit 0, every claim kept."""
    project.sealed()
    code, found, _ = project.impact()
    assert (code, found["changes"], found["invalidated"]) == (0, [], [])
    assert set(found["kept"]) == ALL
    assert found["commands"] == []
    assert "nothing is undone" in project.told()


def test_a_changed_prompt_undoes_what_rests_on_words(project: Any) -> None:
    """The file is named, the clinical and PHI claims are undone, the manifests' is kept."""
    bundle = project.sealed()
    project.write({"prompts/system.md": "Be brief.\n", "prompts/new.md": "x"})
    code, found, _ = project.impact()
    assert code == 1
    assert [change["name"] for change in found["changes"]] == ["prompt"]
    assert found["changes"][0]["files"] == ["prompts/new.md is new", "prompts/system.md changed"]
    assert undone(found) == {"emotion.accuracy": ["prompt"], "phi.findings": ["prompt"]}
    assert found["kept"] == ["platform.findings"]
    assert [clause["control"] for clause in found["clauses"]] == ["164.312(b)", "11.10(a)"]
    assert found["clauses"][0]["lost"] == ["phi.findings"]
    assert found["clauses"][0]["of"] == 2
    assert f"clinigate gate last {bundle.name}" in found["notes"][0]


def test_changed_manifests_leave_the_words_alone(project: Any) -> None:
    """A manifest below a folder of the pattern counts; a file beside it does not."""
    project.sealed()
    project.write({"deploy/app/readme.md": "no manifest"})
    assert project.impact()[0] == 0
    project.write({"deploy/app/service.yaml": "kind: Deployment\n"})
    code, found, _ = project.impact()
    assert (code, set(undone(found))) == (1, {"platform.findings"})


def test_an_input_rests_where_its_claims_say(project: Any) -> None:
    """`claims` of an input outweigh what its name would mean."""
    project.sealed()
    project.write({"odd.txt": "2\n"})
    assert undone(project.impact()[1]) == {"phi.findings": ["odd"]}


def test_on_an_unknown_input_everything_rests(project: Any) -> None:
    """Whoever names an input and says no more loses all when it changes."""
    project.configure('\n[inputs.secret_sauce]\npaths = ["odd.txt"]\n')
    project.sealed()
    project.write({"odd.txt": "2\n"})
    assert set(undone(project.impact()[1])) == ALL


def test_a_table_of_the_configuration_is_an_input(project: Any) -> None:
    """What is looked for in another way was not looked for."""
    project.sealed()
    project.configure("\n[phi]\nthreshold = 0.9\n")
    code, found, _ = project.impact()
    assert (code, undone(found)) == (1, {"phi.findings": ["config:phi"]})


def test_another_policy_asks_for_a_decision_and_no_run(project: Any) -> None:
    """What was measured stands; the gate judges again."""
    bundle = project.sealed()
    text = (project.path / "policy.toml").read_text(encoding="utf-8")
    project.write({"policy.toml": text + "limit = 0.99\n"})
    code, found, _ = project.impact()
    assert (code, set(undone(found))) == (1, ALL)
    assert found["commands"] == [f"clinigate gate {bundle.name}"]


def test_another_build_is_measured_as_a_whole(project: Any) -> None:
    """A gate takes evidence of one build: a part of it restores nothing."""
    project.configure('\n[subject.digests]\nimage = "sha256:' + "a" * 64 + '"\n')
    project.sealed()
    project.configure('\n[subject.digests]\nimage = "sha256:' + "b" * 64 + '"\n')
    code, found, _ = project.impact()
    assert (code, found["commands"]) == (1, ["clinigate run"])
    assert undone(found) == {"emotion.accuracy": ["image"], "phi.findings": ["image"]}
    assert "one build alone" in found["notes"][0]


def test_an_input_that_is_named_no_more_undoes_what_rested_on_it(project: Any) -> None:
    """To stop looking is no way to keep a claim; without its `claims` all rested on an input."""
    project.sealed()
    project.configure(instead=CONFIG_WITHOUT)
    assert undone(project.impact()[1]) == {
        "emotion.accuracy": ["odd", "prompt"],
        "phi.findings": ["odd", "prompt"],
        "platform.findings": ["odd"],
    }


def test_an_input_that_is_new_was_not_proven_then(project: Any) -> None:
    """Nobody took its digest when the run began."""
    project.sealed()
    project.configure('\n[inputs.model]\ndigest = "sha256:' + "c" * 64 + '"\n')
    code, found, _ = project.impact()
    assert [(c["name"], c["how"]) for c in found["changes"]] == [("model", "new")]
    assert code == 1


CONFIG_WITHOUT = """\
[subject]
name = "small"
version = "2"

[gate]
policy = "policy.toml"

[inputs.manifests]
paths = ["deploy/**/*.yaml"]
"""


def test_the_smallest_run_is_the_stages_that_measured_it(project: Any) -> None:
    """Without stages of its own a project has Clinigate's; what none of them does is a command."""
    project.sealed()
    project.write({"prompts/system.md": "other\n", "deploy/app/service.yaml": "kind: Job\n"})
    commands = project.impact()[1]["commands"]
    assert commands == ["clinigate run --stage phi", "pytest", "clinigate platform scan"]
    project.configure('\n[[stage]]\nname = "leaks"\nuses = "phi"\n')
    assert "clinigate run --stage leaks" in project.impact()[1]["commands"]


def test_no_run_is_nothing_to_compare_with(project: Any) -> None:
    """Exit 2, one sentence, the next step."""
    code, found, said = project.impact()
    assert (code, found) == (2, {})
    assert "no sealed run here" in said


def test_an_unsealed_run_is_passed_over(project: Any) -> None:
    """The last sealed run is meant; one that is named and unsealed says so."""
    from clinigate.pipeline.recording import begin_recording
    from clinigate.pipeline.setup import prepare

    bundle = project.sealed()
    begun = begin_recording(prepare(project.config), producer="test").run
    assert begun is not None
    code, found, _ = project.impact()
    assert (code, found["since"]) == (0, f"run {bundle.name}")
    code, _, said = project.impact(begun.id)
    assert code == 2
    assert "not sealed" in said


def test_a_run_without_digests_says_so(project: Any) -> None:
    """A run of an older version rests on nobody knows what."""
    project.sealed(digests=False)
    code, _, said = project.impact()
    assert code == 2
    assert "took no digests" in said


@pytest.mark.parametrize("name", ["inputs.json", "results.json"])
def test_damaged_evidence_is_said_and_not_compared(project: Any, name: str) -> None:
    """Whoever edits what a run rested on is found out: exit 3, the file is named."""
    path = project.sealed() / name
    path.write_bytes(path.read_bytes().replace(b"sha256:", b"sha257:").replace(b"small", b"smell"))
    code, _, said = project.impact()
    assert code == 3
    assert name in said


def test_the_words_for_a_terminal_name_cause_and_cure(project: Any) -> None:
    """Inputs, files, criteria, clauses and commands stand there; no name acts."""
    project.sealed()
    project.write({"prompts/\u202etxt.md": "x\n"})
    told = project.told()
    assert "prompts/[U+202E]txt.md is new" in told
    assert "\u202e" not in told
    assert "  by prompt:\n    emotion.accuracy  was PASS\n    phi.findings  was PASS\n" in told
    assert "21 CFR 11.10(a)" in told
    assert "the smallest run that restores them:" in told


def test_an_input_that_changed_during_the_run_holds_nothing(project: Any) -> None:
    """Even if it is now what it was at first: the run's parts saw different ones."""
    before = (project.path / "prompts/system.md").read_text(encoding="utf-8")
    project.sealed(meanwhile={"prompts/system.md": "Other.\n"})
    project.write({"prompts/system.md": before})
    code, found, _ = project.impact()
    assert (code, found["changes"]) == (1, [{"name": "prompt", "how": "moved", "files": []}])
    assert "while the run was under way" in project.told()


def test_an_input_that_vanished_during_the_run_is_told_too(project: Any) -> None:
    """The run is sealed all the same, and says so."""
    import shutil

    from clinigate.pipeline.inputs import current_inputs, moved_inputs

    then = current_inputs(project.config, project.policy)
    assert moved_inputs(project.config, then) == ()
    shutil.rmtree(project.path / "prompts")
    assert moved_inputs(project.config, then) == ("prompt",)
