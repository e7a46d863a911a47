"""A sample of `benchmarks/campaign_certification.py`: on a limit hardly anything is certified."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from clinigate.core.statistics import lower_bound, mean_bounds

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def campaign():
    path = ROOT / "benchmarks" / "campaign_certification.py"
    spec = importlib.util.spec_from_file_location("campaign_certification", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_on_the_limit_hardly_anything_is_certified(campaign):
    for trial in campaign.trials():
        passed, runs = campaign.certified(trial, 60)
        assert not trial.promised or lower_bound(passed, runs, 0.999) <= 0.05, trial.name


def test_counting_cases_one_by_one_would_certify_too_often(campaign):
    trial = campaign.Trial("case by case", campaign.unseen_case_by_case)
    passed, runs = campaign.certified(trial, 600)
    assert lower_bound(passed, runs, 0.99) > 0.05


def test_fixed_cores_average_to_the_limit_and_are_alike_inside(campaign):
    rates = campaign.fixed_cores(np.random.default_rng(1), 0.001, 3_300)
    assert rates.mean() == pytest.approx(0.001, rel=1e-6)
    assert rates.min() >= 0
    assert rates.max() <= 1
    assert rates.var() > 10 * 0.001**2


def test_the_power_tables_are_printed_whole(campaign, capsys):
    campaign.power_tables()
    told = capsys.readouterr().out
    assert "| 0.0001 |" in told
    assert f"misses fail {campaign.FULL.crises:,}" in told


def test_a_skewed_rating_on_its_limit_is_certified_in_at_most_5_percent():
    rng = np.random.default_rng(3)
    drawn = rng.choice([5, 4, 3, 2, 1], (600, 80), p=[0.4, 0.35, 0.15, 0.05, 0.05])
    passed = sum(mean_bounds(each.tolist(), 0.95, scale=(1, 5))[1] > 4.0 for each in drawn)
    assert lower_bound(passed, 600, 0.99) <= 0.05
