"""What a test writes into files is looked at, whoever wrote it, and each byte once."""

from __future__ import annotations

from typing import Any

import pytest

pytest_plugins = ["pytester"]

SAY = "CG-PHI-SSN (letter G)"
APP = """
import gzip, json, os, sqlite3
from pathlib import Path

def export(path, text):
    Path(path).write_text(f"name,ssn\\nx,{text}\\n")

def swap(path, text):
    part = Path(path).with_suffix(".part")
    with open(part, "w") as file:
        json.dump({"ssn": text}, file)
    os.replace(part, path)

def pack(path, text):
    with gzip.open(path, "wt") as file:
        file.write("ssn " + text)

def store(path, text):
    with sqlite3.connect(path) as link:
        link.execute("CREATE TABLE IF NOT EXISTS patient (ssn)")
        link.execute("INSERT INTO patient VALUES (?)", (text,))
    link.close()

def add(path, text):
    with open(path, "a") as file:
        file.write(text + "\\n")
"""


def test_files_that_a_test_wrote_are_looked_at(project: Any) -> None:
    tests = (
        "def test_export(tmp_path):\n    app.export(tmp_path / 'out.csv', SSN)\n\n"
        "def test_swap(tmp_path):\n    app.swap(tmp_path / 'out.json', SSN)\n\n"
        "def test_pack(tmp_path):\n    app.pack(tmp_path / 'access.log.gz', SSN)\n\n"
        "def test_cassette():\n    app.export('cassette.yaml', SSN)\n\n"
        "def test_clean(tmp_path):\n    app.export(tmp_path / 'out.csv', 'none')\n"
    )
    project.run(APP, tests).expect(
        f"test_export leaked in its call: file: {SAY} once in out.csv, at app.py:5",
        f"test_swap leaked in its call: file: {SAY} once in out.json, at app.py:11",
        f"test_pack leaked in its call: file: {SAY} once in access.log.gz, at app.py:14",
        f"test_cassette leaked in its call: file: {SAY} once in cassette.yaml, at app.py:5",
        leaked=4,
    )


def test_a_database_in_the_tests_folder_is_opened(project: Any) -> None:
    tests = "def test_store(tmp_path):\n    app.store(tmp_path / 'care.db', SSN)\n"
    project.run(APP, tests, "--phi-guard-streams", "file").expect(
        f"test_store leaked in its call: file: {SAY} twice in care.db"
    )


def test_what_stood_there_before_is_no_later_tests_leak(project: Any) -> None:
    tests = (
        "def test_first():\n    app.add('app.log', 'ssn ' + SSN)\n\n"
        "def test_second():\n    app.add('app.log', 'nothing')\n\n"
        "def test_third():\n    app.add('app.log', 'ssn ' + SSN)\n"
    )
    ran = project.run(APP, tests)
    ran.expect("test_first leaked", "test_third leaked", leaked=2)
    assert "test_second leaked" not in ran.out


def test_what_plugins_write_after_the_tests_fails_the_session(project: Any) -> None:
    (project.folder / "conftest.py").write_text(
        "def pytest_sessionfinish():\n    import app\n"
        "    app.export('all.snap', '219-53-' + '8841')\n",
        encoding="utf-8",
    )
    ran = project.run(APP, "def test_a():\n    pass\n")
    assert f"phi guard: the session leaked in its end: file: {SAY} once in all.snap" in ran.out
    assert ran.result.ret == pytest.ExitCode.TESTS_FAILED


def test_what_cannot_be_looked_at_is_counted(project: Any) -> None:
    app = (
        "import os\nfrom pathlib import Path\n\n"
        "def broken(path):\n    Path(path).write_bytes(b'PK\\x03\\x04' + bytes(40))\n\n"
        "def gone(path):\n    Path(path).write_text('x')\n    os.remove(path)\n\n"
        "def pipe(path):\n    os.mkfifo(path)\n"
    )
    tests = (
        "def test_broken(tmp_path):\n    app.broken(tmp_path / 'a.zip')\n\n"
        "def test_gone(tmp_path):\n    app.gone(tmp_path / 'b.txt')\n\n"
        "def test_pipe(tmp_path):\n    app.pipe(tmp_path / 'c')\n"
    )
    ran = project.run(app, tests)
    assert "phi guard: 3 tests watched, none leaked, 1 files not looked at to their end" in ran.out
    assert ran.result.ret == pytest.ExitCode.OK
