"""How a cluster is reached, and how its entry is asked: verified, or refused with the reason."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml
from chaos_kube_support import Space, until

from clinigate.chaos.drivers.base import NotAvailableError, Probe
from clinigate.chaos.drivers.kubernetes_api import KubeAccess
from clinigate.chaos.drivers.kubernetes_probe import Entry, HttpProbe
from clinigate.chaos.model import Invariant
from clinigate.errors import TargetError, UsageError


def outcome(probe: Probe) -> str:
    async def ask() -> str:
        try:
            return await probe(0)
        finally:
            await probe.aclose()

    return asyncio.run(ask())


def test_the_probe_asks_the_labelled_service_or_the_address_that_was_set(space: Space) -> None:
    with pytest.raises(NotAvailableError, match="no entry to ask"):
        space.driver().probe()
    space.deploy(replicas=1)
    space.serve(entry=True)
    assert outcome(space.driver().probe()) in ("connect", "reset")
    space.wait_ready(1)
    until(lambda: outcome(space.driver().probe()) == "ok")
    assert outcome(space.driver(entry="http://127.0.0.1:1/").probe()) == "connect"
    with pytest.raises(NotAvailableError, match="has no witness for 'markers'"):
        space.driver().witness(Invariant("markers", "lost_writes", lost=0))


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nfine", "ok"),
        (b"HTTP/1.0 302 Found\r\nLocation: /\r\n\r\n", "http-302"),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "http-503"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "truncated"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "truncated"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "truncated"),
        (b"", "no-answer"),
        (b"SSH-2.0-x\r\n\r\n", "truncated"),
    ],
)
def test_an_answer_is_good_only_when_all_of_it_is_there(answer: bytes, word: str) -> None:
    async def ask() -> str:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            return await HttpProbe(Entry(f"http://127.0.0.1:{port}/health?x=1"))(0)

    assert asyncio.run(ask()) == word


def test_an_entry_that_cannot_be_asked_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no http or https address"):
        HttpProbe(Entry("ftp://example"))
    monkeypatch.delenv("ENTRY_TOKEN", raising=False)
    with pytest.raises(UsageError, match="ENTRY_TOKEN is not set"):
        HttpProbe(Entry("https://127.0.0.1:1", token_env="ENTRY_TOKEN"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"insecure-skip-tls-verify": True, "certificate-authority-data": None}, "insecure-skip"),
        ({"server": "http://127.0.0.1:1"}, "no https address"),
    ],
)
def test_an_api_that_is_not_verified_is_refused(
    space: Space, tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    config = yaml.safe_load(space.kube.kubeconfig.read_text())
    cluster = {**config["clusters"][0]["cluster"], **change}
    config["clusters"][0]["cluster"] = {k: v for k, v in cluster.items() if v is not None}
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config))
    with pytest.raises(UsageError, match=why):
        KubeAccess(str(path)).connect()


def test_what_is_no_kubeconfig_and_an_api_that_is_not_there_are_said_plainly(
    space: Space, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="cannot be used to reach Kubernetes"):
        KubeAccess(str(tmp_path / "none")).connect()
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UsageError, match="no Kubernetes API is configured"):
        KubeAccess.from_settings({})
    config = yaml.safe_load(space.kube.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    (tmp_path / "dead").write_text(yaml.safe_dump(config))
    with pytest.raises(TargetError, match="the Kubernetes API is not reached"):
        space.driver(kubeconfig=str(tmp_path / "dead")).environment()


def test_a_wrong_token_is_said_plainly(space: Space, tmp_path: Path) -> None:
    config = yaml.safe_load(space.kube.kubeconfig.read_text())
    config["users"][0]["user"]["token"] = "stale"
    (tmp_path / "stale").write_text(yaml.safe_dump(config))
    with pytest.raises(TargetError, match="does not know these credentials"):
        space.driver(kubeconfig=str(tmp_path / "stale")).resolve({"app": "api"})
