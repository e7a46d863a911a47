"""Which build is deployed, by those who can know: the cluster, the service itself, the pipeline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinigate.config.model import check_digest
from clinigate.config.production import VersionTable, WorkloadTable
from clinigate.core.measurement import Kind, Measurement
from clinigate.delivery.service import ask_json, found
from clinigate.errors import ConfigError, MissingExtraError, TargetError

if TYPE_CHECKING:
    from clinigate.config.target import HttpSpec, OpenAISpec

__all__ = ["Told", "compared", "of_cluster", "of_service"]

_IMAGE_DIGEST = re.compile(r"sha256:[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True)
class Told:
    """One digest, as somebody tells it.

    Attributes:
        name: as in `[subject] digests`. by: who tells it.
        digest: what is told; None where they cannot, and then `trouble` says why.
    """

    name: str
    by: str
    digest: str | None
    trouble: str = ""


def of_service(
    spec: HttpSpec | OpenAISpec, table: VersionTable, *, base_dir: Path
) -> tuple[Told, ...]:
    """Ask the service itself."""
    by = f"the service ({table.path})"
    try:
        document = ask_json(spec, table.path, base_dir=base_dir)
    except TargetError as error:
        return tuple(Told(name, by, None, str(error)) for name in table.digests)
    return tuple(_told(name, by, found(document, path)) for name, path in table.digests.items())


def of_cluster(table: WorkloadTable, *, base_dir: Path) -> tuple[Told, ...]:
    """Ask the cluster which image every running pod of a Deployment was started from.

    The image of the Deployment is what somebody wants; a pod's `imageID` is what runs.

    Raises:
        MissingExtraError: the Kubernetes client is not installed.
        ConfigError: the kubeconfig cannot be read.
    """
    by = f"the cluster (deployment {table.namespace}/{table.deployment})"
    try:
        images = set(_images(table, base_dir))
    except TargetError as error:
        return (Told(table.digest, by, None, str(error)),)
    if not images:
        return (Told(table.digest, by, None, "no pod of it runs"),)
    return tuple(_told(table.digest, by, image) for image in sorted(images))


def compared(metric: str, expected: Mapping[str, str], told: Sequence[Told]) -> Measurement:
    """Return how many digests differ from what was evaluated; one that nobody tells is left out."""
    answered = [each for each in told if each.digest is not None]
    wrong = [each for each in answered if expected.get(each.name) != each.digest]
    silent = [each for each in told if each.digest is None]
    unknown = sorted(set(expected) - {each.name for each in told})
    return Measurement(
        metric,
        Kind.CENSUS,
        float(len(wrong)) if answered else None,
        len(answered),
        unit="digests",
        events=len(wrong),
        excluded=len(silent) + len(unknown),
        caveats=tuple(_words(expected, wrong, silent, unknown)),
    )


def _words(
    expected: Mapping[str, str],
    wrong: Sequence[Told],
    silent: Sequence[Told],
    unknown: Sequence[str],
) -> Iterator[str]:
    for each in wrong:
        stands = expected.get(each.name, "nothing of that name")
        yield f"{each.name}: {each.by} runs {each.digest}, evaluated was {stands}"
    for each in silent:
        yield f"{each.name}: {each.by} does not tell: {each.trouble}"
    for name in unknown:
        yield f"{name}: nobody was asked which one is deployed"


def _told(name: str, by: str, value: object) -> Told:
    text = str(value) if value is not None else ""
    match = _IMAGE_DIGEST.search(text)
    digest = match.group(0) if match else text
    try:
        return Told(name, by, check_digest(digest))
    except ValueError:
        return Told(
            name,
            by,
            None,
            f"it tells {text[:80]!r}, which is no digest" if text else "it says nothing of it",
        )


def _images(table: WorkloadTable, base_dir: Path) -> Iterator[str]:
    try:
        from kubernetes import client, config
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError
    except ImportError:
        raise MissingExtraError("[production.workload]", "security") from None
    try:
        api = _api(table, base_dir, client, config)
    except (config.ConfigException, OSError) as error:
        raise ConfigError(
            f"[production.workload] kubeconfig: {type(error).__name__}; name a readable one"
        ) from None
    try:
        deployment = client.AppsV1Api(api).read_namespaced_deployment(
            table.deployment, table.namespace
        )
        wanted = deployment.spec.selector.match_labels or {}
        selector = ",".join(f"{key}={value}" for key, value in wanted.items())
        if not selector:
            raise TargetError("its selector names no label")
        pods = client.CoreV1Api(api).list_namespaced_pod(table.namespace, label_selector=selector)
    except ApiException as error:
        raise TargetError(f"the cluster answers {error.status} ({error.reason})") from None
    except HTTPError as error:
        raise TargetError(f"the cluster does not answer ({type(error).__name__})") from None
    for pod in pods.items:
        if pod.metadata is not None and pod.metadata.deletion_timestamp is None:
            yield _image(pod, table.container)


def _image(pod: Any, container: str | None) -> str:
    states = [
        each
        for each in pod.status.container_statuses or []
        if container is None or each.name == container
    ]
    if len(states) != 1:
        return f"{len(states)} containers of pod {pod.metadata.name}"
    return states[0].image_id or f"no image of pod {pod.metadata.name} yet"


def _api(table: WorkloadTable, base_dir: Path, client: Any, config: Any) -> Any:
    if table.kubeconfig is None and table.context is None:
        config.load_incluster_config()
        return client.ApiClient()
    path = None if table.kubeconfig is None else str(base_dir / table.kubeconfig)
    return config.new_client_from_config(config_file=path, context=table.context)
