"""A policy says exactly what it demands, and a file that says anything else is refused by name."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.clinical.criteria import CRITERIA
from clinigate.errors import PolicyError, UsageError
from clinigate.gate.policy import BUILT_IN, Demand, load_policy
from clinigate.pipeline.criteria import producer_criteria

TEXT = """\
schema = "clinigate.policy/1"
name = "house"

[[criteria]]
id = "crisis.false_positive_rate"
demand = "required"
limit = 0.08

[environments.staging]

[environments.production]
minimum_coverage = 0.9
max_age_days = 7
bundles = ["clinical", "hipaa"]
controls = ["164.312(b)"]

[environments.production.subject]
image = "sha256:1111111111111111111111111111111111111111111111111111111111111111"

[environments.production.signers]
roles = ["machine", "auditor"]
threshold = 2

[environments.production.records]
roles = ["compliance-officer"]

[[environments.production.criteria]]
id = "crisis.false_positive_rate"
limit = 0.05

[[environments.production.criteria]]
id = "latency.p99"
demand = "no-fail"
confidence = 0.99
min_n = 500
scope = "catalogue"
"""


@pytest.fixture
def load(tmp_path):
    def loaded(text, environment="production"):
        path = tmp_path / "clinigate-policy.toml"
        path.write_text(text, encoding="utf-8")
        return load_policy(str(path), environment)

    return loaded


def criterion(policy, criterion_id, base=CRITERIA):
    return next(each for each in policy.criteria(base) if each.id == criterion_id)


def test_everything_in_a_file_arrives(load):
    policy = load(TEXT)
    assert (policy.name, policy.environment, policy.certifies) == ("house", "production", True)
    assert (policy.minimum_coverage, policy.max_age_days) == (0.9, 7)
    assert policy.bundles == ("clinical", "hipaa")
    assert [each.id for each in policy.controls] == ["164.312(b)"]
    assert policy.subject_digests == {"image": "sha256:" + "1" * 64}
    assert (policy.signer_roles, policy.signer_threshold) == (("machine", "auditor"), 2)
    assert policy.record_roles == ("compliance-officer",)
    assert policy.demand_of("latency.p99") is Demand.NO_FAIL
    assert policy.demand_of("therapy.empathy") is None
    latency = criterion(policy, "latency.p99")
    assert (latency.limit, latency.confidence, latency.min_n) == (0.1, 0.99, 500)


def test_an_environment_says_over_the_file_what_it_says_itself(load):
    assert criterion(load(TEXT), "crisis.false_positive_rate").limit == 0.05
    assert criterion(load(TEXT, "staging"), "crisis.false_positive_rate").limit == 0.08
    assert load(TEXT).demand_of("crisis.false_positive_rate") is Demand.REQUIRED


def test_what_is_left_out_is_strict(load):
    policy = load(TEXT, "staging")
    assert (policy.certifies, policy.require_signed, policy.minimum_coverage) == (True, True, 1)
    assert (policy.signer_roles, policy.record_roles) == (("machine",), ())


BROKEN = {
    "unknown key": ("minimum_coverage", "minimum_coverge", "did you mean 'minimum_coverage'?"),
    "unknown key of a criterion": ("min_n = 500", "minn = 500", "did you mean 'min_n'?"),
    "unknown environment": ("environments.staging", "environments.stagin", "mean 'staging'?"),
    "unknown demand": ('"no-fail"', '"maybe"', "environments.production.criteria.1.demand"),
    "unknown control": ('"164.312(b)"', '"164.312(z)"', "nearest known: 164.312(d), 164.312(b)"),
    "another schema": ("policy/1", "policy/2", "'schema'"),
    "no name": ('name = "house"\n', "", "'name' is missing"),
    "no number": ("limit = 0.05", 'limit = "0.05"', "criteria.0.limit"),
    "a yes for a number": ("limit = 0.05", "limit = true", "criteria.0.limit"),
    "not finite": ("limit = 0.05", "limit = nan", "criteria.0.limit"),
    "a number for a yes": ("minimum_coverage = 0.9", "certifies = 1", "certifies"),
    "coverage beyond all": ("minimum_coverage = 0.9", "minimum_coverage = 90", "minimum_coverage"),
    "no confidence": ("confidence = 0.99", "confidence = 1", "confidence"),
    "no digest": ("sha256:1", "md5:1", "subject.image"),
    "no signer": ("threshold = 2", "threshold = 0", "threshold"),
    "no TOML": ("[environments.staging]", "[environments.staging", "is not TOML"),
    "a criterion twice": ('id = "latency.p99"', 'id = "crisis.false_positive_rate"', "twice"),
    "a control twice": ('["164.312(b)"]', '["164.312(b)", "164.312(b)"]', "twice"),
    "no demand": ('demand = "no-fail"\n', "", "demand is missing"),
}


@pytest.mark.parametrize(("old", "new", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_refused_by_name_and_field(load, old, new, message):
    assert old in TEXT
    with pytest.raises(PolicyError, match=re.escape(message)) as caught:
        load(TEXT.replace(old, new, 1))
    assert "clinigate-policy.toml" in str(caught.value)


@pytest.mark.parametrize(
    "criteria",
    ["", '\n[[criteria]]\nid = "latency.p99"\ndemand = "report"\n'],
)
def test_a_policy_that_requires_nothing_is_refused(load, criteria):
    text = f'schema = "clinigate.policy/1"\nname = "empty"\n{criteria}\n[environments.staging]\n'
    with pytest.raises(PolicyError, match="requires nothing"):
        load(text, "staging")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"latency.p99"', '"latency.p90"', "did you mean 'latency.p99'?"),
        ('scope = "catalogue"', 'scope = "unseen"', "latency.p99 speaks of the scope catalogue"),
        ('id = "latency.p99"', 'id = "safety.compliance"\nlimit = 0.9', "zero tolerance means"),
    ],
)
def test_what_no_criterion_takes_is_refused(load, old, new, message):
    policy = load(TEXT.replace(old, new, 1))
    with pytest.raises(PolicyError, match=re.escape(message)) as caught:
        policy.criteria(CRITERIA)
    assert "clinigate-policy.toml: environments.production, criterion" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "environment", "message"),
    [
        ("defualt", "production", "did you mean 'default'?"),
        (
            "nothing-like-it",
            "production",
            "known are default, demo, demo-all-stages, demo-resilience, fork, pr",
        ),
        ("missing.toml", "production", "missing.toml: no such file"),
        ("default", "prodution", "did you mean 'production'?"),
        ("demo", "production", "says nothing of the environment 'production'; it has development"),
    ],
)
def test_a_policy_that_is_not_there(name, environment, message):
    with pytest.raises(PolicyError, match=re.escape(message)):
        load_policy(name, environment)


# ---- built-in ------------------------------------------------------------------------------


#: Of a service that scores none nothing can be shown.
INSTRUMENTS = {each.id for each in CRITERIA if each.id.startswith("instruments.")}


def test_the_strict_policy_demands_everything_where_patients_are():
    policy = load_policy("default", "production")
    assert {each.id for each in policy.demands} == {each.id for each in CRITERIA}
    lesser = {each.id for each in policy.demands if each.demand is not Demand.REQUIRED}
    assert lesser == {*INSTRUMENTS, "dialogue.with_model"}
    assert {policy.demand_of(each) for each in INSTRUMENTS} == {Demand.NO_FAIL}
    assert policy.certifies
    assert policy.require_signed
    for environment in ("development", "staging"):
        other = load_policy("default", environment)
        lesser = {each.id for each in other.demands if each.demand is not Demand.REQUIRED}
        assert lesser == {
            "crisis.false_negative_rate.unseen",
            "dialogue.with_model",
            "fairness.wording_difference",
            "safety.escalation",
            *INSTRUMENTS,
        }


def test_the_demo_lists_what_it_cannot_show():
    policy = load_policy("demo", "development")
    demands = {each.id: each.demand for each in policy.demands}
    assert demands.keys() == {*(each.id for each in CRITERIA), "phi.leaks"}
    assert {each for each in demands if demands[each] is Demand.REPORT} == {
        "crisis.false_negative_rate.unseen",
        "therapy.empathy",
    }
    assert {each for each in demands if demands[each] is Demand.NO_FAIL} == {
        "dialogue.with_model",
        "latency.p99",
    }
    assert policy.require_signed
    shipped = (*CRITERIA, *producer_criteria())
    assert criterion(policy, "safety.compliance", shipped).min_n == 598


def test_a_pull_requests_policy_never_certifies():
    assert not load_policy("pr", "development").certifies
    for environment in ("staging", "production"):
        with pytest.raises(PolicyError, match="says nothing of the environment"):
            load_policy("pr", environment)


@pytest.mark.parametrize("name", BUILT_IN)
def test_no_built_in_policy_is_looser_than_the_criteria(name):
    """Sample sizes aside: a pull request's sample is small and says so."""
    policy = load_policy(name, "development")
    shipped = (*CRITERIA, *producer_criteria())
    for ours in policy.criteria(shipped):
        (usual,) = (each for each in shipped if each.id == ours.id)
        assert replace(ours, min_n=usual.min_n) == usual


