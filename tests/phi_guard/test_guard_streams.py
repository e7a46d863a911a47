"""The guard hears what a test's program says to the world, by every seam that the docs name."""

from __future__ import annotations

import sys
from typing import Any

import pytest

pytest_plugins = ["pytester"]

SAY = "CG-PHI-SSN (letter G)"


def test_the_line_of_the_code_under_test_is_named(project: Any) -> None:
    app = (
        "import logging, sys, warnings\n\n"
        "def shout(text):\n    print('ssn', text)\n\n"
        "def note(text):\n    logging.getLogger(__name__).warning('ssn %s', text)\n\n"
        "def complain(text):\n    warnings.warn('ssn ' + text, stacklevel=1)\n\n"
        "def refuse(text):\n    raise ValueError('ssn ' + text)\n\n"
        "def whisper(text):\n    sys.stderr.write('ssn ')\n    sys.stderr.write(text)\n"
    )
    names = ("shout", "note", "complain", "refuse", "whisper")
    tests = "import warnings\n" + "\n".join(
        f"def test_{name}():\n    warnings.simplefilter('default')\n    app.{name}(SSN)\n"
        for name in names
    )
    project.run(app, tests + "def test_own():\n    print('ssn', SSN)\n").expect(
        f"test_shout leaked in its call: stdout: {SAY} once, at app.py:4",
        f"test_note leaked in its call: log: {SAY} once, at app.py:7",
        f"test_complain leaked in its call: warning: {SAY} once, at app.py:10",
        f"test_refuse leaked in its call: error: {SAY} ",
        "at app.py:13",
        f"test_whisper leaked in its call: stderr: {SAY} once, at app.py:17",
        f"test_own leaked in its call: stdout: {SAY} once, at test_it.py:24 (the test itself)",
        leaked=6,
    )


def test_what_a_test_takes_itself_is_heard_as_well(project: Any) -> None:
    app = "def shout(text):\n    print('ssn', text)\n"
    tests = "def test_a(capsys):\n    app.shout(SSN)\n    assert 'ssn' in capsys.readouterr().out\n"
    project.run(app, tests).expect(f"stdout: {SAY} once, at app.py:2")


def test_errors_behind_an_error_are_read_without_a_traceback(project: Any) -> None:
    app = (
        "def fail(text):\n    try:\n        raise KeyError('ssn ' + text)\n"
        "    except KeyError as error:\n        error.add_note('seen')\n"
        "        raise RuntimeError('no') from error\n"
    )
    tests = "def test_a():\n    app.fail(SSN)\n"
    project.run(app, tests, "--tb=no").expect("test_it.py::test_a leaked in its c")
    project.run(app, tests, "--tb=line").expect("test_it.py::test_a leaked in its c")


def test_a_program_that_a_test_starts_is_heard_without_a_line(project: Any) -> None:
    app = (
        "import subprocess, sys\n\ndef start(text):\n"
        "    code = \"import sys; print('ssn', sys.argv[1])\"\n"
        "    subprocess.run([sys.executable, '-S', '-c', code, text], check=True)\n"
    )
    ran = project.run(app, "def test_a(capfd):\n    pass\n\ndef test_b():\n    app.start(SSN)\n")
    ran.expect(f"test_b leaked in its call: stdout: {SAY} once")


HTTPX = """
import httpx

def tell(url, text):
    def answer(request):
        return httpx.Response(200, json={"got": "nothing"})
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        return client.post(url, json={"ssn": text}).json()

def ask(text):
    def answer(request):
        return httpx.Response(200, json={"ssn": text})
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        return client.get("http://service.example/").json()

async def wait(text):
    def answer(request):
        return httpx.Response(200, stream=Body(text))
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        async with client.stream("GET", "http://service.example/") as response:
            return [chunk async for chunk in response.aiter_bytes()]

class Body(httpx.AsyncByteStream):
    def __init__(self, text):
        self.text = text
    async def __aiter__(self):
        yield b'{"ssn": "' + self.text[:4].encode()
        yield self.text[4:].encode() + b'"}'
"""


def test_httpx_is_heard_in_both_directions(project: Any) -> None:
    tests = (
        "import asyncio\n"
        "def test_tell():\n    app.tell('http://service.example/', SSN)\n\n"
        "def test_url():\n    app.tell('http://service.example/?ssn=' + SSN, 'x')\n\n"
        "def test_ask():\n    app.ask(SSN)\n\n"
        "def test_wait():\n    asyncio.run(app.wait(SSN))\n\n"
        "def test_clean():\n    app.tell('http://service.example/', 'x')\n"
    )
    project.run(HTTPX, tests).expect(
        f"test_tell leaked in its call: http out: {SAY} once, at app.py:7",
        f"test_url leaked in its call: http out: {SAY} once, at app.py:7",
        f"test_ask leaked in its call: http in: {SAY} ",
        f"test_wait leaked in its call: http in: {SAY} once, at app.py:20",
        leaked=4,
    )


SERVER = """
import contextlib, gzip, http.server, threading, urllib.request

@contextlib.contextmanager
def served(text):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.compress(b'{"ssn": "' + text.encode() + b'"}')
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *args):
            pass
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

def by_urllib(url, text):
    return urllib.request.urlopen(url, data=text.encode()).read()

def by_requests(url, text):
    import requests
    return requests.post(url, data=text, timeout=5).text
"""


