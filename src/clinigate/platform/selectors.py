"""Which labels a selector selects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from clinigate.platform.resource import Field, ManifestShapeError, Resource

if TYPE_CHECKING:
    from clinigate.platform.manifests import Manifests
    from clinigate.platform.workloads import Workload

__all__ = ["is_everything", "selects", "services_of"]


def selects(selector: Field, labels: Mapping[str, str]) -> bool:
    """Whether a `LabelSelector` (matchLabels, matchExpressions) selects these labels.

    An empty selector selects everything, an absent one nothing, as the API has it.

    Raises:
        ManifestShapeError: it is no selector.
    """
    if not selector.exists:
        return False
    stated = selector["matchLabels"].texts.items()
    return stated <= labels.items() and all(
        _holds(each, labels) for each in selector["matchExpressions"]
    )


def is_everything(selector: Field) -> bool:
    """Whether a selector is there and empty: it selects whatever there is."""
    return selector.exists and not any(
        selector[part].value for part in ("matchLabels", "matchExpressions")
    )


def services_of(workload: Workload, manifests: Manifests) -> Iterator[Resource]:
    """Yield the Services that send a workload's pods requests; one without a selector sends none.

    Raises:
        ManifestShapeError: a selector or the labels are none.
    """
    labels = workload.labels.items()
    for service in manifests.within(workload.namespace, "Service"):
        selector = service["spec"]["selector"].texts
        if selector and selector.items() <= labels:
            yield service


def _holds(expression: Field, labels: Mapping[str, str]) -> bool:
    key = expression["key"].text or ""
    values = expression["values"].list_of_texts
    match expression["operator"].text:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            raise ManifestShapeError(
                f"{expression.place}: operator is none of In, NotIn, Exists, DoesNotExist"
            )
