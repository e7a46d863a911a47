"""A leak map as a file for other programs."""

from __future__ import annotations

import json

from clinigate.phi.leaks.model import LeakMap

__all__ = ["SCHEMA", "map_bytes"]

SCHEMA = "clinigate.leaks/1"


def map_bytes(found: LeakMap) -> bytes:
    """Return the map as JSON; it holds no value of any patient."""
    document = {
        "schema": SCHEMA,
        "seed": found.seed,
        "sources": list(found.sources),
        "unplanted": [{"source": source, "why": why} for source, why in found.unplanted],
        "looked": [
            {"sink": each.kind, "place": each.place, "trouble": each.trouble}
            for each in found.looked
        ],
        "leaks": [
            {
                "source": each.source,
                "sink": each.kind,
                "place": each.place,
                "line": each.line,
                "symbol": each.symbol,
                "fields": list(each.fields),
                "forms": list(each.forms),
                "first_seen_s": round(each.first_seen_s, 3),
                "count": each.count,
            }
            for each in found.leaks
        ],
    }
    return f"{json.dumps(document, indent=2)}\n".encode()
