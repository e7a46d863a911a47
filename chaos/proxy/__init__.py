"""A TCP proxy that makes a link fail on command, and mends it by itself.

`python -m clinigate.chaos.proxy` runs it; `commands` says what it can be told, `control` tells it.
"""

from __future__ import annotations

__all__: list[str] = []
