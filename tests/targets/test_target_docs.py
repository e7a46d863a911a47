"""Every table in the documentation of targets is one that loads."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from clinigate.config.target import TARGET_MODELS, TargetSpec

PAGE = Path(__file__).parents[2] / "docs" / "targets.md"
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example_loads(block: str) -> None:
    """Copied as it stands."""
    spec: TypeAdapter[object] = TypeAdapter(TargetSpec)
    spec.validate_python(tomllib.loads(block)["target"])


def test_every_kind_has_an_example() -> None:
    """None is left to be guessed."""
    kinds = {tomllib.loads(block)["target"]["kind"] for block in BLOCKS}
    assert kinds == set(TARGET_MODELS)
