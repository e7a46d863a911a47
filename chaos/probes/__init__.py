"""What looks at a local system while a fault lasts: the entry's probe, and witnesses."""

from __future__ import annotations

__all__: list[str] = []
