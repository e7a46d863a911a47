"""Fault types of local systems: a module for each kind of thing that fails."""

from __future__ import annotations

__all__: list[str] = []