# ---- tightening -----------------------------------------------------------------------------


@given(st.floats(0.001, 1))
def test_an_option_tightens_or_is_refused(limit):
    policy = load_policy("default", "production").tightened({"crisis.false_positive_rate": limit})
    if limit <= 0.10:
        assert criterion(policy, "crisis.false_positive_rate").limit == limit
    else:
        with pytest.raises(UsageError, match="looser"):
            policy.criteria(CRITERIA)


def test_a_bias_option_is_demographic_parity_alone():
    """Equalized odds keeps its own limit."""
    policy = load_policy("default", "production")
    tight = policy.tightened({"fairness.demographic_parity_difference": 0.04})
    assert criterion(tight, "fairness.demographic_parity_difference").limit == 0.04
    assert criterion(tight, "fairness.equalized_odds_difference").limit == 0.03


def test_an_option_makes_what_the_policy_does_not_name_required(load):
    policy = load(TEXT).tightened({"emotion.accuracy": 0.97})
    assert policy.demand_of("emotion.accuracy") is Demand.REQUIRED
    assert criterion(policy, "emotion.accuracy").limit == 0.97
    kept = load(TEXT).tightened({"latency.p99": 0.05})
    assert kept.demand_of("latency.p99") is Demand.NO_FAIL


def test_an_expected_digest_adds_and_never_replaces(load):
    policy = load(TEXT).tightened({}, subject_digests={"model": "sha256:" + "2" * 64})
    assert set(policy.subject_digests) == {"image", "model"}
    with pytest.raises(UsageError, match="expects sha256:1111"):
        load(TEXT).tightened({}, subject_digests={"image": "sha256:" + "2" * 64})


def test_the_digest_follows_what_decides(load):
    policy = load(TEXT)
    assert load(TEXT + "# a comment\n").digest == policy.digest
    assert replace(policy, source="elsewhere.toml").digest == policy.digest
    changed = [
        load(TEXT.replace("0.05", "0.04")),
        load(TEXT, "staging"),
        policy.tightened({"latency.p99": 0.05}),
    ]
    assert len({policy.digest, *(each.digest for each in changed)}) == 4


def test_deciding_needs_no_pydantic():
    """The gate's core starts light; pydantic loads where a file is read."""
    code = (
        "import sys, clinigate.gate.decision;"
        "print([m for m in ('numpy', 'pydantic', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
