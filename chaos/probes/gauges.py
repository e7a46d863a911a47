"""Reading a system's own metrics (Prometheus text format) from its processes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass

from clinigate.chaos.drivers.local_topology import Topology
from clinigate.chaos.probes.entry import Asker, NoAnswerError

__all__ = ["Reading", "readings"]

_ANSWER_S = 3.0
_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)\{([^}]*)\} (\S+)", re.MULTILINE)
_LABEL = re.compile(r'([a-zA-Z_]\w*)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Reading:
    """One sample of a metric: which process said it, its labels, its value."""

    process: str
    labels: dict[str, str]
    value: float


async def readings(
    asker: Asker,
    topology: Topology,
    *,
    of: dict[str, str],
    path: str,
    names: tuple[str, ...],
) -> dict[str, list[Reading]]:
    """Return the samples of the metrics `names` from all processes that carry the labels `of`.

    A process that does not answer is left out: it may be the one that was hit.
    """
    found: dict[str, list[Reading]] = {name: [] for name in names}
    asked = [
        (process.name, process.url + path)
        for process in topology.processes
        if process.url is not None and of.items() <= process.labels.items()
    ]
    pages = await asyncio.gather(*(_page(asker, url) for _, url in asked))
    for (process, _), page in zip(asked, pages, strict=True):
        for name, labels, value in _samples(page):
            if name in found:
                found[name].append(Reading(process, labels, value))
    return found


async def _page(asker: Asker, url: str) -> str:
    try:
        async with asyncio.timeout(_ANSWER_S):
            answer = await asker.request("GET", url)
    except (NoAnswerError, TimeoutError):
        return ""
    return answer.text if answer.status == 200 else ""


def _samples(page: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for name, labels, value in _SAMPLE.findall(page):
        yield name, dict(_LABEL.findall(labels)), float(value)
