"""What the probe's 266 identifiers of eighteen letters show: what is found, and at which tier."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from clinigate.phi.finding import find_bytes
from clinigate.phi.surfaces import Part, open_path
from clinigate.phi.table import RECOGNIZERS

_SPEC = spec_from_file_location("phi_rows_probe", Path(__file__).with_name("probe.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
_PROBE = module_from_spec(_SPEC)
_SPEC.loader.exec_module(_PROBE)
PROBE: tuple[tuple[str, str, str], ...] = _PROBE.PROBE

_ENDINGS = {"log": "log", "json": "json", "hl7": "hl7", "csv": "csv", "prose": "txt"}
_HEAD = "MSH|^~\\&|A|B|C|D|202403010800||ADT^A01|1|P|2.5\r"


def _covered(folder: Path, threshold: float) -> Iterator[tuple[str, str, bool]]:
    """Yield letter, value and whether 80 % of it is covered at one place where it stands."""
    for letter, kind, text in PROBE:
        plain = re.sub("[«»]", "", text)
        path = folder / f"sample.{_ENDINGS[kind]}"
        path.write_text(_HEAD + plain + "\r" if kind == "hl7" else plain)
        parts = (part for part in open_path(path) if isinstance(part, Part))
        data = b"\n".join(b"".join(part.chunks) for part in parts)
        marks = bytearray(len(data))
        for hit in find_bytes(data, threshold=threshold):
            marks[hit.start : hit.end] = b"\1" * (hit.end - hit.start)
        for value in re.findall("«(.*?)»", text):
            yield letter, value, _share(data, marks, value.encode()) >= 0.8


def _share(data: bytes, marks: bytearray, value: bytes) -> float:
    best, at = 0.0, data.find(value)
    while at >= 0:
        seen = [marks[i] for i in range(at, at + len(value)) if not data[i : i + 1].isspace()]
        best = max(best, sum(seen) / len(seen))
        at = data.find(value, at + 1)
    return best


@pytest.mark.parametrize(("threshold", "least"), [(0.8, 0.93), (0.4, 0.98)])
def test_of_the_probe_nearly_all_is_covered(threshold: float, least: float, tmp_path: Path) -> None:
    found = list(_covered(tmp_path, threshold))
    assert len(found) >= 150
    missed = [(letter, value) for letter, value, covered in found if not covered]
    assert 1 - len(missed) / len(found) >= least, missed


def test_each_letter_has_values_in_the_probe_and_a_row_in_the_table() -> None:
    letters = Counter(letter for letter, _, _ in PROBE)
    assert "".join(sorted(letters)) == "ABCDEFGHIJKLMNOPQR"
    assert {row.letter.name for row in RECOGNIZERS} == set(letters)
