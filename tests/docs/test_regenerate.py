"""The generated parts of the documentation are what the programs say today."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = {"one": lambda: "1\n", "two": lambda: "2"}
PAGE = """\
# Page
<!-- generated: one -->
stale
<!-- end of one -->
by hand
<!-- generated: two -->
<!-- end of two -->
"""


def test_the_documentation_is_up_to_date() -> None:
    """`make docs` would change nothing."""
    done = subprocess.run(
        [sys.executable, "docs/regenerate.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def test_a_part_is_replaced_and_the_rest_stays(regenerate: ModuleType) -> None:
    """And doing it twice does no more than doing it once."""
    once = regenerate.rewritten(PAGE, PARTS)
    assert once == (
        "# Page\n<!-- generated: one -->\n\n1\n\n<!-- end of one -->\nby hand\n"
        "<!-- generated: two -->\n\n2\n\n<!-- end of two -->\n"
    )
    assert regenerate.rewritten(once, PARTS) == once


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<!-- generated: three -->\n<!-- end of three -->\n", "no part is named 'three'"),
        ("<!-- generated: one -->\n", "1 parts begin and 0 end"),
        ("<!-- generated: one -->\n<!-- end of two -->\n", "1 parts begin and 0 end"),
        ("<!-- generated: one -->\n<!-- generated: two -->\n<!-- end of one -->\n", "begin"),
    ],
)
def test_a_mark_that_cannot_be_meant_is_refused(
    page: str, said: str, regenerate: ModuleType
) -> None:
    """Instead of leaving the old text where it is."""
    with pytest.raises(ValueError, match=said):
        regenerate.rewritten(page, PARTS)


def test_a_part_that_no_page_shows_is_named(regenerate: ModuleType) -> None:
    """A page that was renamed must not lose its part in silence."""
    assert regenerate.homeless({Path("page.md"): PAGE}, PARTS) == []
    assert regenerate.homeless({}, PARTS) == ["one", "two"]


def test_our_options_are_cut_out_of_the_help(regenerate: ModuleType) -> None:
    """From the group's name to the next one."""
    text = (
        "Logging:\n  --log-level=LEVEL\n\nClinigate: evaluation:\n  --a=X    one\n"
        "           more\n\n  --b      two\n\nanyio:\n  --c\n"
    )
    cut = importlib.import_module("_help").option_group(text)
    assert cut == "Clinigate: evaluation:\n  --a=X    one\n           more\n\n  --b      two\n"


def test_a_help_without_our_options_is_refused(regenerate: ModuleType) -> None:
    """Where the plugin is not installed, no empty list is written."""
    with pytest.raises(LookupError, match="is the plugin installed"):
        importlib.import_module("_help").option_group("Logging:\n  --log-level=LEVEL\n")


def test_our_markers_are_those_that_go_with_the_plugin(regenerate: ModuleType) -> None:
    """The difference of two outputs."""
    with_ours = "@pytest.mark.a: first\n\n@pytest.mark.ours: x\n  y\n\n@pytest.mark.z: last\n\n"
    without = "@pytest.mark.a: first\n\n@pytest.mark.z: last\n\n"
    found = importlib.import_module("_help").entries_about(with_ours, without)
    assert found == "@pytest.mark.ours: x\n  y"


def test_our_fixtures_come_without_their_places(regenerate: ModuleType) -> None:
    """Which differ between machines and with every edit; private ones are nobody's business."""
    text = (
        "--- fixtures defined from _pytest.cache ---\ncache -- provider.py:560\n    Theirs.\n\n"
        "--- fixtures defined from clinigate.pytest_plugins.session ---\n"
        "assess -- ../elsewhere/session.py:9\n    Run a check -- one.\n\n"
        "_session [session scope] -- session.py:10\n    Private.\n\n    More.\n\n"
        "target [session scope] -- session.py:12\n    The system.\n\n    More.\n\n\n"
        "--- fixtures defined from xdist.plugin ---\nworker_id -- plugin.py:1\n    Theirs.\n"
    )
    assert importlib.import_module("_help").fixture_entries(text) == (
        "assess\n    Run a check -- one.\n\ntarget [session scope]\n    The system.\n\n    More.\n"
    )


def test_a_table_of_keys_says_type_default_and_meaning(regenerate: ModuleType) -> None:
    """Taken from one line of the page that a reader would look for."""
    text = importlib.import_module("_configuration").configuration()
    assert '## `[target]` with `kind = "replay"`' in text
    assert "### `[target.limits]` of a service" in text
    assert (
        "| `timeout_s` | number > 0, ≤ 600 | `30.0` "
        "| limit of one request; a check may set a lower one |"
    ) in text
    assert "| `base_url` | text | required | as https://therapy.example:8443/api |" in text
    assert "| `headers` | by name: text or table of `env` |" in text


def test_tables_by_name_have_sections_of_their_own(regenerate: ModuleType) -> None:
    """What a user names stands as NAME in the heading."""
    text = importlib.import_module("_configuration").configuration()
    assert text.count("### `[inputs.NAME]`") == 1
    assert "| `digest` | text |  | 'sha256:…' of what lies elsewhere" in text


def test_the_examples_for_pytest_run(pages: dict[str, str], tmp_path: Path) -> None:
    """As they stand: a test over a check, and a target of one's own."""
    blocks = [part.split("```")[0] for part in pages["docs/pytest.md"].split("```python\n")[1:]]
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, "docs/pytest.md", "exec"), {})
