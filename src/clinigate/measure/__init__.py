"""Measuring beside the system under test: what the host did meanwhile."""

from __future__ import annotations

from clinigate.measure.hostguard import HostDelay, HostGuard

__all__ = ["HostDelay", "HostGuard"]