def test_http_client_and_all_that_end_in_it_are_heard(project: Any) -> None:
    pytest.importorskip("requests")
    tests = "\n".join(
        f"def test_{way}_out():\n    with app.served('nothing') as url:\n"
        f"        app.by_{way}(url, 'ssn=' + SSN)\n\n"
        f"def test_{way}_in():\n    with app.served(SSN) as url:\n"
        f"        app.by_{way}(url, 'nothing')\n"
        for way in ("urllib", "requests")
    )
    project.run(SERVER, tests).expect(
        f"test_urllib_out leaked in its call: http out: {SAY} once, at app.py:27",
        f"test_urllib_in leaked in its call: http in: {SAY} once, at app.py:27",
        "test_requests_out leaked in its call: http out",
        "test_requests_in leaked in its call: http in",
        "at app.py:31",
        leaked=4,
    )


def test_writes_to_sqlite_are_heard_with_their_values(project: Any) -> None:
    app = (
        "from sqlite3 import connect\n\n"
        "def keep(rows):\n    link = connect(':memory:')\n"
        "    link.execute('CREATE TABLE patient (id, ssn)')\n"
        "    link.executemany('INSERT INTO patient VALUES (?, ?)', rows)\n"
        "    return link\n\n"
        "def seek(link, text):\n"
        "    return link.execute('SELECT * FROM patient WHERE ssn = ?', (text,)).fetchall()\n"
    )
    tests = (
        "def test_keep():\n    app.keep([(1, SSN)])\n\n"
        "def test_seek():\n    app.seek(app.keep([]), SSN)\n"
    )
    project.run(app, tests).expect(
        f"test_keep leaked in its call: database: {SAY} once, at app.py:6"
    )


#: As psycopg 3 has it, without a server.
PSYCOPG = """
class Cursor:
    def execute(self, query, params=None, *, prepare=None, binary=None):
        return self
    def executemany(self, query, params_seq, *, returning=False):
        self.rows = list(params_seq)
class AsyncCursor(Cursor):
    async def execute(self, query, params=None, *, prepare=None, binary=None):
        return self
class Copy:
    def write(self, buffer): pass
    def write_row(self, row): pass
"""


def test_writes_by_psycopg_are_heard_with_their_columns(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another test of this process may have loaded the real one.
    for name in [each for each in sys.modules if each.partition(".")[0] == "psycopg"]:
        monkeypatch.delitem(sys.modules, name)
    app = (
        "def one(text):\n    import psycopg\n"
        "    psycopg.Cursor().execute('INSERT INTO p (id, mrn) VALUES (%s, %s)', (7, text))\n\n"
        "def many(text):\n    import psycopg\n    cursor = psycopg.Cursor()\n"
        "    cursor.executemany('INSERT INTO p VALUES (%s)', ((each,) for each in [text]))\n"
        "    assert cursor.rows == [(text,)]\n\n"
        "def copy(text):\n    import psycopg\n    psycopg.Copy().write_row((1, text))\n\n"
        "async def later(text):\n    import psycopg\n"
        "    await psycopg.AsyncCursor().execute('UPDATE p SET a = %(ssn)s', {'ssn': text})\n\n"
        "def read(text):\n    import psycopg\n"
        "    psycopg.Cursor().execute('SELECT %s', (text,))\n"
    )
    tests = (
        "import asyncio\n"
        "def test_one():\n    app.one('84417' + '203')\n\n"
        "def test_many():\n    app.many(SSN)\n\ndef test_copy():\n    app.copy(SSN)\n\n"
        "def test_later():\n    asyncio.run(app.later(SSN))\n\n"
        "def test_read():\n    app.read(SSN)\n"
    )
    (project.folder / "psycopg.py").write_text(PSYCOPG, encoding="utf-8")
    project.run(app, tests).expect(
        "test_one leaked in its call: database: CG-PHI-MRN (letter H) once, at app.py:3",
        f"test_many leaked in its call: database: {SAY} once, at app.py:8",
        f"test_copy leaked in its call: database: {SAY} once, at app.py:13",
        f"test_later leaked in its call: database: {SAY} once, at app.py:17",
        leaked=4,
    )


def test_psycopg_has_what_we_listen_to() -> None:
    psycopg = pytest.importorskip("psycopg")
    for cursor in (psycopg.Cursor, psycopg.AsyncCursor):
        assert callable(cursor.execute)
        assert callable(cursor.executemany)
    for copy in (psycopg.Copy, psycopg.AsyncCopy):
        assert callable(copy.write)
        assert callable(copy.write_row)


def test_afterwards_nobody_listens(project: Any) -> None:
    import logging
    import sqlite3
    import sys

    import httpx

    before = (httpx.Client.send, sqlite3.connect, logging.getLogRecordFactory(), sys.meta_path[:])
    project.run("", "def test_a():\n    import sqlite3\n    sqlite3.connect(':memory:').close()\n")
    after = (httpx.Client.send, sqlite3.connect, logging.getLogRecordFactory(), sys.meta_path[:])
    assert before == after


def test_streams_can_be_chosen(project: Any) -> None:
    tests = "def test_a():\n    app.shout(SSN)\n"
    app = "def shout(text):\n    print('ssn', text)\n"
    project.run(app, tests, "--phi-guard-streams", "stdout,error").expect("stdout: ")
    ran = project.run(app, tests, "--phi-guard-streams", "stdout,loudspeaker")
    assert ran.result.ret == pytest.ExitCode.USAGE_ERROR
    assert "'loudspeaker' is none of stdout" in ran.out


def test_a_marker_may_accept_one_stream_alone(project: Any) -> None:
    from datetime import UTC, datetime, timedelta

    day = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    marker = "@pytest.mark.phi_accept('CG-PHI-SSN', until='{}', reason='planted', stream='{}')\n"
    tests = "import pytest\n" + marker + "def test_a():\n    print('ssn', SSN)\n"
    project.run("", tests.format(day, "stdout")).expect_none()
    project.run("", tests.format(day, "log")).expect("stdout: ")
    ran = project.run("", tests.format(day, "screen"))
    assert ran.result.ret == pytest.ExitCode.USAGE_ERROR
