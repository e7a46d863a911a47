"""Every run that ever began is a row, and no row says more than can be believed."""

from __future__ import annotations

from typing import Any


def text(page: Any) -> str:
    assert page is not None
    return page.body.decode()


def test_thin(project: Any) -> None:
    fates = project.shelf_of_every_fate()
    site = project.site(exported=True)
    for path in site.paths():
        assert text(site.page(path))
    page = text(site.page("index.html"))
    for run in fates.values():
        assert run in page
