"""The page of these probes names each of them, and its tables are read as they stand there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from clinigate.config.hipaa import HipaaTable
from clinigate.hipaa.probes.rights import DECLARED
from clinigate.hipaa.probes.rights.doing import PROBES
from clinigate.reference.lapses import rights

PAGE = (Path(__file__).parents[2] / "docs" / "hipaa-rights.md").read_text("utf-8")


def test_every_probe_is_there_with_its_clauses_and_its_defect() -> None:
    rows = {row.split("`")[1]: row for row in PAGE.splitlines() if row.startswith("| `hipaa.")}
    assert set(rows) == {each.metric for each in DECLARED}
    for each in DECLARED:
        assert f"`{each.check}`" in rows[each.metric]
        for control in each.controls:
            assert control.replace("Art.", "Art. ") in rows[each.metric]
    for defect in rights.LAPSES:
        (metric,) = defect.metrics
        assert f"`{defect.name}`" in rows[metric]


def test_every_probe_says_what_it_does() -> None:
    assert list(PROBES) == [each.name for each in DECLARED]
    for each in DECLARED:
        assert all(text.endswith(".") for text in (each.sends, each.looks_at, each.cannot_see))


def test_the_tables_are_read() -> None:
    written = "\n".join(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
    found = HipaaTable.model_validate(tomllib.loads(written)["hipaa"]).rights
    assert None not in found.model_dump().values()
