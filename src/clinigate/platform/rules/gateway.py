"""Kong: every way in is limited, asks for a token with a scope, and is written down.

Judged are Kong's own plugins. Whether the log's receiver keeps what it gets, and how long tokens of
an outside identity provider live (`openid-connect`), is not seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from clinigate.core.flaw import FlawSeverity
from clinigate.platform.rule import Judged, breaks, keeps, rule, topic
from clinigate.platform.rules.gateway_kong import KINDS, Door, Plugin, doors, plugins
from clinigate.platform.rules.services import UnjudgeableError, number, one_by_one
from clinigate.platform.workloads import ALL_WORKLOADS

if TYPE_CHECKING:
    from clinigate.platform.manifests import Manifests
    from clinigate.platform.workloads import Workload

__all__ = ["every_door_is_guarded", "limits_are_kept", "requests_are_logged", "tokens_are_scoped"]

GATEWAY = topic(
    "platform.gateway",
    title="The gateway limits, authorizes and logs every request",
    controls=("164.312(a)(1)", "164.312(b)", "164.312(d)", "CC6.6"),
)
_PER_MINUTE, _PER_HOUR, _TOKEN_S = 100, 1000, 3600
_LIMITERS = ("rate-limiting", "rate-limiting-advanced")
_WINDOWS_S = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "month": 30 * 86_400,
    "year": 365 * 86_400,
}
#: Kong's own default where token_expiration is absent.
_DEFAULT_TOKEN_S = 7200
#: What a way in needs, by the plugins of which one is enough.
_DUE = (
    ("no limit of requests", _LIMITERS, "add rate-limiting with minute: 100 and hour: 1000"),
    (
        "no OAuth 2 scope",
        ("oauth2", "openid-connect"),
        "add oauth2 with mandatory_scope, or openid-connect with scopes_required",
    ),
    ("no HTTP audit log", ("http-log",), "add http-log with the address of the audit store"),
)


@rule("CG-PLAT-GATEWAY-001", GATEWAY, kinds=KINDS, severity=FlawSeverity.HIGH)
def every_door_is_guarded(manifests: Manifests) -> Iterator[Judged]:
    """Every route of Kong has a rate limit, OAuth 2 and an HTTP audit log acting on it.

    At the route, at its service, or globally. A route to nothing but health checks needs none.
    """
    yield from one_by_one(doors(manifests), _guards)


def _guards(door: Door) -> Iterator[Judged]:
    for lack, enough, fix in () if door.only_health else _DUE:
        if door.plugins.intersection(enough):
            continue
        if door.unknown:
            names = ", ".join(door.unknown)
            raise UnjudgeableError(f"{door.unit}: it names {names}, not among the manifests")
        yield breaks(door.at, f"{lack} acts on it", fix, unit=door.unit)
    yield keeps(door.unit)


@rule("CG-PLAT-GATEWAY-002", GATEWAY, kinds=KINDS, severity=FlawSeverity.HIGH)
def limits_are_kept(manifests: Manifests) -> Iterator[Judged]:
    """A rate limit is at most 100 requests a minute and 1,000 an hour.

    A shorter or longer window that implies the limit is as good. A limit that each proxy counts on
    its own (`policy: local`) is named and does not count: several proxies multiply it.
    """
    yield from one_by_one(_named(manifests, *_LIMITERS), _limiter)


def _limiter(plugin: Plugin) -> Iterator[Judged]:
    limits = tuple(_limits(plugin))
    for most, window_s, word in ((_PER_MINUTE, 60, "minute"), (_PER_HOUR, 3600, "hour")):
        found = min((_at_most(each, window_s) for each in limits), default=math.inf)
        if found > most:
            seen = "unlimited" if found == math.inf else f"up to {found:g}"
            field = plugin.config[word if plugin.name == _LIMITERS[0] else "limit"]
            message = f"{seen} requests per {word}, at most {most:,} is promised"
            yield breaks(field, message, f"set {word}: {most}", unit=plugin.unit)
    policy = plugin.config["policy"]
    if plugin.name == _LIMITERS[0] and (policy.text or "local") == "local":
        message = "each proxy counts on its own: several proxies multiply the limit"
        fix = "set policy: redis where more than one proxy runs"
        yield breaks(policy, message, fix, unit=plugin.unit, severity=FlawSeverity.INFO)
    yield keeps(plugin.unit)


def _limits(plugin: Plugin) -> Iterator[tuple[float, float]]:
    """Pairs of limit and window in seconds."""
    _refuse_hidden(plugin)
    config = plugin.config
    if plugin.name == _LIMITERS[0]:
        for word, window_s in _WINDOWS_S.items():
            limit = number(config[word])
            if limit is not None:
                yield limit, window_s
        return
    limits = [number(each) for each in config["limit"]]
    windows = [number(each) for each in config["window_size"]]
    for limit, window in zip(limits, windows, strict=False):
        if limit is not None and window:
            yield limit, window


def _at_most(limit: tuple[float, float], window_s: float) -> float:
    """Requests that a limit lets through in a window, at most."""
    most, own_s = limit
    return most * math.ceil(window_s / own_s)


@rule("CG-PLAT-GATEWAY-003", GATEWAY, kinds=(*KINDS, *ALL_WORKLOADS), severity=FlawSeverity.HIGH)
def tokens_are_scoped(manifests: Manifests) -> Iterator[Judged]:
    """OAuth 2 demands a scope, and its tokens end within an hour; nobody comes in anonymously."""
    found = tuple(_named(manifests, "oauth2", "openid-connect"))
    yield from one_by_one(found, _tokens)
    if any(_runs_without_database(each) for each in manifests.workloads):
        for plugin in found:
            if plugin.name == "oauth2":
                message = "Kong runs without a database (KONG_DATABASE=off), where oauth2 keeps no "
                fix = "use openid-connect, or give Kong a database"
                yield breaks(plugin.at, f"{message}token and does not work", fix, unit=plugin.unit)


def _runs_without_database(workload: Workload) -> bool:
    return any(
        entry["name"].text == "KONG_DATABASE" and entry["value"].value in ("off", False)
        for container in workload.containers
        for entry in container["env"]
    )


def _tokens(plugin: Plugin) -> Iterator[Judged]:
    _refuse_hidden(plugin)
    if plugin.name == "oauth2":
        yield from _own_tokens(plugin)
    elif not plugin.config["scopes_required"].value:
        field = plugin.config["scopes_required"]
        fix = "name the scopes in scopes_required"
        yield breaks(field, "no scope is demanded", fix, unit=plugin.unit)
    if plugin.config["anonymous"].text:
        field = plugin.config["anonymous"]
        message = "who has no valid token is let in as an anonymous consumer"
        yield breaks(field, message, "leave anonymous away", unit=plugin.unit)
    yield keeps(plugin.unit)


def _own_tokens(plugin: Plugin) -> Iterator[Judged]:
    config = plugin.config
    if config["mandatory_scope"].flag is not True or not config["scopes"].value:
        message = "a token without a scope is taken; mandatory_scope and scopes are wanted"
        fix = "set mandatory_scope: true and list the scopes"
        yield breaks(config["mandatory_scope"], message, fix, unit=plugin.unit)
    lasts = number(config["token_expiration"])
    lasts = _DEFAULT_TOKEN_S if lasts is None else lasts
    if not 0 < lasts <= _TOKEN_S:
        found = "for ever" if lasts == 0 else f"{lasts:g} s"
        message = f"a token lasts {found}, at most {_TOKEN_S} s is promised"
        fix = f"set token_expiration: {_TOKEN_S}"
        yield breaks(config["token_expiration"], message, fix, unit=plugin.unit)


@rule("CG-PLAT-GATEWAY-004", GATEWAY, kinds=KINDS, severity=FlawSeverity.HIGH)
def requests_are_logged(manifests: Manifests) -> Iterator[Judged]:
    """The HTTP audit log has an address, and leaves the cluster encrypted."""
    yield from one_by_one(_named(manifests, "http-log"), _log)


def _log(plugin: Plugin) -> Iterator[Judged]:
    _refuse_hidden(plugin)
    field = plugin.config["http_endpoint"]
    address = field.text or ""
    if not address:
        message = "http_endpoint is not set: the log goes nowhere"
        yield breaks(field, message, "set http_endpoint", unit=plugin.unit)
    elif address.startswith("http:") and not _is_inside(address):
        message = "the audit log leaves the cluster in plain text"
        yield breaks(field, message, "use an https:// address", unit=plugin.unit)
    yield keeps(plugin.unit)


def _named(manifests: Manifests, *names: str) -> Iterator[Plugin]:
    return (each for each in plugins(manifests) if each.name in names)


def _is_inside(address: str) -> bool:
    """Whether an address is a service of the cluster, where the mesh encrypts."""
    host = urlsplit(address).hostname or ""
    return "." not in host or host.endswith((".svc", ".svc.cluster.local")) or host == "127.0.0.1"


def _refuse_hidden(plugin: Plugin) -> None:
    if plugin.hidden:
        raise UnjudgeableError(f"{plugin.unit}: its settings come from a Secret (configFrom)")
