"""Every kind of file is read or told, none keeps anybody waiting or fills the memory."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clinigate.phi.surfaces import Skipped, open_path


def _skipped(path: Path) -> str:
    [only] = open_path(path)
    assert isinstance(only, Skipped)
    return only.reason


def test_pipes_sockets_and_devices_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "pipe" in _skipped(tmp_path / "pipe")
    assert "device" in _skipped(Path("/dev/zero"))
    here = Path.cwd()
    try:
        # Addresses of sockets are short.
        os.chdir(tmp_path)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("s")
            assert "socket" in _skipped(tmp_path / "s")
    finally:
        os.chdir(here)


def test_links_that_lead_nowhere_or_in_circles(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "gone").symlink_to("nothing")
    (tmp_path / "folder").symlink_to("/")
    assert _skipped(tmp_path / "a") == "a link that leads to itself"
    assert "No such file" in _skipped(tmp_path / "gone")
    assert "link out" in _skipped(tmp_path / "folder")
    assert "repository" in _skipped(tmp_path)


def test_what_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "locked.txt"
    path.write_text("x")

    def denied(*_args: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    assert _skipped(path) == "cannot be read (Permission denied)"


def test_an_error_while_reading_is_an_early_end(opened: Any, monkeypatch: Any) -> None:
    from clinigate.phi.surfaces import sources

    plain = sources.Source.chunks

    def torn(self: Any) -> Any:
        yield next(plain(self))
        self.stream = _Torn()
        self._read(1)

    monkeypatch.setattr(sources.Source, "chunks", torn)
    seen = opened("torn.txt", b"seen\n")
    assert seen.text() == b"seen"
    assert seen.missed == [("", "cannot be read on (Input/output error)")]


class _Torn:
    def read(self, _size: int) -> bytes:
        raise OSError(5, "Input/output error")


_MEASURED = """
import sys
from pathlib import Path
from clinigate.phi.surfaces import open_path
size = sum(len(chunk) for part in open_path(Path(sys.argv[1])) for chunk in part.chunks)
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(size, status["VmHWM"].split()[0])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told by Linux")
def test_a_large_file_needs_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "sparse.bin"
    with path.open("wb") as file:
        file.truncate(160 * 2**20)
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, str(path)], capture_output=True, text=True, check=True
    )
    size, peak_kb = map(int, done.stdout.split())
    assert size == 160 * 2**20
    assert peak_kb < 100 * 1024


def test_opening_loads_no_library(tmp_path: Path) -> None:
    code = (
        "import sys, clinigate.phi.surfaces\n"
        "heavy = {'numpy', 'pyarrow', 'pydicom', 'PIL', 'psycopg'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
