"""The script that moves traffic does what the pipeline believes; kubectl is one with a memory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from clinigate.ci.options import Options
from clinigate.ci.pipeline import Job, pipeline
from clinigate.ci.render import render_rollout

BUILT = pipeline(Options())
IMAGE = "clinic/therapy@sha256:" + "ab" * 32

#: Remembers the weights in a file, and every call in another.
KUBECTL = """\
#!/bin/sh
echo "$*" >>calls
case "$*" in
  *"get virtualservice"*) cat weights ;;
  *"patch virtualservice"*)
    printf '%s' "$*" | tr -d '\\n' | tr '{' '\\n' |
      sed -n 's/.*host": "\\([a-z-]*\\)"}, "weight": \\([0-9]*\\).*/\\2 \\1/p' >weights ;;
  *"get pods"*) cat images ;;
  *"rollout status"*) exit "${ROLLOUT_CODE:-0}" ;;
  *"--raw"*) exit "${HEALTH_CODE:-0}" ;;
esac
"""


@dataclass(frozen=True)
class Cluster:
    """A folder with the script, and the programs that it finds."""

    folder: Path

    def put(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def sh(self, script: str, **variables: str) -> int:
        environ = {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "CLINIGATE_IMAGE": IMAGE,
            "CLINIGATE_PACKAGE": "clinigate",
            "CLINIGATE_POLICY": "default",
            "CLINIGATE_ENVIRONMENT": "production",
            "CLINIGATE_PROFILE": "full",
            "CLINIGATE_BENCH": "--allow-cpu",
            **variables,
        }
        return subprocess.run(
            ["sh", "-ec", script], cwd=self.folder, env=environ, capture_output=True, check=False
        ).returncode

    def rollout(self, *words: str, **variables: str) -> int:
        return self.sh(f"sh deploy/clinigate-rollout.sh {' '.join(words)}", **variables)

    def job(self, job: Job, **variables: str) -> int:
        """Run a job as a runner does: on the first failure only what always runs."""
        code = 0
        for step in job.steps:
            if code == 0 or step.always:
                code = self.sh("\n".join(step.lines), **variables) or code
        return code

    def read(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def weights(self) -> dict[str, int]:
        lines = [line.split() for line in self.read("weights").splitlines() if line]
        return {host: int(weight) for weight, host in lines}

    @property
    def settled(self) -> str:
        return self.read("clinigate-out/settled").strip()


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    made = Cluster(tmp_path)
    for folder in ("bin", "deploy", "clinigate-out"):
        (tmp_path / folder).mkdir()
    (tmp_path / "deploy" / "clinigate-rollout.sh").write_text(render_rollout(BUILT))
    (tmp_path / "weights").write_text("0 therapy-api-green\n100 therapy-api-blue\n")
    (tmp_path / "images").write_text(f"docker-pullable://{IMAGE}\n{IMAGE}\n")
    made.put("kubectl", KUBECTL)
    made.put("git", "#!/bin/sh\necho 1\n")
    made.put("clinigate", '#!/bin/sh\necho "clinigate $*" >>calls\nexit "${CLINIGATE_CODE:-0}"\n')
    made.put(
        "python",
        '#!/bin/sh\necho "python $*" >>calls\n'
        'case "$*" in *production_validation*) exit "${VALIDATION_CODE:-0}" ;;'
        ' *pytest*) exit "${PYTEST_CODE:-0}" ;; esac\n',
    )
    return made


DEPLOY = BUILT.jobs[3]


def test_a_candidate_that_is_fine_gets_all_of_the_traffic(cluster: Cluster) -> None:
    assert cluster.job(DEPLOY) == 0
    assert cluster.weights == {"therapy-api-green": 100, "therapy-api-blue": 0}
    assert cluster.settled == "succeeded"
    assert cluster.read("clinigate-out/since").endswith("Z\n")
    calls = cluster.read("calls")
    assert f"set image deployment/therapy-api-green therapy-api={IMAGE}" in calls
    assert '"weight": 90' in calls
    assert '"weight": 10' in calls
    assert "metrics record --settled clinigate-out/settled" in calls
    assert f"--digest image={IMAGE.partition('@')[2]}" in calls


def test_the_next_one_goes_into_the_other_colour(cluster: Cluster) -> None:
    assert cluster.job(DEPLOY) == 0
    assert cluster.job(DEPLOY) == 0
    assert cluster.weights == {"therapy-api-blue": 100, "therapy-api-green": 0}
    assert "set image deployment/therapy-api-blue" in cluster.read("calls")


@pytest.mark.parametrize("code", ["3", "4", "137"])
def test_where_nobody_knows_the_candidate_is_taken_back(cluster: Cluster, code: str) -> None:
    assert cluster.job(DEPLOY, VALIDATION_CODE=code) != 0
    assert cluster.weights == {"therapy-api-blue": 100, "therapy-api-green": 0}
    assert cluster.settled == "rolled-back"


def test_a_failed_validation_rolled_it_back_itself(cluster: Cluster) -> None:
    """`--rollback-command` did it: `settle` writes down what happened."""
    cluster.put(
        "python",
        '#!/bin/sh\ncase "$*" in *production_validation*)\n'
        "  sh deploy/clinigate-rollout.sh rollback; exit 1 ;; esac\n",
    )
    assert cluster.job(DEPLOY) == 1
    assert cluster.weights == {"therapy-api-blue": 100, "therapy-api-green": 0}
    assert cluster.settled == "rolled-back"


def test_what_a_person_must_decide_stays_as_it_is(cluster: Cluster) -> None:
    assert cluster.job(DEPLOY, VALIDATION_CODE="2") == 2
    assert cluster.weights == {"therapy-api-blue": 90, "therapy-api-green": 10}
    assert cluster.settled == "held"


def test_nothing_is_put_into_a_candidate_that_has_traffic(cluster: Cluster) -> None:
    """The roll-out that a person has yet to decide on is neither overwritten nor taken back."""
    cluster.job(DEPLOY, VALIDATION_CODE="2")
    assert cluster.job(DEPLOY) == 1
    assert cluster.weights == {"therapy-api-blue": 90, "therapy-api-green": 10}
    assert cluster.settled == "refused"


@pytest.mark.parametrize("variable", ["ROLLOUT_CODE", "HEALTH_CODE"])
def test_one_that_does_not_come_up_gets_no_traffic(cluster: Cluster, variable: str) -> None:
    assert cluster.job(DEPLOY, **{variable: "1"}) == 1
    assert cluster.weights == {"therapy-api-blue": 100, "therapy-api-green": 0}
    assert cluster.settled == "failed"
    assert "production_validation" not in cluster.read("calls")


@pytest.mark.parametrize("images", ["", f"{IMAGE}\nclinic/therapy@sha256:00\n"])
def test_pods_that_do_not_run_one_image_are_taken_back(cluster: Cluster, images: str) -> None:
    (cluster.folder / "images").write_text(images)
    assert cluster.job(DEPLOY) != 0
    assert cluster.settled == "rolled-back"
    assert cluster.weights == {"therapy-api-blue": 100, "therapy-api-green": 0}


def test_a_job_that_never_began_to_deploy_takes_nothing_back(cluster: Cluster) -> None:
    cluster.put("python", "#!/bin/sh\nexit 1\n")
    assert cluster.job(DEPLOY) == 1
    assert "patch" not in cluster.read("calls")


def test_an_image_without_a_digest_is_refused(cluster: Cluster) -> None:
    assert cluster.rollout("start", CLINIGATE_IMAGE="clinic/therapy:latest") == 4
    assert "set image" not in cluster.read("calls")


def test_traffic_that_neither_colour_has_is_refused(cluster: Cluster) -> None:
    (cluster.folder / "weights").write_text("100 another\n")
    assert cluster.rollout("traffic", "10") == 4
    assert "patch" not in cluster.read("calls")


def test_an_unknown_word_says_which_there_are(cluster: Cluster) -> None:
    assert cluster.rollout("finish") == 4


@pytest.mark.parametrize(("code", "ends"), [("0", 0), ("1", 0), ("2", 1), ("3", 1), ("4", 1)])
def test_what_is_not_pass_goes_on_to_the_gate_and_what_broke_does_not(
    cluster: Cluster, code: str, ends: int
) -> None:
    scan = next(step for step in BUILT.jobs[0].steps if step.signs)
    assert cluster.sh("\n".join(scan.lines), CLINIGATE_CODE=code) == ends


@pytest.mark.parametrize("job", BUILT.jobs[:2], ids=lambda job: job.id)
def test_evidence_names_the_image_that_the_pipeline_builds(cluster: Cluster, job: Job) -> None:
    cluster.put("clinigate", '#!/bin/sh\necho "named: ${CLINIGATE_DIGESTS:-nothing}" >>calls\n')
    lines = "\n".join(next(step for step in job.steps if step.signs).lines)
    assert cluster.sh(lines) == 0
    assert f"named: image={IMAGE.partition('@')[2]}\n" in cluster.read("calls")
    assert cluster.sh(lines, CLINIGATE_ENVIRONMENT="development") == 0
    assert "named: nothing\n" in cluster.read("calls")


COLLECT = '#!/bin/sh\nwhile test "$1" != --; do shift; done\nshift\nexec "$@"\n'


@pytest.mark.parametrize(("code", "ends"), [("0", 0), ("1", 0), ("2", 1), ("5", 1)])
def test_all_tests_run_and_the_gravest_code_is_theirs(
    cluster: Cluster, code: str, ends: int
) -> None:
    cluster.put("clinigate", COLLECT)
    cluster.put("clinigate", COLLECT.replace("while", 'test "$1" = collect || exit 0\nwhile'))
    tests = next(step for step in BUILT.jobs[1].steps if step.signs)
    assert cluster.sh("\n".join(tests.lines), PYTEST_CODE=code) == ends
    assert "benchmark/database_performance.py" in cluster.read("calls")


def test_the_gate_wants_the_image_that_is_deployed(cluster: Cluster) -> None:
    gate = BUILT.jobs[2].steps[1]
    assert cluster.sh("\n".join(gate.lines)) == 0
    assert f"--digest image=sha256:{'ab' * 32} " in cluster.read("calls")


def test_the_gates_code_is_the_jobs_and_a_pull_request_has_no_image(cluster: Cluster) -> None:
    gate = BUILT.jobs[2].steps[1]
    variables: Mapping[str, str] = {"CLINIGATE_ENVIRONMENT": "development", "CLINIGATE_IMAGE": ""}
    assert cluster.sh("\n".join(gate.lines), CLINIGATE_CODE="3", **variables) == 3
    assert "--digest" not in cluster.read("calls")


@pytest.mark.parametrize("moved", [True, False])
def test_a_job_that_was_killed_is_taken_back_by_what_always_runs(
    cluster: Cluster, moved: bool
) -> None:
    """One that had traffic failed patients: to the figures it is no deployment that never began."""
    for words in ("start", "health", "traffic 10")[: 3 if moved else 2]:
        assert cluster.rollout(words) == 0
    assert cluster.rollout("unsettled") == 0
    assert cluster.weights == {"therapy-api-blue": 100, "therapy-api-green": 0}
    assert cluster.settled == ("rolled-back" if moved else "failed")


def test_a_job_that_was_killed_when_all_traffic_had_moved_is_taken_back(cluster: Cluster) -> None:
    """The live colour is the one from before, not the heaviest: that is the candidate by now."""
    for words in ("start", "traffic 10"):
        assert cluster.rollout(words) == 0
    (cluster.folder / "weights").write_text("100 therapy-api-green\n0 therapy-api-blue\n")
    assert cluster.rollout("unsettled") == 0
    assert cluster.weights == {"therapy-api-blue": 100, "therapy-api-green": 0}


def test_a_validation_that_broke_with_1_and_took_nothing_back_is_taken_back(
    cluster: Cluster,
) -> None:
    """Python itself ends with 1 where it cannot import; no one had rolled anything back then."""
    assert cluster.job(DEPLOY, VALIDATION_CODE="1") == 1
    assert cluster.weights == {"therapy-api-blue": 100, "therapy-api-green": 0}
    assert cluster.settled == "rolled-back"


def test_what_an_ended_roll_out_remembered_misleads_no_later_one(cluster: Cluster) -> None:
    """The same folder, after other roll-outs from elsewhere: the colours have changed places."""
    assert cluster.job(DEPLOY) == 0
    (cluster.folder / "weights").write_text("90 therapy-api-blue\n10 therapy-api-green\n")
    assert cluster.rollout("rollback") == 0
    assert cluster.weights == {"therapy-api-blue": 100, "therapy-api-green": 0}
    (cluster.folder / "weights").write_text("90 therapy-api-green\n10 therapy-api-blue\n")
    assert cluster.rollout("rollback") == 0
    assert cluster.weights == {"therapy-api-green": 100, "therapy-api-blue": 0}


@pytest.mark.parametrize("share", ["50", "90", "100", "ten", "-1"])
def test_a_candidate_never_gets_half_before_it_is_settled(cluster: Cluster, share: str) -> None:
    assert cluster.rollout("start") == 0
    assert cluster.rollout("traffic", share) == 4
    assert cluster.weights == {"therapy-api-blue": 100, "therapy-api-green": 0}


def test_a_cluster_that_does_not_answer_leaves_nothing_settled(cluster: Cluster) -> None:
    for words in ("start", "traffic 10"):
        assert cluster.rollout(words) == 0
    cluster.put("kubectl", "#!/bin/sh\nexit 1\n")
    for words in ("unsettled", "settle 0", "settle 1", "settle 3"):
        assert cluster.rollout(words) != 0
        assert cluster.settled == "started"


def test_the_deployment_is_decided_by_the_policy_that_was_written_down(cluster: Cluster) -> None:
    """Whoever starts a pipeline may choose variables: none of them opens the way to patients."""
    cluster.put("clinigate", '#!/bin/sh\necho "clinigate $*" >>calls\ntest "$1" != gate\n')
    chosen = {"CLINIGATE_POLICY": "fork", "CLINIGATE_ENVIRONMENT": "development"}
    assert cluster.job(DEPLOY, **chosen) == 1
    calls = cluster.read("calls")
    assert "--policy default --environment production --digest image=sha256:" in calls
    assert "fork" not in calls.partition("metrics record")[0]
    assert "set image" not in calls


def test_the_words_say_what_they_did(cluster: Cluster) -> None:
    run: Callable[..., int] = cluster.rollout
    assert run("start") == 0
    assert cluster.settled == "started"
    assert run("settle", "0") == 0
    assert cluster.settled == "succeeded"
