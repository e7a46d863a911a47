"""Probes of who sees what: what they are."""

from __future__ import annotations

from clinigate.hipaa.probe import Named

__all__ = ["DECLARED"]

DECLARED: tuple[Named, ...] = ()
