"""What a stranger on the network could read or pretend, by the `[target]` table."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from clinigate.config.target import EnvRef, HttpSpec, OpenAISpec, ServiceSpec, TargetSpec

__all__ = ["exposures"]


def exposures(spec: TargetSpec) -> Iterator[str]:
    """Yield a sentence for each credential or answer that the network is trusted with."""
    if not isinstance(spec, HttpSpec | OpenAISpec):
        return
    if not spec.tls.verify:
        yield (
            "[target.tls] verify = false: anybody on the way can pose as the service and answer "
            "for it; name its authority with ca_file"
        )
    if _in_clear(spec.base_url) and _holds_credentials(spec):
        yield f"{_host(spec.base_url)} is sent credentials unencrypted; use https in base_url"
    oauth2 = spec.auth.oauth2
    if oauth2 is not None and _in_clear(oauth2.token_url):
        host = _host(oauth2.token_url)
        yield f"{host} is sent a client secret unencrypted; use https in token_url"


def _in_clear(url: str) -> bool:
    return urlsplit(url).scheme == "http" and not _is_loopback(_host(url))


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _holds_credentials(spec: ServiceSpec) -> bool:
    auth, quota = spec.auth, spec.limits.evaluator_header
    values = [*auth.headers.values(), *([quota.value] if quota else [])]
    return bool(auth.bearer_env or auth.oauth2 or any(isinstance(v, EnvRef) for v in values))
