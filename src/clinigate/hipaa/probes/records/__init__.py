"""Probes of how records are kept: what they are."""

from __future__ import annotations

from clinigate.hipaa.probe import Named

__all__ = ["DECLARED"]

DECLARED: tuple[Named, ...] = ()
