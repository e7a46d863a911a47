"""Probes of who sees what: the function that does each, by its name."""

from __future__ import annotations

from collections.abc import Mapping

from clinigate.hipaa.doing import Probe

__all__ = ["PROBES"]

PROBES: Mapping[str, Probe] = {}
