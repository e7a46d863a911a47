"""Options that are numbers with a unit, as `100ms`, `100rps`, `80%`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from clinigate.errors import UsageError
from clinigate.gpu_bench import units

__all__ = ["RATE", "SHARE", "TIME"]


class _Quantity(click.ParamType[float]):
    """A number with its unit."""

    def __init__(self, name: str, parse: Callable[[str], float]) -> None:
        self.name = name
        self._parse = parse

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            return self._parse(value) if isinstance(value, str) else float(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)


TIME = _Quantity("time", units.seconds)
RATE = _Quantity("rate", units.rate)
SHARE = _Quantity("share", units.share)
