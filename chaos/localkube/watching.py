"""Watches: a stream of what changed since a version, one JSON object a line."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from clinigate.chaos.localkube.paths import Address, query_predicate
from clinigate.chaos.localkube.selectors import Predicate
from clinigate.chaos.localkube.status import Manifest, StatusError, bad_request
from clinigate.chaos.localkube.store import Change, Store

__all__ = ["stream_changes"]

_LONGEST_S = 1800.0


async def stream_changes(
    store: Store, address: Address, request: web.Request
) -> web.StreamResponse:
    """Answer a watch: what there is (without `resourceVersion`), then each change as it happens.

    Ends after `timeoutSeconds`. An object that a change takes out of the selection is `DELETED`.

    Raises:
        StatusError: 400 for a version or a timeout that is no number.
    """
    query = request.query
    wanted = _wanted(address, query_predicate(query))
    since = _number(query.get("resourceVersion") or "0", "resourceVersion")
    limit = _number(query.get("timeoutSeconds") or str(int(_LONGEST_S)), "timeoutSeconds")
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    try:
        async with asyncio.timeout(limit):
            await _follow(store, address, wanted, since, response)
    except TimeoutError:
        pass  # the client asked for the end
    except StatusError as error:
        await _write(response, "ERROR", error.body())
    except ConnectionResetError:
        return response  # the client is gone
    await response.write_eof()
    return response


def _number(text: str, name: str) -> int:
    if not text.isdigit():
        raise bad_request(f"{name} must be a number, got {text!r}")
    return int(text)


def _wanted(address: Address, selected: Predicate) -> Predicate:
    def wanted(manifest: Manifest) -> bool:
        meta = manifest["metadata"]
        return (
            (not address.namespace or meta.get("namespace") == address.namespace)
            and (not address.name or meta["name"] == address.name)
            and selected(manifest)
        )

    return wanted


async def _follow(
    store: Store, address: Address, wanted: Predicate, since: int, response: web.StreamResponse
) -> None:
    if since == 0:
        since = store.version
        for manifest in store.objects(address.resource, address.namespace or None):
            if wanted(manifest):
                await _write(response, "ADDED", manifest)
    while True:
        for change in store.changes_since(since):
            since = change.version
            if change.resource is address.resource:
                await _write_change(response, change, wanted)
        await store.changed(since)


async def _write_change(response: web.StreamResponse, change: Change, wanted: Predicate) -> None:
    before = change.before if change.before is not None and wanted(change.before) else None
    after = change.after if change.after is not None and wanted(change.after) else None
    if after is not None:
        await _write(response, "ADDED" if before is None else "MODIFIED", after)
    elif before is not None:
        last = before if change.after is None else change.after
        meta = {**last["metadata"], "resourceVersion": str(change.version)}
        await _write(response, "DELETED", {**last, "metadata": meta})


async def _write(response: web.StreamResponse, kind: str, manifest: Manifest) -> None:
    line = json.dumps({"type": kind, "object": manifest}, separators=(",", ":"))
    await response.write(line.encode() + b"\n")
