"""`clinigate impact --since REV` names what the tree undoes against a revision of git."""

from __future__ import annotations

from typing import Any

import pytest


def undone(found: dict[str, Any]) -> dict[str, list[str]]:
    return {each["criterion"]: each["because"] for each in found["invalidated"]}


def test_nothing_changed_since_the_commit(project: Any) -> None:
    """A clean tree undoes nothing."""
    project.sealed()
    code, found, _ = project.impact("--since", "HEAD")
    assert (code, found["changes"]) == (0, [])
    assert found["since"].startswith("commit ")


@pytest.mark.parametrize("how", ["edited", "staged", "committed", "new", "removed"])
def test_however_a_file_changed_it_counts(project: Any, how: str) -> None:
    """Edited, staged, committed since, new and untracked, or removed: the prompt is another one."""
    first = project.git("rev-parse", "HEAD")
    project.sealed()
    match how:
        case "new":
            project.write({"prompts/second.md": "x"})
        case "removed":
            (project.path / "prompts/crisis/first.md").unlink()
        case _:
            project.write({"prompts/system.md": "Be brief.\n"})
    if how == "staged":
        project.git("add", "-A")
    if how == "committed":
        project.commit()
    code, found, _ = project.impact("--since", first)
    assert (code, [change["name"] for change in found["changes"]]) == (1, ["prompt"])
    assert set(undone(found)) == {"emotion.accuracy", "phi.findings"}


def test_the_configuration_is_compared_with_its_own_past(project: Any) -> None:
    """Tables, digests and the policy as they were at the revision, by their meaning."""
    project.sealed()
    text = (project.path / "clinigate.toml").read_text(encoding="utf-8")
    project.write({"clinigate.toml": "# a remark\n" + text})
    assert project.impact("--since", "HEAD")[0] == 0
    project.configure(
        '\n[phi]\nthreshold = 0.9\n[subject.digests]\nimage = "sha256:' + "a" * 64 + '"\n'
    )
    code, found, _ = project.impact("--since", "HEAD")
    assert (code, found["commands"]) == (1, ["clinigate run"])
    assert {(c["name"], c["how"]) for c in found["changes"]} == {
        ("image", "new"),
        ("config:phi", "changed"),
    }


def test_a_policy_that_changed_since_asks_for_a_decision(project: Any) -> None:
    """The policy's file is one of those that git compares."""
    bundle = project.sealed()
    text = (project.path / "policy.toml").read_text(encoding="utf-8")
    project.write({"policy.toml": text + "limit = 0.99\n"})
    assert project.impact("--since", "HEAD")[1]["commands"] == [f"clinigate gate {bundle.name}"]


def test_what_git_ignores_is_unknown_and_holds_nothing(project: Any) -> None:
    """Of an ignored file nobody knows how it was: what rests on it is in doubt."""
    project.write({".gitignore": ".clinigate/\nweights/\n", "weights/model.bin": "0"})
    project.configure('\n[inputs.model]\npaths = ["weights"]\n')
    project.commit()
    project.sealed()
    code, found, _ = project.impact("--since", "HEAD")
    assert (code, found["changes"][0]["how"]) == (1, "unknown")
    assert "weights/model.bin is ignored by git" in found["changes"][0]["files"]


def test_without_a_run_the_policy_says_what_is_claimed(project: Any) -> None:
    """A pull request can be asked before anything ever ran."""
    project.write({"prompts/system.md": "Be brief.\n"})
    code, found, _ = project.impact("--since", "HEAD")
    assert (code, undone(found)) == (1, {"emotion.accuracy": ["prompt"]})
    assert "no sealed run" in found["notes"][0]


def test_digests_of_the_environment_are_unknown_to_git(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image that the pipeline names is no change of the tree; a note says so."""
    monkeypatch.setenv("CLINIGATE_DIGESTS", "image=sha256:" + "a" * 64)
    project.sealed()
    code, found, _ = project.impact("--since", "HEAD")
    assert code == 0
    assert any(note.startswith("image: named where the pipeline runs") for note in found["notes"])


def test_a_folder_below_the_repository_sees_its_own_files(project: Any) -> None:
    """Names are relative to the configuration, wherever the repository begins."""
    from clinigate.evidence.revisions import difference

    project.write({"prompts/system.md": "x", "odd.txt": "y"})
    found = difference(project.path / "prompts", "HEAD")
    assert found.changed == {"system.md"}
    assert found.known == {"system.md", "crisis/first.md"}


@pytest.mark.parametrize("revision", ["no-such-thing", "--output=x", "HEAD~99"])
def test_a_revision_that_is_none_is_one_sentence(project: Any, revision: str) -> None:
    """Exit 4; nothing of it reaches git as an option."""
    project.sealed()
    code, _, said = project.impact(f"--since={revision}")
    assert code == 4
    assert said.count("\n") == 1
    assert "--since" in said
    assert not (project.path / "x").exists()


def test_without_a_repository_it_says_so(project: Any) -> None:
    """A folder that git does not know has no revisions."""
    import shutil

    project.sealed()
    shutil.rmtree(project.path / ".git")
    code, _, said = project.impact("--since", "HEAD")
    assert code == 4
    assert "repository" in said


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_what_git_was_told_not_to_look_at_is_unknown(project: Any, flag: str) -> None:
    """Git would call it unchanged whatever stands in it."""
    project.sealed()
    project.git("update-index", flag, "prompts/system.md")
    project.write({"prompts/system.md": "Be brief.\n"})
    code, found, _ = project.impact("--since", "HEAD")
    assert code == 1
    assert [(each["name"], each["how"]) for each in found["changes"]] == [("prompt", "unknown")]


@pytest.mark.parametrize("ignored", [False, True])
def test_a_link_is_what_it_leads_to(project: Any, ignored: bool) -> None:
    """The link itself never changes; what is asked is the file behind it."""
    where = "ignored" if ignored else "shared"
    project.write({".gitignore": ".clinigate/\nignored/\n", f"{where}/persona.md": "Be calm.\n"})
    (project.path / "prompts" / "persona.md").symlink_to(f"../{where}/persona.md")
    (project.path / "prompts" / "gone.md").symlink_to("nowhere")
    project.commit()
    project.sealed()
    assert project.impact("--since", "HEAD")[0] == (1 if ignored else 0)
    project.write({f"{where}/persona.md": "Be stern.\n"})
    code, found, _ = project.impact("--since", "HEAD")
    how = "unknown" if ignored else "changed"
    assert code == 1
    assert [(each["name"], each["how"]) for each in found["changes"]] == [("prompt", how)]


def test_a_policy_that_git_ignores_is_unknown(project: Any) -> None:
    project.write({".gitignore": ".clinigate/\npolicy.toml\n"})
    project.git("rm", "-q", "--cached", "policy.toml")
    project.commit()
    project.sealed()
    code, found, _ = project.impact("--since", "HEAD")
    assert code == 1
    assert [(each["name"], each["how"]) for each in found["changes"]] == [("policy", "unknown")]


def test_a_policy_by_another_way_to_write_its_path_is_the_same(project: Any) -> None:
    text = (project.path / "clinigate.toml").read_text(encoding="utf-8")
    project.configure(instead=text.replace('"policy.toml"', '"./policy.toml"'))
    project.commit()
    project.sealed()
    assert project.impact("--since", "HEAD")[0] == 0
    policy = (project.path / "policy.toml").read_text(encoding="utf-8")
    project.write({"policy.toml": policy.replace('"small"', '"smaller"')})
    code, found, _ = project.impact("--since", "HEAD")
    assert (code, [each["name"] for each in found["changes"]]) == (1, ["policy"])
