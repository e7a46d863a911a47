"""A target before another one: what it does not do itself, the one behind does."""

from __future__ import annotations

from collections.abc import Sequence

from clinigate.core.case import Turn
from clinigate.core.target import Capability, Reply, Target
from clinigate.targets.reach import check_reachable

__all__ = ["WrappedTarget"]


class WrappedTarget:
    """Passes everything on.

    Attributes:
        inner: the target behind.
    """

    def __init__(self, inner: Target) -> None:
        self.inner = inner

    @property
    def name(self) -> str:
        """The name of the target behind."""
        return self.inner.name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the target behind offers."""
        return self.inner.capabilities

    async def ask(
        self,
        turns: Sequence[Turn],
        *,
        capability: Capability,
        timeout_s: float,
        seed: int | None = None,
    ) -> Reply:
        """Ask the target behind.

        Raises:
            TargetError: as the target behind.
        """
        return await self.inner.ask(turns, capability=capability, timeout_s=timeout_s, seed=seed)

    async def check_reachable(self) -> str | None:
        """Look at the target behind: what was kept or written says nothing of it."""
        return await check_reachable(self.inner)

    async def aclose(self) -> None:
        """Release the connections of the target behind."""
        await self.inner.aclose()
