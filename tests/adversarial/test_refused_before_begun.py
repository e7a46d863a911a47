"""What cannot be evaluated is refused in its own words, and leaves no run behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinigate.config.loader import load_config
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.errors import UsageError
from clinigate.pipeline.evaluate import evaluate
from clinigate.pipeline.setup import prepare

CONFIG = """
[subject]
name = "ward-assistant"
{subject}
[target]
kind = "python"
function = "unused:unused"
{packs}
"""


class Polite:
    """Answers every greeting."""

    name = "polite"
    capabilities = frozenset({Capability.CHAT})

    async def ask(self, *_: object, **__: object) -> Reply:
        return Reply(Outcome.ANSWERED, 0.0, text="Hello.")

    async def aclose(self) -> None:
        return None


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"packs": '[packs]\ncrisis = ["crisis-em"]'}, "crisis-em"),
        ({"packs": '[packs]\ncrisis = ["emotion-en"]'}, "is of kind emotion"),
        ({"subject": 'exposed_to = ["crisis-enn"]'}, "nearest known is 'crisis-en'"),
    ],
)
def test_a_wrong_pack_is_named_before_a_run_is_begun(
    tmp_path: Path, parts: dict[str, str], said: str
) -> None:
    """Begun first, it ended as "nothing was evaluated", with a run that nobody can seal."""
    file = tmp_path / "clinigate.toml"
    file.write_text(CONFIG.format(**({"subject": "", "packs": ""} | parts)))
    with pytest.raises(UsageError, match=said):
        evaluate(prepare(load_config(file)), Polite(), checks=[], signer=None, producer="test")
    assert not list(tmp_path.glob(".clinigate/runs/*"))
