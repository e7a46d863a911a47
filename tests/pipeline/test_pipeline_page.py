"""A page that cannot be rendered is one sentence, and the sealed run stays as it is."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest

from clinigate.errors import EvidenceError
from clinigate.pipeline import publish


def test_a_template_error_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_report: Any, _view: Any) -> str:
        raise jinja2.UndefinedError("'report' has no field 'x'")

    monkeypatch.setattr(publish, "render_html", broken)
    with pytest.raises(EvidenceError, match=r"cannot be rendered.*the sealed run stays as it is"):
        publish.page_of(object())  # type: ignore[arg-type]
