"""Write what the documentation shows of the programs themselves: help texts and tables of keys.

A page holds such a part between `<!-- generated: NAME -->` and `<!-- end of NAME -->`; around it
people write. `python docs/regenerate.py` writes the parts anew, `--check` shows what it would
change and exits with 1 when that is anything.
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from _configuration import configuration
from _help import command_help, pytest_fixtures, pytest_markers, pytest_options
from _hipaa import hipaa_probes
from _reference import defects, defects_of_care, routes_of_care

ROOT = Path(__file__).resolve().parents[1]


def _shown(script: Path) -> str:
    """A script as it stands, for readers who have the page and nothing else."""
    return f"```text\n{script.read_text(encoding='utf-8')}```"


#: Name of a part: what writes it. Each stands in at least one page.
PARTS: Mapping[str, Callable[[], str]] = {
    "commands": command_help,
    "configuration": configuration,
    "defects": defects,
    "defects of care": defects_of_care,
    "hipaa probes": hipaa_probes,
    "pytest fixtures": pytest_fixtures,
    "pytest markers": pytest_markers,
    "pytest options": pytest_options,
    "routes of care": routes_of_care,
    "verify.sh": lambda: _shown(ROOT / "examples" / "verify" / "verify.sh"),
}

_PART = re.compile(
    r"^<!-- generated: (?P<name>.+?) -->\n(?P<text>.*?)^<!-- end of (?P=name) -->$", re.M | re.S
)
_BEGIN = re.compile(r"^<!-- generated: (.+?) -->$", re.M)


def pages(root: Path) -> list[Path]:
    """The Markdown pages that may hold parts: those at the root and everything in docs/."""
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])


def rewritten(text: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """Return a page with each of its parts written anew.

    Raises:
        ValueError: the page asks for a part that does not exist, or does not end one.
    """
    begun = _BEGIN.findall(text)
    ended = [match["name"] for match in _PART.finditer(text)]
    unknown = [name for name in begun if name not in parts]
    if unknown:
        raise ValueError(f"no part is named {unknown[0]!r}; known are {', '.join(parts)}")
    if begun != ended:
        raise ValueError(f"{len(begun)} parts begin and {len(ended)} end; add <!-- end of NAME -->")

    def write(match: re.Match[str]) -> str:
        name = match["name"]
        body = parts[name]().strip("\n")
        return f"<!-- generated: {name} -->\n\n{body}\n\n<!-- end of {name} -->"

    return _PART.sub(write, text)


def homeless(texts: Mapping[Path, str], parts: Mapping[str, Callable[[], str]]) -> list[str]:
    """Return the parts that no page shows."""
    shown = {name for text in texts.values() for name in _BEGIN.findall(text)}
    return sorted(parts.keys() - shown)


def main() -> int:
    """Write or check every page; the exit code is 1 when a check finds a difference."""
    parser = argparse.ArgumentParser(description="Write the generated parts of the documentation.")
    parser.add_argument("--check", action="store_true", help="change nothing, show what would be")
    check: bool = parser.parse_args().check
    parts = {name: cache(write) for name, write in PARTS.items()}
    texts = {page: page.read_text(encoding="utf-8") for page in pages(ROOT)}
    if missing := homeless(texts, parts):
        raise SystemExit(f"no page holds the generated part(s) {', '.join(missing)}")
    changed = False
    for page, old in texts.items():
        name = str(page.relative_to(ROOT))
        try:
            new = rewritten(old, parts)
        except ValueError as error:
            raise SystemExit(f"{name}: {error}") from error
        if new == old:
            continue
        changed = True
        if check:
            before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
            sys.stdout.writelines(difflib.unified_diff(before, after, name, f"{name} (generated)"))
        else:
            page.write_text(new, encoding="utf-8")
            print(f"wrote {name}")
    if check and changed:
        print("run `make docs` and commit what it writes")
    return int(check and changed)


if __name__ == "__main__":
    raise SystemExit(main())
