"""The MongoDB part speaks to a real client; the server here is a double of its protocol.

No MongoDB is to be had for these tests. The double answers `OP_MSG` (and the first `OP_QUERY`) well
enough for pymongo; how fast it does says nothing about MongoDB.
"""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from typing import Any

import bson
import pytest

from clinigate.core.measurement import Measurement
from clinigate.core.verdict import Status
from clinigate.gpu_bench.database.options import DatabaseOptions, Limits, Source

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
UNAUTHORIZED = 13
HELLO = {
    "helloOk": True,
    "ismaster": True,
    "isWritablePrimary": True,
    "maxBsonObjectSize": 16 << 20,
    "maxMessageSizeBytes": 48 << 20,
    "maxWriteBatchSize": 100_000,
    "minWireVersion": 0,
    "maxWireVersion": 21,
    "ok": 1.0,
}


class Double(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.databases: dict[str, dict[str, dict[Any, Any]]] = {}
        self.refuses = False

    def answer(self, command: dict[str, Any], documents: list[dict[str, Any]]) -> dict[str, Any]:
        name = next(iter(command))
        if name in ("hello", "ismaster", "isMaster"):
            return HELLO
        if self.refuses:
            return {"ok": 0.0, "code": UNAUTHORIZED, "errmsg": "not authorized"}
        if name == "insert":
            database = self.databases.setdefault(command["$db"], {})
            table = database.setdefault(command["insert"], {})
            table.update({each["_id"]: each for each in documents})
            return {"n": len(documents), "ok": 1.0}
        if name == "find":
            table = self.databases[command["$db"]][command["find"]]
            found = table.get(command["filter"]["_id"])
            batch = [] if found is None else [found]
            return {"cursor": {"id": 0, "ns": "x.y", "firstBatch": batch}, "ok": 1.0}
        if name == "dropDatabase":
            del self.databases[command["$db"]]
        return {"version": "0-double", "ok": 1.0}


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Double)
        while head := self.rfile.read(16):
            length, number, _, opcode = struct.unpack("<iiii", head)
            body = self.rfile.read(length - 16)
            if opcode == OP_QUERY:
                start = body.index(b"\0", 4) + 9
                reply = bson.encode(self.server.answer(bson.decode(body[start:]), []))
                said = struct.pack("<iqii", 8, 0, 0, 1) + reply
                opcode = OP_REPLY
            else:
                command, documents = _sections(body[4:])
                reply = bson.encode(self.server.answer(command, documents))
                said = struct.pack("<ib", 0, 0) + reply
            self.wfile.write(struct.pack("<iiii", len(said) + 16, 0, number, opcode) + said)


def _sections(data: bytes) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    command: dict[str, Any] = {}
    documents: list[dict[str, Any]] = []
    while data:
        (size,) = struct.unpack_from("<i", data, 1)
        part, kind = data[1 : 1 + size], data[0]
        data = data[1 + size :]
        if kind == 0:
            command = bson.decode(part)
            documents += command.get("documents", [])
        else:
            documents += bson.decode_all(part[part.index(b"\0", 4) + 1 :])
    return command, documents


@pytest.fixture
def double() -> Iterator[Double]:
    with Double() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _options(double: Double) -> DatabaseOptions:
    address = f"mongodb://127.0.0.1:{double.server_address[1]}"
    return DatabaseOptions(
        Limits(postgres=None, mongodb=10.0, redis=None),
        {"mongodb": Source(address, "MONGODB_URI")},
        statements=400,
        blocks=2,
        timeout_s=2.0,
    )


def test_documents_are_read_and_written_in_a_database_of_its_own_that_goes(
    bench: Any, double: Double
) -> None:
    double.databases["theirs"] = {"patients": {1: {"_id": 1}}}
    verdicts = bench.run(_options(double))
    assert {v.criterion: v.status for v in verdicts.values()} == {
        "bench.db.mongodb.find_one.p99": Status.PASS,
        "bench.db.mongodb.insert_one.p99": Status.PASS,
    }
    measured = [o.about for o in bench.record.seen if isinstance(o.about, Measurement)]
    assert all("MongoDB 0-double" in m.caveats[0] for m in measured)
    assert double.databases == {"theirs": {"patients": {1: {"_id": 1}}}}


def test_one_that_lets_nobody_in_is_an_error_in_one_sentence(bench: Any, double: Double) -> None:
    double.refuses = True
    verdicts = bench.run(_options(double))
    assert {v.status for v in verdicts.values()} == {Status.ERROR}
    assert {v.reason.split(": ", 1)[1] for v in verdicts.values()} == {
        "refuses the credentials; check the server and MONGODB_URI"
    }
