"""Probes of what comes in and goes out: what they are."""

from __future__ import annotations

from clinigate.hipaa.probe import Named

__all__ = ["DECLARED"]

DECLARED: tuple[Named, ...] = ()
