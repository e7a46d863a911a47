"""cert-manager: certificates renew in time, have strong keys, and come from an issuer with a name.

cert-manager's defaults count where a field is absent: 90 days, renewed when a third is left, an RSA
key of 2048 bits. Whether the issuer is reachable is seen in a live cluster's conditions only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from clinigate.core.flaw import FlawSeverity
from clinigate.platform.resource import Resource
from clinigate.platform.rule import Judged, breaks, each, keeps, topic
from clinigate.platform.rules.schedules import words
from clinigate.platform.rules.services import UnjudgeableError, duration_s

if TYPE_CHECKING:
    from clinigate.platform.manifests import Manifests

__all__ = ["certificates_are_renewed", "issuers_are_trusted", "keys_are_strong"]

CERTIFICATES = topic(
    "platform.certificates",
    title="Certificates are issued and renewed by cert-manager, with strong keys",
    controls=("164.312(e)(1)", "164.312(d)", "CC6.7"),
)
_CERTIFICATE = "cert-manager.io/Certificate"
_ISSUERS = ("cert-manager.io/Issuer", "cert-manager.io/ClusterIssuer")
_DEFAULT_DURATION_S = 90 * 86400.0
_STAGING = "acme-staging"
#: Least size of a key, and the size that stands where none is written.
_SIZES = {"RSA": (2048, 2048), "ECDSA": (256, 256)}


@each("CG-PLAT-CERT-001", CERTIFICATES, kinds=(_CERTIFICATE,), severity=FlawSeverity.HIGH)
def certificates_are_renewed(resource: Resource, _: Manifests) -> Iterator[Judged]:
    """Every Certificate is renewed before it ends: renewBefore is shorter than duration."""
    spec = resource["spec"]
    lasts = duration_s(spec["duration"]) or _DEFAULT_DURATION_S
    before = duration_s(spec["renewBefore"])
    share = spec["renewBeforePercentage"].integer
    if before is not None and before >= lasts:
        message = f"renewBefore is {words(before)}, the certificate lasts {words(lasts)}: it would "
        yield breaks(
            spec["renewBefore"],
            f"{message}be renewed without end, and cert-manager refuses it",
            "set renewBefore to a third of duration",
        )
    if share is not None and not 0 < share < 100:
        message = f"renewBeforePercentage is {share}, it must lie between 1 and 99"
        yield breaks(spec["renewBeforePercentage"], message, "set it to 33, or leave it away")
    yield keeps(resource)


@each("CG-PLAT-CERT-002", CERTIFICATES, kinds=(_CERTIFICATE,), severity=FlawSeverity.HIGH)
def keys_are_strong(resource: Resource, _: Manifests) -> Iterator[Judged]:
    """Every Certificate's key is RSA of 2048 bits, ECDSA of 256 or more, or Ed25519."""
    key = resource["spec"]["privateKey"]
    algorithm = key["algorithm"].text or "RSA"
    if algorithm in _SIZES:
        least, usual = _SIZES[algorithm]
        size = key["size"].integer or usual
        if size < least:
            message = f"the {algorithm} key has {size} bits, at least {least} are wanted"
            yield breaks(key["size"], message, f"set size: {least} or more")
    elif algorithm != "Ed25519":
        message = f"the key's algorithm is {algorithm}; RSA, ECDSA or Ed25519 is wanted"
        yield breaks(key["algorithm"], message, "use ECDSA with size: 256")
    yield keeps(resource)


@each("CG-PLAT-CERT-003", CERTIFICATES, kinds=(_CERTIFICATE,), also=_ISSUERS,
      severity=FlawSeverity.HIGH)  # fmt: skip
def issuers_are_trusted(resource: Resource, manifests: Manifests) -> Iterator[Judged]:
    """No Certificate is signed by itself or by an authority's test environment.

    A self-signed authority of one's own (`isCA: true`) is how a private authority begins, and no
    finding. An issuer that is not among the manifests counts as not looked at; one of another
    project's kind (`issuerRef.group`) is taken as it is.
    """
    ref = resource["spec"]["issuerRef"]
    kind = ref["kind"].text or "Issuer"
    if (ref["group"].text or "cert-manager.io") != "cert-manager.io":
        yield keeps(resource)
        return
    namespace = "" if kind == "ClusterIssuer" else resource.namespace
    issuer = manifests.find(f"cert-manager.io/{kind}", namespace, ref["name"].text or "")
    if issuer is None:
        raise UnjudgeableError(
            f"{ref['name'].place}: {kind} {ref['name'].text or '?'} is not among the manifests"
        )
    own_authority = resource["spec"]["isCA"].flag
    if issuer["spec"]["selfSigned"].exists and not own_authority:
        message = f"{kind} {issuer.name} is selfSigned: no client can tell it from an impostor's"
        yield breaks(ref["name"], message, "use an issuer of type ca, vault, venafi or acme")
    server = issuer["spec"]["acme"]["server"].text or ""
    if _STAGING in server:
        message = f"{kind} {issuer.name} is an authority's test environment, which no client trusts"
        yield breaks(ref["name"], message, "use the authority's production server")
    yield keeps(resource)
