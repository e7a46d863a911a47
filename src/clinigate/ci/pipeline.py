"""One description of the pipeline; `clinigate.ci.render` writes it down for each runner.

Three jobs as the platform's pipeline has them, each after the one before, then the deployment:

static   security and HIPAA: files, and the interface of the service
tests    clinical, HIPAA at run time, performance
gate     both bundles, verified and judged again by one policy; whatever became of the jobs before
deploy   a tenth of the traffic, health, validation in production, then all of it or none

A command's exit code 1 (something is not PASS) ends no job: it goes on to the gate, which knows
policy and waivers. Every code above it does.
"""

from __future__ import annotations

from dataclasses import dataclass

from clinigate.ci.options import Options

__all__ = ["OUT", "ROLLOUT", "Job", "Pipeline", "Step", "pipeline"]

#: Folder of what a job hands on, and finds of the jobs before it, relative to the checkout.
OUT = "clinigate-out"
#: The script that moves traffic, which the team adapts to its platform.
ROLLOUT = "deploy/clinigate-rollout.sh"


@dataclass(frozen=True, slots=True)
class Step:
    """Some lines of POSIX shell, run with `set -e` from the checkout.

    Attributes:
        name: for the reader.
        lines: the script.
        always: run even where a step before it failed or the job was cancelled.
        signs: it needs the machine's key, `CLINIGATE_KEY`.
        asks: it needs what the service asks callers for, `SERVICE_TOKEN`.
        steers: it needs access to the cluster, `KUBECONFIG`.
    """

    name: str
    lines: tuple[str, ...]
    always: bool = False
    signs: bool = False
    asks: bool = False
    steers: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    Attributes:
        id: its name. title: for the reader.
        steps: in order. needs: ids of the jobs before it.
        reads_evidence: it is handed the bundles of the jobs that measure.
        sarif, junit: it finds flaws at places in files; it runs tests.
        gpu: it runs where there is a GPU, if there is one at all.
        decides: it runs whatever became of the jobs before it, and fails where one of them did; a
            job that a runner skips would count as passed where people require it.
        releases: it runs for the deployed branch alone, and never two at a time.
        minutes: after which it is killed.
    """

    id: str
    title: str
    steps: tuple[Step, ...]
    needs: tuple[str, ...] = ()
    reads_evidence: bool = False
    sarif: bool = False
    junit: bool = False
    gpu: bool = False
    decides: bool = False
    releases: bool = False
    minutes: int = 30


@dataclass(frozen=True, slots=True)
class Pipeline:
    """All jobs, in the order in which they run."""

    options: Options
    jobs: tuple[Job, ...]

    @property
    def measuring(self) -> tuple[Job, ...]:
        """The jobs whose bundles the gate decides on."""
        return tuple(job for job in self.jobs if not job.reads_evidence)


_INSTALL = Step(
    "Install", ('python -m pip install --disable-pip-version-check "$CLINIGATE_PACKAGE"',)
)
_INSTALL_SERVICE = Step(
    "Install what the service needs",
    (
        "if test -f requirements.txt; then",
        "  python -m pip install --disable-pip-version-check -r requirements.txt",
        "fi",
    ),
)
#: What is evaluated is named by the pipeline: a commit cannot hold the digest of its own image.
_NAMED = (
    'if test "$CLINIGATE_ENVIRONMENT" != development; then',
    '  export CLINIGATE_DIGESTS="image=${CLINIGATE_IMAGE##*@}"',
    "fi",
)
_BUNDLES = f"static={OUT}/static.zip tests={OUT}/tests.zip"
_POLICY = '--policy "$CLINIGATE_POLICY" --environment "$CLINIGATE_ENVIRONMENT"'
_TESTS = (
    (
        "python -m pytest tests/clinical tests/therapeutic --clinical-grade"
        f" --junitxml={OUT}/clinical.junit.xml"
    ),
    (
        "python -m pytest tests/hipaa --audit-trail-validation --phi-protection"
        f" --consent-management --junitxml={OUT}/hipaa.junit.xml"
    ),
    (
        "python benchmark/ai_performance.py --latency-threshold=100ms --throughput-threshold=100rps"
        " $CLINIGATE_BENCH"
    ),
    "python benchmark/database_performance.py",
    "clinigate validate-production --record-staging",
)


def pipeline(options: Options) -> Pipeline:
    """Return the pipeline with a team's options."""
    return Pipeline(options, (_static(options), _tests(options), _gate(), _deploy(options)))


def _static(options: Options) -> Job:
    scan = "clinigate hipaa scan --scan-type comprehensive --compliance-level strict"
    lines = _staged(options.static) if options.static and options.tests else (_measured(scan),)
    steps = (
        _INSTALL,
        # Of the service its interface is scanned too (DAST): not reached, it is an ERROR.
        Step(
            "Scan code, dependencies, manifests and data", (*_NAMED, *lines), signs=True, asks=True
        ),
        _hand_on("static", sarif=True),
    )
    return Job("static", "Security and HIPAA, static", steps, sarif=True)


