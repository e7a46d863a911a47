"""Measuring beside the system under test: what it did, and what the host did meanwhile.

==============  =====================================================================
histogram       durations with exact counts, mergeable; quantiles and their bounds
arrivals        when requests are due: constant, Poisson, bursty; rates that change
prober          asks on schedule whatever is under way
timeline        what was asked and what was done meanwhile, on one clock
timelinefile    the same as lines of a file, written as they happen
recovery        RTO, lost writes, error budget: pure arithmetic
scheduleguard   whether a load generator kept its own schedule
hostguard       how long this host kept a program waiting for a processor
exhibits        the numbers behind a report's figures
==============  =====================================================================
"""

from __future__ import annotations

from clinigate.measure.hostguard import HostDelay, HostGuard

__all__ = ["HostDelay", "HostGuard"]
