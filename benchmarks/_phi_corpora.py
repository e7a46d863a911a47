"""Texts on which searches for identifiers are timed: a log of a seed, and installed sources."""

from __future__ import annotations

import random
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["Planted", "generated_log", "sources"]

_MODULES = ("app.api", "app.db.pool", "uvicorn.access", "model.inference", "fhir.client", "auth")

#: Spans of the identifiers that a log holds, in order.
Planted = list[tuple[int, int]]


def _hex(source: random.Random, n: int) -> str:
    return f"{source.getrandbits(4 * n):0{n}x}"


def _access(source: random.Random) -> str:
    ip = ".".join(str(source.randrange(1, 255)) for _ in range(3))
    return (
        f'10.{ip} - "GET /api/v1/cases?limit=50 HTTP/1.1" 200 {source.randrange(90000)} '
        f"{source.random() * 900:.2f}ms req={_hex(source, 8)}-{_hex(source, 4)}"
    )


def _query(source: random.Random) -> str:
    return (
        f"SELECT id, status FROM encounter WHERE tenant = {source.randrange(1000)} "
        f"AND id IN ({source.randrange(10**6)}) LIMIT 50"
    )


def _step(source: random.Random) -> str:
    return (
        f'{{"epoch": {source.randrange(100)}, "loss": {source.random():.6f}, '
        f'"trace_id": "{_hex(source, 32)}"}}'
    )


def _retry(source: random.Random) -> str:
    return (
        f"retrying in {source.random() * 10:.2f}s host=svc-{_hex(source, 6)}.prod.local:"
        f"{source.randrange(1024, 65535)}"
    )


def _trace(source: random.Random) -> str:
    return f"File \"/srv/app/api.py\", line {source.randrange(900)}, in handle: KeyError: 'id'"


def _loaded(source: random.Random) -> str:
    return (
        f"loaded {source.randrange(10**5)} rows of part-{source.randrange(9999):05d}.parquet"
        f" sha256:{_hex(source, 64)}"
    )


_KINDS: tuple[Callable[[random.Random], str], ...] = (
    _access, _query, _step, _retry, _trace, _loaded,
)  # fmt: skip


def _leak(source: random.Random) -> tuple[str, str]:
    """Return a line with an identifier, and the identifier."""
    area, group, serial = (source.randrange(*ends) for ends in ((100, 665), (1, 99), (1, 9999)))
    ssn = f"{area}-{group:02d}-{serial:04d}"
    phone = (
        f"({source.randrange(212, 290)}) {source.randrange(220, 299)}-{source.randrange(10**4):04d}"
    )
    mail = f"{_hex(source, 5)}.quist@mercy-{_hex(source, 3)}.org"
    mrn = f"{source.randrange(10**7, 10**8)}"
    month, day, year = (source.randrange(*ends) for ends in ((1, 13), (1, 29), (1930, 2015)))
    born = f"{month:02d}/{day:02d}/{year}"
    member = f"XYZ{source.randrange(10**8, 10**9)}"
    return source.choice(
        (
            (f'{{"ssn": "{ssn}"}}', ssn),
            (f"sms sent to {phone}", phone),
            (f"mail queued for {mail}", mail),
            (f"MRN: {mrn} updated", mrn),
            (f"lookup dob={born}", born),
            (f"member_id={member} plan=PPO", member),
        )
    )


def generated_log(size: int, *, seed: int = 20261122) -> tuple[str, Planted]:
    """Return a log of about `size` characters and the spans of what is planted in it.

    Web, database, model and traceback lines; one in two hundred holds an identifier.
    """
    source = random.Random(seed)
    lines: list[str] = []
    planted: Planted = []
    at = number = 0
    while at < size:
        head = f"2026-03-01 {number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d},"
        head += f"{source.randrange(1000):03d} INFO [{source.choice(_MODULES)}] "
        leaks = source.random() < 0.005
        text, value = _leak(source) if leaks else (source.choice(_KINDS)(source), "")
        if value:
            start = at + len(head) + text.index(value)
            planted.append((start, start + len(value)))
        lines.append(f"{head}{text}\n")
        at += len(lines[-1])
        number += 1
    return "".join(lines), planted


def sources(size: int) -> bytes:
    """Return about `size` bytes of the standard library's own sources, in the order of names."""
    return b"".join(_until(size))


def _until(size: int) -> Iterator[bytes]:
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        if size <= 0:
            return
        data = path.read_bytes()[:size]
        size -= len(data)
        yield data
