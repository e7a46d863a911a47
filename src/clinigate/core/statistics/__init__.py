"""Statistics for certification: exact, one-sided, and honest about what too little data can say.

`confidence` is one-sided everywhere: 0.95 means that a bound is wrong in at most 5% of the runs.
Pure Python; only `calibration_error`, `drift.mean_discrepancy` and the permutations load numpy
(extra `stats`), when they are called.

==================  ================================================================
rates               events of n independent cases: exact bounds, cases still needed
quantiles           latencies: bounds by order statistics
clusters            variants of one core: the core is the case
differences         parity and equalized odds, paired counterfactuals or not
parity_planning     the gap chance alone shows; scenarios still needed
permutation         groups exchanged: evidence of bias, and what chance shows
score_gaps          probabilities of groups, paired; bounds of any bounded mean
calibration         scores against frequencies
means               ratings
agreement           raters among each other: weighted kappa with its bound, alpha
rectified           what people would have said, by a judge of known mistakes
paired              two builds asked the same cases: what is lost
drift               whether two samples differ, and how far apart they may be
sequential          when a count has failed already, whatever the rest would show
special             the beta and t quantiles that all of these rest on
==================  ================================================================

What this package does not correct for is the number of criteria a run judges: each holds at its
own confidence.
"""

from __future__ import annotations

from clinigate.core.statistics.calibration import (
    CALIBRATION_N_TO_CERTIFY,
    CALIBRATION_N_TO_JUDGE,
    CalibrationError,
    calibration_error,
)
from clinigate.core.statistics.clusters import (
    any_event,
    cluster_bounds,
    design_effect,
    effective_n,
    intra_cluster_correlation,
)
from clinigate.core.statistics.differences import (
    EqualizedOdds,
    Parity,
    paired_equalized_odds,
    paired_parity,
    unpaired_equalized_odds,
    unpaired_parity,
)
from clinigate.core.statistics.means import mean_bounds, mean_need_n
from clinigate.core.statistics.parity_planning import (
    expected_max_difference,
    paired_parity_need_n,
    unpaired_parity_need_n,
)
from clinigate.core.statistics.quantiles import (
    allowed_exceedances,
    quantile_bounds,
    quantile_need_n,
)
from clinigate.core.statistics.rates import (
    adjusted_upper_bound,
    lower_bound,
    max_events,
    need_n,
    need_n_at_least,
    upper_bound,
)
from clinigate.core.statistics.special import (
    betainc,
    betaincinv,
    normal_quantile,
    student_t_quantile,
)

__all__ = [
    "CALIBRATION_N_TO_CERTIFY",
    "CALIBRATION_N_TO_JUDGE",
    "CalibrationError",
    "EqualizedOdds",
    "Parity",
    "adjusted_upper_bound",
    "allowed_exceedances",
    "any_event",
    "betainc",
    "betaincinv",
    "calibration_error",
    "cluster_bounds",
    "design_effect",
    "effective_n",
    "expected_max_difference",
    "intra_cluster_correlation",
    "lower_bound",
    "max_events",
    "mean_bounds",
    "mean_need_n",
    "need_n",
    "need_n_at_least",
    "normal_quantile",
    "paired_equalized_odds",
    "paired_parity",
    "paired_parity_need_n",
    "quantile_bounds",
    "quantile_need_n",
    "student_t_quantile",
    "unpaired_equalized_odds",
    "unpaired_parity",
    "unpaired_parity_need_n",
    "upper_bound",
]