def _tests(options: Options) -> Job:
    own = options.static and options.tests
    lines = _staged(options.tests) if own else _collected(_TESTS)
    steps = (
        _INSTALL,
        _INSTALL_SERVICE,
        Step("Test the service", (*_NAMED, *lines), signs=True, asks=True),
        _hand_on("tests"),
    )
    return Job(
        "tests",
        "Clinical, HIPAA and performance tests",
        steps,
        needs=("static",),
        junit=True,
        gpu=True,
        minutes=90,
    )


def _gate() -> Job:
    decide = (
        f"set -- {_BUNDLES}",
        'if test "$CLINIGATE_ENVIRONMENT" != development; then',
        '  set -- "$@" --digest "image=${CLINIGATE_IMAGE##*@}"',
        "fi",
        "code=0",
        f'clinigate gate "$@" {_POLICY} --out {OUT} >{OUT}/gate.txt || code=$?',
        f"cat {OUT}/gate.txt",
        f"sed 's/^/    /' {OUT}/gate.txt >{OUT}/gate.md",
        'exit "$code"',
    )
    return Job(
        "gate",
        "Deployment gate",
        (_INSTALL, Step("Decide", decide)),
        needs=("static", "tests"),
        reads_evidence=True,
        decides=True,
    )


def _deploy(options: Options) -> Job:
    # Written out: what whoever starts a pipeline may choose decides nothing here.
    policy = f"--policy {options.policy} --environment {options.environment}"
    decide = f'clinigate gate {_BUNDLES} {policy} --digest "image=${{CLINIGATE_IMAGE##*@}}"'
    validate = (
        f'digest="$(sh {ROLLOUT} digest)"',
        "code=0",
        "python scripts/production_validation.py --clinical-accuracy-check --safety-validation \\",
        "  --performance-validation \\",
        f"  --bundle static={OUT}/static.zip --bundle tests={OUT}/tests.zip \\",
        f'  {policy} --digest "image=$digest" \\',
        f"  --rollback-command 'sh {ROLLOUT} rollback' \\",
        "  || code=$?",
        f'sh {ROLLOUT} settle "$code"',
    )
    record = (
        (
            f"clinigate metrics record --settled {OUT}/settled --copy {OUT}"
            ' --commit "$(git rev-parse HEAD)" --committed-at "$(git log -1 --format=%cI)"'
        ),
    )
    steps = (
        _INSTALL,
        Step("Decide again, by what is deployed", (decide,)),
        _rollout("Start the candidate beside what runs", "start"),
        _rollout("Ask its health", "health"),
        _rollout("Give it a tenth of the traffic", "traffic 10"),
        Step("Validate in production", validate, signs=True, asks=True, steers=True),
        _rollout("Roll back what nobody settled", "unsettled", always=True),
        Step("Record the deployment", record, always=True, signs=True),
        _hand_on("deploy"),
    )
    return Job(
        "deploy",
        "Deploy blue-green, 90/10",
        steps,
        needs=("gate",),
        reads_evidence=True,
        releases=True,
        minutes=60,
    )


def _rollout(name: str, command: str, *, always: bool = False) -> Step:
    return Step(name, (f"sh {ROLLOUT} {command}",), always=always, steers=True)


def _measured(command: str) -> str:
    return f"{command} || test $? -eq 1"


def _staged(stages: tuple[str, ...]) -> tuple[str, ...]:
    """A team's own stages; what else the policy demands comes from the other job."""
    return (
        "set -- " + " ".join(f"--stage {name}" for name in stages),
        _measured(f'clinigate run --keep-going --profile "$CLINIGATE_PROFILE" {_POLICY} "$@"'),
    )


def _collected(commands: tuple[str, ...]) -> tuple[str, ...]:
    """One run for several commands: all of them run, and the gravest exit code is theirs."""
    return (
        'clinigate collect --profile "$CLINIGATE_PROFILE" -- sh -c \'',
        "  worst=0",
        '  keep() { "$@" || { code=$?; test "$code" -le "$worst" || worst=$code; }; }',
        *(f"  keep {command}" for command in commands),
        '  exit "$worst"',
        "' || test $? -eq 1",
    )


def _hand_on(job: str, *, sarif: bool = False) -> Step:
    """What leaves the runner: the sealed bundle, a summary, and flaws at their places."""
    lines = [
        f"mkdir -p {OUT}",
        f"clinigate bundle export last {OUT}/{job}.zip",
        f"clinigate report last --format markdown --out {OUT}/{job}.md {_POLICY}",
    ]
    if sarif:
        lines.append(f"clinigate report last --format sarif --out {OUT}/{job}.sarif")
    return Step("Export the evidence", tuple(lines), always=True)
