"""Comments in the code that accept what stands on their line.

Two forms. The long one names a rule and a day (`# clinigate: accept CG-PHI-SSN until …: reason`).
The short one, `# phi-ok: reason`, says that all on this line is nobody's: it has no day, speaks of
every rule but that of canaries, and holds only in files whose ending has comments. In a log or a
table of data anybody's words could look like one, and what a user typed must not hide itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import PurePosixPath

from clinigate.errors import ConfigError
from clinigate.findings.acceptance import Acceptance, Way
from clinigate.findings.inline import ENDINGS, comments, inline_acceptances
from clinigate.phi.canaries import CANARY_RULE

__all__ = ["comments_in"]

_MARK = "phi-ok"
_FORM = re.compile(r"phi-ok(?![\w-])\s*(?P<colon>:?)(?P<reason>.*)", re.DOTALL)
#: Every rule, those of a house's own recognizers too.
_FAMILY = "*"


def comments_in(text: str, uri: str, today: date) -> list[Acceptance]:
    """Return the acceptances that stand in a file's comments, of both forms.

    Args:
        text: the file.
        uri: its name in findings.
        today: against which the longest term is measured.

    Raises:
        ConfigError: one is malformed, gives no reason, or reaches too far ahead.
    """
    return [*inline_acceptances(text, uri, today), *_short_ones(text, uri)]


def _short_ones(text: str, uri: str) -> Iterator[Acceptance]:
    if _MARK not in text or PurePosixPath(uri).suffix.lower() not in ENDINGS:
        return
    for line, said, alone in comments(text, uri, _MARK):
        form = _FORM.match(said)
        if form is None:
            continue  # another word, as phi-okay
        reason = form["reason"].strip().removesuffix("-->").removesuffix("*/").strip()
        if not form["colon"] or not reason:
            raise ConfigError(
                f"{uri}: line {line}: 'phi-ok' gives no reason; write it as '# phi-ok: reason'"
            )
        yield Acceptance(
            way=Way.OK,
            rule=_FAMILY,
            path=uri,
            until=date.max,
            reason=reason,
            source=uri,
            source_line=line,
            lines=(line, line + 1) if alone else (line, line),
            unless=(CANARY_RULE,),
        )
