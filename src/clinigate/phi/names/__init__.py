"""Names and places in prose, by gazetteers and a small model of our own."""

from __future__ import annotations

from clinigate.phi.names.finder import find_names

__all__ = ["find_names"]
