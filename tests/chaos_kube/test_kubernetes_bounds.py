"""Budgets and identities by themselves, without an API behind them."""

from __future__ import annotations

from typing import Any, cast

import pytest
from chaos_kube_support import fault_spec

from clinigate.chaos.drivers.base import DriverOptions, Victim
from clinigate.chaos.drivers.kubernetes import KubernetesDriver
from clinigate.chaos.drivers.kubernetes_api import Api
from clinigate.chaos.drivers.kubernetes_faults import Injection
from clinigate.chaos.drivers.kubernetes_flight import flight_id
from clinigate.chaos.drivers.kubernetes_rails import check_budgets
from clinigate.errors import UsageError

VICTIM = Victim("pod/c/api-1", "api-1", {"app": "api"}, "uid-1", "c/Deployment/api")


class OneBudget:
    """An API that lists one disruption budget without room."""

    def __init__(self, selector: dict[str, Any] | None) -> None:
        self._spec = {} if selector is None else {"selector": selector}

    def get(self, path: str, doing: str) -> Any:
        return {"items": [{"metadata": {"name": "b"}, "spec": self._spec}]}


EXPRESSION = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["api"]}]}


@pytest.mark.parametrize("selector", [{}, EXPRESSION, {"matchLabels": {"app": "api"}}])
def test_a_budget_counts_whatever_its_selector_is_written_in(selector: dict[str, Any]) -> None:
    """An empty selector means all pods; expressions may count too many and never too few."""
    with pytest.raises(UsageError, match=r"'b' allows 0 pod\(s\) to go now, and 1 would"):
        check_budgets(cast("Api", OneBudget(selector)), "c", (VICTIM,))


@pytest.mark.parametrize("selector", [None, {"matchLabels": {"app": "web"}}])
def test_a_budget_of_others_binds_nobody_here(selector: dict[str, Any] | None) -> None:
    check_budgets(cast("Api", OneBudget(selector)), "c", (VICTIM,))


def test_two_runs_on_the_same_pods_are_told_apart() -> None:
    """Otherwise the undo of one would end the other's lease and dead man's switch."""
    fault = fault_spec("pod.kill")
    one, two = (flight_id(fault, (VICTIM,), flight) for flight in ("a", "b"))
    assert one != two
    api = object.__new__(Api)
    driver = KubernetesDriver("localkube", api, ("c",), DriverOptions(settings={"flight": "a"}))
    at = Injection(api, "c", fault, (VICTIM,), driver.flight)
    assert at.identity == one
