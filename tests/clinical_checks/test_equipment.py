"""A configured model plays people in the check that asks for one, and in no other."""

from __future__ import annotations

import pytest

from clinigate.clinical.equipment import Equipment, equipment_of
from clinigate.config.loader import load_config
from clinigate.core.check import REGISTRY
from clinigate.errors import ConfigError
from clinigate.pipeline.evaluate import all_checks

PERSON = """
[subject]
name = "small"
[dialogue]
conversations = 7
[dialogue.person]
kind = "openai"
name = "somebody"
base_url = "http://127.0.0.1:9/v1"
model = "plays-people"
"""


@pytest.fixture
def written(tmp_path):
    def write(text: str):
        path = tmp_path / "clinigate.toml"
        path.write_text(text, encoding="utf-8")
        return load_config(path)

    return write


def test_the_model_goes_to_the_check_that_converses_with_it(written):
    equipment = equipment_of(written(PERSON))
    assert equipment.bench is None
    changed = {check.id for check in all_checks() if equipment.given_to(check) is not check}
    assert changed == {"CG-CLIN-DIALOGUE-002"}
    run = equipment.given_to(REGISTRY.get("CG-CLIN-DIALOGUE-002")).run
    assert run.keywords["company"].conversations == 7


def test_without_tables_every_check_stays_as_it_is(written):
    equipment = equipment_of(written('[subject]\nname = "small"\n'))
    assert equipment == Equipment()
    assert all(equipment.given_to(check) is check for check in all_checks())


def test_a_file_that_is_not_there_is_named(written):
    text = PERSON + 'tls = {ca_file = "gone.pem"}\n'
    with pytest.raises(ConfigError, match=r"gone\.pem"):
        equipment_of(written(text))
