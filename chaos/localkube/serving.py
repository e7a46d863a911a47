"""All parts of a localkube at work in one event loop."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from aiohttp import web

from clinigate.chaos.localkube.access import Access
from clinigate.chaos.localkube.addresses import Addresses
from clinigate.chaos.localkube.certificates import server_context
from clinigate.chaos.localkube.controllers import NODE, run_controllers
from clinigate.chaos.localkube.kubeconfig import write_kubeconfig
from clinigate.chaos.localkube.kubelet import Kubelet, register_node
from clinigate.chaos.localkube.registry import Registry
from clinigate.chaos.localkube.resources import find_kind
from clinigate.chaos.localkube.server import ApiServer
from clinigate.chaos.localkube.services import ServiceProxies
from clinigate.chaos.localkube.store import Store

__all__ = ["serve"]

_NAMESPACES = ("default", "kube-system")


async def serve(state: Path, second_s: float) -> None:
    """Serve and run pods until a signal; `kubeconfig` appears in `state` when ready."""
    (state / "kubeconfig").unlink(missing_ok=True)  # of an earlier one, whose tokens are void
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    store = Store()
    access = Access(store)
    addresses = Addresses()
    registry = Registry(store, addresses)
    context, authority = server_context(state)
    runner = web.AppRunner(
        ApiServer(registry, access, state).application(), access_log=None, shutdown_timeout=0.5
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    server = f"https://127.0.0.1:{runner.addresses[0][1]}"

    issued: set[Path] = set()

    def credentials(namespace: str, account: str) -> dict[str, str]:
        path = state / f"kubeconfig-{namespace}-{account}"
        if path not in issued:
            issued.add(path)
            token = access.issue(namespace, account)
            write_kubeconfig(
                path, server=server, authority=authority, token=token, namespace=namespace
            )
        return {"KUBECONFIG": str(path)}

    kubelet = Kubelet(
        registry,
        addresses,
        logs=state,
        credentials=credentials,
        second_s=second_s,
    )
    for name in _NAMESPACES:
        registry.create(find_kind("Namespace"), "", {"metadata": {"name": name}})
    register_node(registry, NODE)
    tasks = [
        asyncio.create_task(each)
        for each in (run_controllers(registry), kubelet.run(), ServiceProxies(store).run())
    ]
    ready = state / "kubeconfig.new"
    write_kubeconfig(ready, server=server, authority=authority, token=access.admin_token)
    ready.replace(state / "kubeconfig")
    print(f"localkube serves; export KUBECONFIG={state.absolute() / 'kubeconfig'}", flush=True)
    await _until(stop, tasks)
    await runner.cleanup()
    addresses.close()


async def _until(stop: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    """Wait for the signal, or for a loop that broke; then end the loops and raise its error."""
    waiting = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({waiting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    for task in (waiting, *tasks):
        task.cancel()
    await asyncio.gather(waiting, *tasks, return_exceptions=True)
    for task in done - {waiting}:
        task.result()
