"""The search for canaries: 200 values in every embedding, at the speed of memory, nothing else.

Promised: each of 200 canaries found in each embedding; no hit in 20 MB that hold none; 1 GB or
more a second of processor, or as much as the file can be read with, where that is less.
Run it: `.venv/bin/python benchmarks/phi_canaries.py [--mb N] [--rounds N]`.

The 20 MB are a log, bytes of chance, base64 of them and the same in lines, a quarter each, all of
a seed. `--without-hyperscan` measures what is found and how fast by `re` alone.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import gzip
import hashlib
import html
import json
import quopri
import random
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from _phi_corpora import generated_log

from clinigate.phi.canaries import Patient, make_patients
from clinigate.phi.canary_search import CanarySearch

CANARIES = 200
GB_PER_S_AT_LEAST = 1.0


def _in_lines(data: bytes) -> bytes:
    flat = base64.b64encode(data)
    return b"\n".join(flat[at : at + 76] for at in range(0, len(flat), 76))


def _digest(name: str) -> Callable[[str], bytes]:
    return lambda text: hashlib.new(name, text.encode()).hexdigest().encode()


def _around(encode: Callable[[bytes], bytes]) -> Callable[[str], bytes]:
    """Encode a record in which the value stands, not the value alone."""
    return lambda text: encode(b'{"note": "seen on ward 4 with ' + text.encode() + b' today"}')


EMBEDDINGS: dict[str, Callable[[str], bytes]] = {
    "in a line of log": lambda text: f"INFO patient={text} updated".encode(),
    "in capitals": lambda text: text.upper().encode(),
    "JSON in JSON": lambda text: json.dumps(json.dumps({"v": text})).encode(),
    "JSON, \\u escapes": lambda text: "".join(f"\\u{ord(c):04x}" for c in text).encode(),
    "URL": lambda text: quote(text, safe="").encode(),
    "URL, all escaped": lambda text: "".join(f"%{ord(c):02X}" for c in text).encode(),
    "HTML": lambda text: html.escape(text).encode(),
    "HTML, all escaped": lambda text: "".join(f"&#x{ord(c):x};" for c in text).encode(),
    "hex": _around(binascii.hexlify),
    "base64": _around(base64.b64encode),
    "base64url": _around(base64.urlsafe_b64encode),
    "base64 in lines": lambda text: _in_lines(b"x" * 50 + text.encode() + b"y" * 50),
    "quoted-printable": lambda text: quopri.encodestring(b"=" + b"x" * 66 + text.encode()),
    "UTF-16": lambda text: f"patient {text}".encode("utf-16"),
    "reversed": lambda text: text[::-1].encode(),
    "md5": _digest("md5"),
    "sha1": _digest("sha1"),
    "sha256": _digest("sha256"),
    "sha256 in base64": lambda text: base64.b64encode(hashlib.sha256(text.encode()).digest()),
    "gzip": _around(gzip.compress),
    "zlib in base64": _around(lambda data: base64.b64encode(zlib.compress(data))),
    "base64 in gzip": _around(lambda data: gzip.compress(base64.b64encode(data))),
}


def two_hundred(seed: int) -> list[Patient]:
    """Return patients with 200 values in all."""
    patients, left = [], CANARIES
    for each in make_patients(seed, CANARIES):
        values = dict(list(each.values.items())[:left])
        left -= len(values)
        if values:
            patients.append(Patient(each.id, values, {}))
    return patients


def clean_bytes(megabytes: int, *, seed: int = 20261122) -> dict[str, bytes]:
    """Return bytes that hold no canary, by kind."""
    size = megabytes * 1_000_000 // 4
    chance = random.Random(seed).randbytes(size)
    return {
        "log": generated_log(size)[0].encode(),
        "chance": chance,
        "base64": base64.b64encode(chance)[:size],
        "in lines": _in_lines(chance)[:size],
    }


def seconds(search: CanarySearch, data: bytes, rounds: int) -> float:
    """Return the processor time of the best round."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        search.search(data)
        best = min(best, time.process_time() - start)
    return best


def reading(data: bytes, rounds: int) -> float:
    """Return the bytes a second with which a file in the page cache is read."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        best = float("inf")
        for _ in range(rounds):
            start = time.process_time()
            Path(file.name).read_bytes()
            best = min(best, time.process_time() - start)
    return len(data) / best


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mb", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without-hyperscan", action="store_true")
    options = parser.parse_args()
    if options.without_hyperscan:
        sys.modules["hyperscan"] = None  # type: ignore[assignment]
    patients = two_hundred(seed=1)
    search = CanarySearch(patients)
    start = time.process_time()
    search.search(b"begin")
    print(f"{CANARIES} canaries; ready after {time.process_time() - start:.2f} s of processor")
    missed = 0
    for name, embed in EMBEDDINGS.items():
        found = sum(
            (each.id, field) in {(h.patient, h.field) for h in search.search(embed(value))}
            for each in patients
            for field, value in each.values.items()
        )
        missed += CANARIES - found
        print(f"  {name:<20} {found} of {CANARIES}")
    clean = clean_bytes(options.mb)
    false = sum(len(search.search(data)) for data in clean.values())
    print(f"  {'hits in ' + str(options.mb) + ' MB of none':<20} {false}")
    times = {name: seconds(search, data, options.rounds) for name, data in clean.items()}
    for name, each in times.items():
        print(f"  {name:<20} {len(clean[name]) / each / 1e9:7.3f} GB/s")
    speed = sum(map(len, clean.values())) / sum(times.values())
    file = reading(b"".join(clean.values()), options.rounds)
    print(f"  {'together':<20} {speed / 1e9:7.3f} GB/s (reading the file: {file / 1e9:.3f} GB/s)")
    held = not missed and not false and speed >= min(GB_PER_S_AT_LEAST * 1e9, file)
    print("holds" if held else "BROKEN")
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
