"""The page on load tests shows what there is: its profile plays, and its fields are all there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from clinigate.cli.load import command
from clinigate.load.criteria import builtin_criteria
from clinigate.load.library import builtin_profiles, parse_profile
from clinigate.load.model import Profile
from clinigate.load.script import script_of

PAGE = (Path(__file__).parents[2] / "docs" / "load.md").read_text(encoding="utf-8")


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models(part)


def fields(model: type[BaseModel]) -> Iterator[tuple[str, bool]]:
    for name, field in model.model_fields.items():
        below = list(models(field.annotation))
        yield field.alias or name, bool(field.description or below)
        for each in below:
            yield from fields(each)


def test_the_profile_on_the_page_can_be_played() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert set(script_of(parse_profile(text, source="docs/load.md").profile).steps) == {
        "hello",
        "answer",
        "disclosure",
        "bye",
    }


def test_every_profile_criterion_and_option_is_on_the_page() -> None:
    names = {criterion.id.rpartition(".")[2] for criterion in builtin_criteria()}
    for name in names:
        assert f"load.<profile>.{name}" in PAGE
    for name in builtin_profiles():
        assert f"| `{name}` |" in PAGE
    options = {o for p in command.commands["run"].params for o in p.opts if o.startswith("--")}
    shared = {"--config", "--environment", "--seed", "--help"}
    assert {option for option in options - shared if option not in PAGE} == set()


def test_most_fields_of_a_profile_are_shown_and_all_are_explained() -> None:
    explained = dict(fields(Profile))
    plain = {"schema", "name", "title", "p", "max_turns", "about", "scale"}
    assert {name for name in explained if name not in PAGE} <= plain
    unexplained = {name for name, said in explained.items() if not said}
    assert unexplained <= {"schema", "name", "title", "p", "matches", "think"}
