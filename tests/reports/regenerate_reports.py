"""Write the golden files again: `.venv/bin/python tests/reports/regenerate_reports.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import report_examples  # type: ignore[import-not-found]

from clinigate.reports.html import render_html
from clinigate.reports.markdown import render_markdown
from clinigate.reports.terminal import report_table

GOLDEN = Path(__file__).parent / "golden"


def rendered() -> Iterator[tuple[str, str]]:
    """File name and text of every golden file."""
    for name, report in report_examples.reports().items():
        yield f"{name}.html", render_html(report)
        yield f"{name}.md", render_markdown(report)
        yield f"{name}.txt", report_table(report, width=110) + "\n"
        yield f"{name}-narrow.txt", report_table(report, width=72, unicode=False) + "\n"


def main() -> None:
    """Write them all, and remove what is no longer made."""
    GOLDEN.mkdir(exist_ok=True)
    texts = dict(rendered())
    for path in GOLDEN.iterdir():
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (GOLDEN / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
