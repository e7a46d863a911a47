"""The kubelet's probes of containers: HTTP, TCP or a command."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp

from clinigate.chaos.localkube.status import Manifest

__all__ = ["probe_once"]


async def probe_once(
    session: aiohttp.ClientSession,
    probe: Manifest,
    container: Manifest,
    address: str,
    environment: Mapping[str, str],
) -> bool:
    """Whether one attempt succeeds within the probe's `timeoutSeconds` (1 s by default)."""
    try:
        async with asyncio.timeout(probe.get("timeoutSeconds", 1)):
            if "httpGet" in probe:
                return await _http(session, probe["httpGet"], container, address)
            if "tcpSocket" in probe:
                port = _port(probe["tcpSocket"]["port"], container)
                _, writer = await asyncio.open_connection(address, port)
                writer.close()
                return True
            return await _command(probe["exec"]["command"], environment)
    except (TimeoutError, OSError, aiohttp.ClientError):
        return False


async def _http(
    session: aiohttp.ClientSession, get: Manifest, container: Manifest, address: str
) -> bool:
    host = get.get("host") or address
    scheme = str(get.get("scheme", "HTTP")).lower()
    url = f"{scheme}://{host}:{_port(get['port'], container)}{get.get('path', '/')}"
    # A kubelet doesn't verify the pod's certificate either.
    async with session.get(url, ssl=False, allow_redirects=False) as answer:
        return 200 <= answer.status < 400


async def _command(command: list[str], environment: Mapping[str, str]) -> bool:
    process = await asyncio.create_subprocess_exec(
        *command,
        env=dict(environment),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        return await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()


def _port(port: int | str, container: Manifest) -> int:
    if isinstance(port, int):
        return port
    named = {each.get("name"): each["containerPort"] for each in container.get("ports") or []}
    return int(named.get(port, port))
