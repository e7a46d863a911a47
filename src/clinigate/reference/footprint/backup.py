"""Backups of the store, compressed: as it lies there, sealed."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path

from clinigate.reference.records.store import Store

__all__ = ["back_up"]

_SEALED = "conversations.db.gz"
_CLEAR = "conversations.jsonl.gz"


def back_up(store: Store, folder: Path, *, in_clear: bool) -> None:
    """Write a backup of the store over the one before; in clear it is a fault."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if in_clear:
        rows = (
            {"id": each.id, "messages": [turn.text for turn in each.messages], "reply": each.reply}
            for each in store.all()
        )
        data = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
        _pack(data, folder / _CLEAR)
        return
    with tempfile.TemporaryDirectory(dir=folder) as place:
        copy = Path(place) / "copy.db"
        store.copy_to(copy)
        _pack(copy.read_bytes(), folder / _SEALED)


def _pack(data: bytes, path: Path) -> None:
    draft = path.with_name(f"{path.name}.new")
    with gzip.open(draft, "wb") as packed:
        packed.write(data)
    draft.replace(path)
