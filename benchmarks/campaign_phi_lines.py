"""One line of 100 MB holds what it would hold in small: found, with its place, in little memory.

The line has no end in it, identifiers at the borders of the stretches that it is searched in, and
between them text, numbers and bytes of no encoding. It runs longer than a test should.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator

from clinigate.phi.direct import scan_stream

MB = 2**20
SIZE = 100 * MB
#: The search cuts at these and near them; what is planted lies across.
STEP = 8 * MB
MEMORY_AT_MOST = 200 * MB

FILLERS = (b"word of prose, ", b"0123456789 4711 ", b"\xff\xfe\x80\xc3", b"id=7;x:12:34,")
SSN = b"219-53-" + b"8841"
PLANTED = b" ssn " + SSN + b" "


def places() -> list[int]:
    """Where identifiers begin: before, across and behind each border."""
    offsets = (-2300, -1029, -9, -3, 0, 1, 700)
    return [
        at
        for border in range(STEP, SIZE - STEP, STEP)
        for number, offset in enumerate(offsets)
        if (at := border + offset + number * 40) > 0
    ]


def line(starts: list[int]) -> Iterator[bytes]:
    """Yield the line in chunks of odd sizes."""
    at = 0
    for number, start in enumerate(starts):
        filler = FILLERS[number % len(FILLERS)]
        while at < start:
            piece = (filler * (1 + min(start - at, 999_983) // len(filler)))[: start - at]
            at += len(piece)
            yield piece
        yield PLANTED
        at += len(PLANTED)
    while at < SIZE:
        yield b"," * min(MB, SIZE - at)
        at += MB


def main() -> int:
    starts = places()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    found = [s for s in scan_stream(line(starts)) if s.hit.rule == "CG-PHI-SSN"]
    seconds = time.process_time() - begun
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    wanted = [start + PLANTED.index(SSN) for start in starts]
    got = [sight.hit.start for sight in found]
    print(f"{len(got)} of {len(wanted)} found in a line of {SIZE // MB} MB; "
          f"{seconds:.1f} s of processor, {grown / MB:.0f} MB of memory")  # fmt: skip
    one_line = all(sight.line == 1 for sight in found)
    return 0 if got == wanted and one_line and grown < MEMORY_AT_MOST else 1


if __name__ == "__main__":
    sys.exit(main())
