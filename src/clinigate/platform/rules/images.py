"""Images: what was tested is what runs, so that each is named by more than a moving tag."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clinigate.core.flaw import FlawSeverity
from clinigate.platform.manifests import Manifests
from clinigate.platform.resource import ManifestShapeError, Resource
from clinigate.platform.rule import Judged, breaks, each, keeps, topic
from clinigate.platform.workloads import ALL_WORKLOADS, Container, workload_of

__all__ = ["IMAGES", "digest_of", "tag_of"]

IMAGES = topic(
    "platform.images",
    title="No image is `latest`, and all have a digest where that is required",
    controls=("164.312(c)(1)", "11.10(a)", "CC8.1"),
)

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


def tag_of(image: str) -> str | None:
    """Return the tag of an image's name; a registry's port is none."""
    name = image.partition("@")[0]
    last = name.rpartition("/")[2]
    return last.partition(":")[2] or None


def digest_of(image: str) -> str | None:
    """Return the digest of an image's name; None where it has none, or one that cannot be."""
    digest = image.partition("@")[2]
    return digest if _DIGEST.fullmatch(digest) else None


@each("CG-PLAT-IMAGE-001", IMAGES, kinds=ALL_WORKLOADS, severity=FlawSeverity.HIGH)
def no_latest(resource: Resource, _manifests: Manifests) -> Iterator[Judged]:
    """No image is `latest`, which it also is without a tag. A digest pins it, whatever the tag."""
    for container, image in _images(resource):
        tag = tag_of(image)
        if digest_of(image) is None and tag in (None, "latest"):
            yield breaks(
                container["image"],
                f"its image {_said(image, tag)}: what runs changes without anybody's doing",
                "name the image by its digest, as chat:1.4.2@sha256:…",
                unit=container.unit,
            )
        yield keeps(container.unit)


@each("CG-PLAT-IMAGE-002", IMAGES, kinds=ALL_WORKLOADS)
def pinned_by_digest(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """An image is pinned by its digest: a tag can be pushed again, and evidence speaks of bytes.

    For information, unless `[platform] require_digests` asks for it: a tag that moves never, as
    registries with immutable tags promise, does as well, and no manifest shows that.
    """
    severity = None if manifests.expectations.require_digests else FlawSeverity.INFO
    for container, image in _images(resource):
        if digest_of(image) is None and tag_of(image) not in (None, "latest"):
            yield breaks(
                container["image"],
                "its image is named by a tag alone, which somebody can push again",
                "add the digest, as chat:1.4.2@sha256:…",
                unit=container.unit,
                severity=severity,
            )
        yield keeps(container.unit)


def _said(image: str, tag: str | None) -> str:
    if "@" in image:
        return "has a digest that is cut short or none, and no other tag"
    return "is latest" if tag else "has no tag, which is latest"


def _images(resource: Resource) -> Iterator[tuple[Container, str]]:
    workload = workload_of(resource)
    for container in () if workload is None else workload.all_containers:
        image = container["image"].text
        if image is None:
            raise ManifestShapeError(
                f"{container.unit}: an image is wanted, found none; a controller or a webhook may "
                "fill it in, and what it takes is not seen here"
            )
        if "$" in image:
            raise ManifestShapeError(
                f"{container['image'].place}: an image is wanted, found a variable that somebody "
                "fills in later"
            )
        yield container, image
