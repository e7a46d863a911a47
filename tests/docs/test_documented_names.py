"""Whatever a user can name is described: checks, criteria, keys, variables."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from clinigate.clinical.criteria import CRITERIA
from clinigate.config.model import Config
from clinigate.core.check import REGISTRY
from clinigate.gate.policy_file import PolicyFile

ROOT = Path(__file__).resolve().parents[2]


def keys(model: type[BaseModel]) -> Iterator[tuple[str, bool]]:
    """Every key of a model and of the models in it, and whether it is explained.

    A table is explained by its own docstring, and `kind` by the heading that it chooses.
    """
    for name, field in model.model_fields.items():
        below = list(models(field.annotation))
        yield field.alias or name, bool(field.description or below or name == "kind")
        for each in below:
            yield from keys(each)


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation names at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models(part)


def undocumented(names: set[str], text: str) -> set[str]:
    """The names that a text does not hold as words of their own."""
    words = {name: rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)" for name in names}
    return {name for name, word in words.items() if not re.search(word, text)}


def test_every_check_is_on_the_page_of_checks(pages: dict[str, str]) -> None:
    """By its id, which is what reports and evidence show."""
    importlib.import_module("clinigate.clinical.checks")
    ids = {check.id for check in REGISTRY.all() if check.id.startswith("CG-CLIN-")}
    assert ids
    assert not undocumented(ids, pages["docs/clinical-checks.md"])


def test_every_criterion_is_documented(pages: dict[str, str]) -> None:
    """On some page below docs/."""
    text = "\n".join(text for name, text in pages.items() if name.startswith("docs/"))
    assert not undocumented({criterion.id for criterion in CRITERIA}, text)


def test_every_key_of_the_configuration_is_documented(pages: dict[str, str]) -> None:
    """In the tables that `make docs` writes out of the models."""
    names = {f"`{name}`" for name, _ in keys(Config)}
    assert {"`subject`", "`kind`", "`token_url`", "`env`"} <= names
    text = pages["docs/configuration.md"]
    bare = {name: name.strip("`") for name in names}
    forms = ("`{}`", "`[{}]`", "`[[{}]]`", "`[{}.NAME]`")
    missing = {name for name in names if not any(f.format(bare[name]) in text for f in forms)}
    assert not missing


def test_every_key_of_the_configuration_says_what_it_means() -> None:
    """A table of keys without meanings explains nothing."""
    assert not {name for name, explained in keys(Config) if not explained}


def test_every_key_of_a_policy_is_documented(pages: dict[str, str]) -> None:
    """On the page of policies."""
    words = set(re.findall(r"\w+", pages["docs/policy.md"]))
    assert {name for name, _ in keys(PolicyFile)} <= words


def test_every_variable_that_is_read_is_documented(
    pages: dict[str, str], tracked: list[Path]
) -> None:
    """Names in capitals that the package mentions, but for those that it makes up itself."""
    apart = ("benchmarks", "docs", "tests")
    shipped = [path for path in tracked if path.relative_to(ROOT).parts[0] not in apart]
    read = {
        name
        for path in shipped
        if path.suffix == ".py"
        for name in re.findall(r'"(CLINIGATE_[A-Z_]*[A-Z])"', path.read_text(encoding="utf-8"))
    }
    made_up = {name for name in read if name.startswith("CLINIGATE_REFERENCE_")}
    assert "CLINIGATE_CONFIG" in read
    assert not undocumented(read - made_up, pages["docs/configuration.md"])


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("the `crisis.rate` one", set()),
        ("ends with crisis.rate.", set()),
        ("crisis.rate.unseen is another, crisis.rate is there", set()),
        ("crisis.rate.unseen", {"crisis.rate"}),
        ("no-crisis.rate", {"crisis.rate"}),
        ("crisis.rates", {"crisis.rate"}),
        ("", {"crisis.rate"}),
    ],
)
def test_a_name_is_a_word_of_its_own(text: str, missing: set[str]) -> None:
    """A longer name that holds it does not describe it."""
    assert undocumented({"crisis.rate"}, text) == missing
