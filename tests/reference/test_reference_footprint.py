"""What the service leaves beside its records holds nothing of a patient, and keeps its place."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from clinigate.errors import UsageError
from clinigate.reference.footprint.files import Lines
from clinigate.reference.operational import checked_defects
from clinigate.reference.spilling import SPILLING

SAID = "My neighbour's name is Quistvrombix."


def used(app: Any, caller: Any) -> Path:
    """A service that was asked in every way, after its upkeep."""
    consent = {"patient": "Quistvrombix", "text": "v1", "granted": True}
    assert caller.post("/v1/consent", json=consent).status_code == 200
    assert caller.ask("/v1/chat/completions", SAID, user="Quistvrombix").status_code == 200
    assert caller.get("/nothing/Quistvrombix?q=Quistvrombix").status_code == 404
    broken = {"content": b'{"a": "Quistvrombix', "headers": {"Content-Type": "application/json"}}
    assert caller.post("/v1/chat/completions", **broken).status_code == 400
    app.footprint.upkeep()
    folder: Path = app.service.data_dir
    return folder


def test_a_clean_footprint_holds_nothing_of_a_patient(app: Any, caller: Any) -> None:
    folder = used(app, caller)
    for name in ("errors.log", "spans.jsonl", "cache.json", "access.log.1.gz"):
        data = (folder / name).read_bytes()
        text = gzip.decompress(data) if name.endswith(".gz") else data
        assert text
        assert b"istvrombix" not in text
    lines = gzip.decompress((folder / "access.log.1.gz").read_bytes()).decode().splitlines()
    assert [line.split()[2:5] for line in lines] == [
        ["POST", "/v1/consent", "200"],
        ["POST", "/v1/chat/completions", "200"],
        ["GET", "unknown", "404"],
        ["POST", "/v1/chat/completions", "400"],
    ]
    report = json.loads((folder / "errors.log").read_text())
    assert report["exception"] == "JSONDecodeError"
    assert list(json.loads((folder / "cache.json").read_text()).values()) == [True]


def test_the_backup_is_the_store_as_it_lies_there(app: Any, caller: Any, tmp_path: Path) -> None:
    packed = used(app, caller) / "backups" / "conversations.db.gz"
    copy = tmp_path / "copy.db"
    copy.write_bytes(gzip.decompress(packed.read_bytes()))
    assert b"istvrombix" not in copy.read_bytes()
    with closing(sqlite3.connect(copy)) as link:
        assert link.execute("SELECT count(*) FROM conversations").fetchone() == (1,)


def test_who_took_it_back_is_refused_at_once(caller: Any) -> None:
    consent = {"patient": "somebody", "text": "v1", "granted": True}
    caller.post("/v1/consent", json=consent)
    caller.post("/v1/consent", json={**consent, "granted": False})
    said = caller.ask("/v1/chat/completions", "Good morning.", user="somebody")
    assert said.status_code == 403


def test_a_provider_that_is_gone_changes_nothing(make_app: Any, as_client: Any) -> None:
    caller = as_client(make_app(provider_url="http://127.0.0.1:9"))
    assert caller.ask("/v1/chat/completions", "Good morning.").status_code == 200


def test_there_is_no_address_for_debugging(caller: Any) -> None:
    assert caller.get("/debug/requests").status_code == 404


def test_rotated_files_move_up_and_the_oldest_goes(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "a.log")
    for number in range(7):
        lines.add(f"line {number}\nfolded")
        lines.rotate()
    lines.rotate()
    kept = {path.name: gzip.decompress(path.read_bytes()) for path in tmp_path.glob("*.gz")}
    assert kept == {
        f"a.log.{place}.gz": f"line {7 - place}\\nfolded\n".encode() for place in (1, 2, 3)
    }
    lines.close()
    lines.close()
    lines.add("lost")
    assert (tmp_path / "a.log").read_bytes() == b""


@pytest.mark.parametrize("defect", [each.name for each in SPILLING])
def test_a_cluster_has_no_footprint_and_none_of_its_defects(defect: str) -> None:
    with pytest.raises(UsageError, match="of the single service"):
        checked_defects([defect])
