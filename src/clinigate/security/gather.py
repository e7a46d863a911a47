"""All scanners of one scan, run side by side."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from clinigate.findings.model import Excluded, ScanResult
from clinigate.findings.troubles import ScannerError
from clinigate.security.cleaning import Cleaner
from clinigate.security.scanner import ScanContext, Scanner, Topic

__all__ = ["Looked", "look"]

_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of one scanner on one topic: exactly one of the three.

    Attributes:
        result: what it saw.
        gap: why it did not look, and how to make it.
        fault: how it broke.
    """

    scanner: Scanner
    topic: Topic
    result: ScanResult | None = None
    gap: str | None = None
    fault: str | None = None


def look(scanners: Sequence[Scanner], context: ScanContext) -> list[Looked]:
    """Run scanners side by side; one that is missing or breaks says nothing of the others.

    Raises:
        UsageError: what is to be scanned does not exist, or the configuration is wrong.
    """
    stop = threading.Event()
    with (
        tempfile.TemporaryDirectory(prefix="clinigate-scan-") as scratch,
        ThreadPoolExecutor(min(_AT_ONCE, os.cpu_count() or 1, max(1, len(scanners)))) as pool,
    ):
        try:
            jobs = [
                pool.submit(_look, scanner, _own(context, scanner, Path(scratch), stop))
                for scanner in scanners
            ]
            return [looked for job in jobs for looked in job.result()]
        except BaseException:
            stop.set()
            raise


def _own(
    context: ScanContext, scanner: Scanner, scratch: Path, stop: threading.Event
) -> ScanContext:
    folder = scratch / scanner.id
    folder.mkdir()
    return replace(context, scratch=folder, stop=stop)


def _look(scanner: Scanner, context: ScanContext) -> list[Looked]:
    reason = scanner.missing(context)
    if reason is not None:
        return [Looked(scanner, topic, gap=reason) for topic in scanner.topics]
    try:
        unseen = () if scanner.looks_at is None else context.unseen(scanner.looks_at)
        results = scanner.scan(context)
    except ScannerError as error:
        fault = Cleaner().text(str(error))
        return [Looked(scanner, topic, fault=fault) for topic in scanner.topics]
    return list(_by_topic(scanner, results, unseen))


def _by_topic(
    scanner: Scanner, results: Mapping[str, ScanResult], unseen: tuple[Excluded, ...]
) -> Iterator[Looked]:
    cleaner = Cleaner()
    for topic in scanner.topics:
        result = results.get(topic.name, ScanResult(scanner.id, "", ()))
        result = replace(result, excluded=(*result.excluded, *unseen))
        if not (result.units or result.excluded):
            yield Looked(scanner, topic, gap=topic.nothing)
        else:
            yield Looked(scanner, topic, result=cleaner.scan(result))
