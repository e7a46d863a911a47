"""The defects that let data of patients out, each by a way of its own.

What they leave alone is what the service says of people, and who may ask it: `clinigate phi trace`
finds each by what it planted.
"""

from __future__ import annotations

from clinigate.reference.defect import Defect, Spill

__all__ = ["SPILLING"]

_METRIC = "phi.leaks"


def _defect(name: str, summary: str, spill: Spill, *more: str) -> Defect:
    return Defect(f"phi-in-{name}", summary, (_METRIC, *more), spill=spill)


SPILLING = (
    _defect("log-field", "The log names the patient whom a request is about.", Spill.LOG_FIELD),
    _defect(
        "error-report",
        "The report of a request that could not be read quotes it, below its traceback.",
        Spill.ERROR_REPORT,
    ),
    _defect(
        "url",
        "The address that the model provider is asked at names the patient.",
        Spill.URL,
    ),
    _defect(
        "metrics",
        "An address that leads nowhere becomes a label of the metrics as it stands.",
        Spill.METRICS,
    ),
    _defect("cache", "Who agreed is cached under the patient's name.", Spill.CACHE),
    _defect(
        "other-reply",
        "Chat quotes what was said before, whoever said it.",
        Spill.OTHER_REPLY,
    ),
    _defect(
        "prompt",
        "The model provider that looks over replies is sent the patient's words too.",
        Spill.PROMPT,
    ),
    _defect("backup", "The backup of the store is an export in clear.", Spill.BACKUP),
    _defect(
        "debug",
        "An address for debugging shows to anyone what was last said.",
        Spill.DEBUG,
        "hipaa.anonymous_sweep",
    ),
    _defect(
        "access-log",
        "The access log, rotated and compressed, has addresses with all that they ask.",
        Spill.ACCESS_LOG,
    ),
    _defect("span", "The span of a request holds what was said in it.", Spill.SPAN),
    _defect(
        "error-page",
        "Who asks at an address that leads nowhere reads it in the refusal.",
        Spill.ERROR_PAGE,
    ),
    _defect("header", "Who agreed is named in a header of the answer.", Spill.HEADER),
)
"""Their rows of the table of defects."""
