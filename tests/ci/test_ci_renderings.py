"""One description becomes four pipelines that their runners' own schemas and linters accept."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import check_jsonschema
import pytest
import yaml
from click.testing import CliRunner

from clinigate.ci.options import Options
from clinigate.ci.pipeline import Step, pipeline
from clinigate.ci.render import PLACES, PLATFORMS, render, render_rollout
from clinigate.errors import UsageError

PROGRAMS = Path(sys.executable).parent
BUILT = pipeline(Options())
ORDER = ["static", "tests", "gate", "deploy"]


def load_regenerate() -> Any:
    spec = importlib.util.spec_from_file_location(
        "regenerate_golden", Path(__file__).with_name("regenerate_golden.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GOLDENS: dict[Path, str] = load_regenerate().goldens()


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAMS / command[0]), *command[1:]],
        cwd=cwd, capture_output=True, text=True, check=False,
    )  # fmt: skip


def github(options: Options | None = None) -> dict[str, Any]:
    """The workflow; `on` is kept from becoming the YAML 1.1 truth value."""
    text = render(pipeline(options or Options()), "github").replace("\non:", "\n'on':")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_the_golden_files_are_what_is_rendered(path: Path) -> None:
    """`python tests/ci/regenerate_golden.py` writes them; a change of a pipeline is to be seen."""
    assert path.read_text(encoding="utf-8") == GOLDENS[path]


@pytest.mark.parametrize(
    ("platform", "schema"),
    [
        ("github", ["vendor.github-workflows"]),
        ("gitlab", ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]),
    ],
)
def test_the_runners_schema_accepts_it(platform: str, schema: list[str], tmp_path: Path) -> None:
    names = []
    for path in (path for path in GOLDENS if path.name == Path(PLACES[platform]).name.lstrip(".")):
        names.append(f"{path.parent.name}.yml")
        (tmp_path / names[-1]).write_text(GOLDENS[path], encoding="utf-8")
    files = [str(tmp_path / name) for name in names]
    said = CliRunner().invoke(check_jsonschema.main, ["--builtin-schema", *schema, *files])
    assert said.exit_code == 0, said.output
    if platform == "github":
        Path(files[0]).write_text(GOLDENS[path].replace("needs:", "neds:"), encoding="utf-8")
        said = CliRunner().invoke(check_jsonschema.main, ["--builtin-schema", *schema, *files])
        assert said.exit_code == 1


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    names = []
    for path in (path for path in GOLDENS if path.name == "clinigate.yml"):
        names.append(f"{path.parent.name}.yml")
        (tmp_path / names[-1]).write_text(GOLDENS[path], encoding="utf-8")
    said = run("zizmor", "--offline", "--no-progress", *names, cwd=tmp_path)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "No findings" in said.stdout


def test_zizmor_would_find_what_we_promise_not_to_do(tmp_path: Path) -> None:
    """The linter is seen to fail, so that its silence says something."""
    text = render(BUILT, "github")
    text = text.replace("permissions: {}\n", "", 1).replace(
        "persist-credentials: false", "fetch-depth: 1"
    )
    text = text.replace('"$CLINIGATE_PACKAGE"', '"${{ github.event.pull_request.title }}"', 1)
    (tmp_path / "bad.yml").write_text(text, encoding="utf-8")
    said = run("zizmor", "--offline", "--no-progress", "bad.yml", cwd=tmp_path)
    assert said.returncode != 0
    for rule in ("template-injection", "artipacked"):
        assert rule in said.stdout


def test_actions_are_pinned_by_commit_and_say_their_version() -> None:
    used = re.findall(r"uses: (.*)", render(BUILT, "github"))
    assert used
    for line in used:
        assert re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)


def test_a_job_may_do_no_more_than_it_needs() -> None:
    document = github()
    assert document["permissions"] == {}
    rights = {name: job["permissions"] for name, job in document["jobs"].items()}
    assert rights.pop("static") == {"contents": "read", "security-events": "write"}
    assert set(rights) == set(ORDER) - {"static"}
    assert all(right == {"contents": "read"} for right in rights.values())


def test_no_script_holds_an_expression_and_no_job_keeps_the_token() -> None:
    for job in github()["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            if step.get("uses", "").startswith("actions/checkout"):
                assert step["with"] == {"persist-credentials": False}


def test_secrets_are_in_the_steps_that_need_them_alone() -> None:
    document = github()
    assert "secrets." not in str(document["env"])
    for job in document["jobs"].values():
        assert "env" not in job
        for step in job["steps"]:
            if "secrets.CLINIGATE_KEY" in str(step):
                assert any(word in step["run"] for word in ("scan", "collect", "valid", "record"))


def test_the_jobs_wait_for_each_other_and_only_pushes_are_deployed() -> None:
    jobs = github()["jobs"]
    assert list(jobs) == ORDER
    assert "needs" not in jobs["static"]
    assert jobs["tests"]["needs"] == ["static"]
    assert jobs["gate"]["needs"] == ["static", "tests"]
    assert jobs["deploy"]["needs"] == ["gate"]
    assert jobs["deploy"]["if"] == "github.event_name == 'push'"
    assert jobs["deploy"]["environment"] == "production"
    assert all(job["timeout-minutes"] > 0 for job in jobs.values())


def test_a_gate_that_is_required_is_never_skipped() -> None:
    """A job that GitHub skips, as after one that failed, counts as passed where it is required."""
    gate = github()["jobs"]["gate"]
    assert gate["if"] == "always()"
    first = gate["steps"][0]
    assert first["env"] == {"RESULTS": "${{ join(needs.*.result, ' ') }}"}
    for results, code in (("success success", 0), ("success failure", 1), ("failure skipped", 1)):
        done = subprocess.run(
            ["bash", "-e", "-c", first["run"]], env={"RESULTS": results}, check=False
        )
        assert done.returncode == code


def test_gitlab_leaves_time_to_take_back_what_takes_too_long() -> None:
    """Without a limit of its own a script that is cut off leaves no `after_script`."""
    deploy = yaml.safe_load(render(BUILT, "gitlab"))["deploy"]
    script, after = (
        int(deploy["variables"][f"RUNNER_{name}_TIMEOUT"].removesuffix("m"))
        for name in ("SCRIPT", "AFTER_SCRIPT")
    )
    assert script + after < int(deploy["timeout"].split()[0])


def test_forks_and_pull_requests_have_policies_of_their_own() -> None:
    said = github()["env"]["CLINIGATE_POLICY"]
    assert "head.repo.full_name != github.repository && 'fork' || 'pr'" in said
    rules = yaml.safe_load(render(BUILT, "gitlab"))["workflow"]["rules"]
    assert [rule["variables"]["CLINIGATE_POLICY"] for rule in rules] == ["fork", "pr", "default"]
    assert "CHANGE_FORK ? 'fork' : 'pr'" in render(BUILT, "jenkins")


def test_without_a_gpu_its_criteria_are_left_out_and_with_one_forks_stay_off_it() -> None:
    assert github()["env"]["CLINIGATE_BENCH"] == "--allow-cpu"
    with_gpu = github(Options(gpu_runner="gpu"))
    assert with_gpu["env"]["CLINIGATE_BENCH"].startswith("--gpu-utilization-max=")
    runs_on = with_gpu["jobs"]["tests"]["runs-on"]
    assert runs_on == "${{ github.event_name == 'pull_request' && 'ubuntu-latest' || 'gpu' }}"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_pipeline_runs_the_same_lines(platform: str) -> None:
    """In the order of the description, but for steps that run whatever happened."""
    text = render(BUILT, platform)
    place = 0
    for job in BUILT.jobs:
        for step in (step for step in job.steps if not step.always):
            place = text.index(step.name, place)
            for line in step.lines:
                escaped = line.replace("\\", "\\\\") if platform == "jenkins" else line
                assert escaped in text[place:]
        for step in (step for step in job.steps if step.always):
            assert step.name in text
    assert "<%" not in text
    assert "<<" not in text


def test_gitlab_hands_the_evidence_on_and_deploys_one_at_a_time() -> None:
    document = yaml.safe_load(render(BUILT, "gitlab"))
    assert document["stages"] == ORDER
    assert [each["job"] for each in document["deploy"]["needs"]] == ["gate", "static", "tests"]
    assert [each["artifacts"] for each in document["deploy"]["needs"]] == [False, True, True]
    assert document["deploy"]["resource_group"] == "clinigate-deploy"
    assert document["tests"]["artifacts"]["reports"]["junit"].endswith(".junit.xml")


def test_tekton_is_a_pipeline_of_four_tasks() -> None:
    document = yaml.safe_load(render(BUILT, "tekton"))
    assert (document["apiVersion"], document["kind"]) == ("tekton.dev/v1", "Pipeline")
    tasks = {task["name"]: task for task in document["spec"]["tasks"]}
    assert list(tasks) == ORDER
    after = [tasks[name].get("runAfter") for name in ORDER]
    assert after == [None, ["static"], ["static", "tests"], ["gate"]]
    assert tasks["deploy"]["when"] == [
        {"input": "$(params.environment)", "operator": "notin", "values": ["development"]}
    ]
    declared = {each["name"] for each in document["spec"]["params"]}
    for task in tasks.values():
        (step,) = task["taskSpec"]["steps"]
        assert {each["name"] for each in task["params"]} == declared
        assert {each["name"] for each in task["taskSpec"]["params"]} == declared
        assert "$(params" not in step["script"]  # a parameter is data, never a part of the script
        assert step["securityContext"]["allowPrivilegeEscalation"] is False
        for variable in step["env"]:
            secret = variable.get("valueFrom", {}).get("secretKeyRef", {"optional": True})
            assert secret["optional"] is True


def test_tekton_tells_of_evidence_that_could_not_be_handed_on(tmp_path: Path) -> None:
    """What always runs is run to its end, and where it fails the task does."""
    static = yaml.safe_load(render(BUILT, "tekton"))["spec"]["tasks"][0]
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name, text in {
        "python": "#!/bin/sh\n",
        "clinigate": '#!/bin/sh\necho "$*" >>calls\ntest "$1" != bundle\n',
    }.items():
        (bin_folder / name).write_text(text, encoding="utf-8")
        (bin_folder / name).chmod(0o755)
    variables = {f"CLINIGATE_{each}": "x" for each in ("PACKAGE", "IMAGE", "POLICY", "PROFILE")}
    done = subprocess.run(
        ["sh", "-c", static["taskSpec"]["steps"][0]["script"]],
        cwd=tmp_path,
        env={
            **variables,
            "CLINIGATE_ENVIRONMENT": "staging",
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        },
        check=False,
    )
    assert done.returncode == 1
    assert "report" not in (tmp_path / "calls").read_text()


def test_tekton_scripts_are_shell(tmp_path: Path) -> None:
    for task in yaml.safe_load(render(BUILT, "tekton"))["spec"]["tasks"]:
        script = tmp_path / f"{task['name']}.sh"
        script.write_text(task["taskSpec"]["steps"][0]["script"], encoding="utf-8")
        subprocess.run(["sh", "-n", str(script)], check=True)


def test_the_jenkinsfile_is_declarative_and_groovy_expands_nothing_in_scripts() -> None:
    text = render(BUILT, "jenkins")
    outside = re.sub(r"'''.*?'''", "''", text, flags=re.S)
    outside = re.sub(r"//.*", "", outside)
    for opening, closing in ("{}", "()", "[]"):
        assert outside.count(opening) == outside.count(closing)
    assert text.count("'''") % 2 == 0
    assert re.findall(r"stage\('(\w+)'\)", text) == ORDER
    assert "agent none" in text
    assert '"""' not in text
    scripts = re.findall(r"sh '''(.*?)'''", text, flags=re.S)
    assert all(script.startswith("set -eu\n") for script in scripts)
    # The only way to a credential is the function that gives none to a fork's change.
    assert outside.count("withCredentials(") == 1
    assert "env.CHANGE_FORK" in text.split("withCredentials(")[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"branch": "main]\npermissions: write-all"},
        {"package": "clinigate; curl x"},
        {"gpu_runner": "${{ secrets.KEY }}"},
        {"image": "python' + evil() + '"},
        {"policy": "$(id)"},
        {"environment": "development"},
        {"app": "<< x >>"},
    ],
)
def test_no_choice_of_a_team_becomes_code(wrong: dict[str, str]) -> None:
    (name,) = wrong
    with pytest.raises(UsageError, match=f"^{name.replace('_', '-')}: got "):
        Options(**wrong)  # type: ignore[arg-type]


def test_scripts_end_on_the_first_line_that_fails() -> None:
    """Step by step they are shell that `sh -n` accepts."""
    steps: list[Step] = [step for job in BUILT.jobs for step in job.steps]
    text = "\n".join("\n".join(("{", *step.lines, "}")) for step in steps)
    assert subprocess.run(["sh", "-n"], input=text, text=True, check=False).returncode == 0
    assert render_rollout(BUILT).startswith("#!/bin/sh\n")


def test_who_asks_the_service_is_handed_its_token() -> None:
    """DAST is part of the first job's scan; a service that turns it away is an ERROR for ever."""
    for job in BUILT.jobs[:2]:
        (step,) = (step for step in job.steps if step.signs)
        assert step.asks, job.id
