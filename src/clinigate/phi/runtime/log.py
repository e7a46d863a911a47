"""A filter for `logging` that lets no identifier pass: message, arguments, extras, tracebacks."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Callable

from clinigate.phi.runtime.redactor import Redactor

__all__ = ["PhiFilter"]

_OURS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_BROKEN = "[CG-PHI-WITHHELD] a log record that could not be searched ({})"


class PhiFilter(logging.Filter):
    """Cleans each record, for every handler that comes after; nothing is dropped.

    Add it to the handlers, not to a logger: a logger's filters never see what its children log.

    ::

        handler.addFilter(PhiFilter())
        {"filters": {"phi": {"()": "clinigate.phi.PhiFilter"}}}   # logging.config.dictConfig

    Searched are the rendered message, the arguments (handlers may ship them by themselves), the
    fields of `extra`, the traceback with its causes, the stack. Where a traceback shows something,
    its cleaned text takes the place of the exception. A record that cannot be searched, as its
    message does not render, is withheld and says so: logging breaks no application, and what
    nobody looked at does not pass.
    """

    def __init__(
        self,
        redactor: Redactor | None = None,
        *,
        on_find: Callable[[str, Counter[str]], None] | None = None,
    ) -> None:
        """Take what cleans, and who is told.

        Args:
            redactor: by default one with the usual threshold.
            on_find: called with the logger's name and how often each rule struck.
        """
        super().__init__()
        self._redactor = redactor or Redactor()
        self._on_find = on_find

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean a record in place. Always true."""
        rules: Counter[str] = Counter()
        try:
            self._clean(record, rules)
        except Exception as problem:  # noqa: BLE001 - arguments are anybody's objects
            _withhold(record, type(problem).__name__)
        if rules and self._on_find is not None:
            self._on_find(record.name, rules)
        return True

    def _clean(self, record: logging.LogRecord, rules: Counter[str]) -> None:
        message, shown = record.getMessage(), Counter[str]()
        clean = self._redactor.text(message, rules=shown)
        held: Counter[str] = Counter()
        args = self._redactor.value(record.args, rules=held)
        if clean is not message or args is not record.args:
            record.msg, record.args = clean, ()
        rules.update(shown | held)  # what the message shows, the arguments hold too
        for name, value in list(record.__dict__.items()):
            if name not in _OURS:
                record.__dict__[name] = self._redactor.value(value, field=name, rules=rules)
        if record.stack_info:
            record.stack_info = self._redactor.text(record.stack_info, rules=rules)
        self._clean_traceback(record, rules)

    def _clean_traceback(self, record: logging.LogRecord, rules: Counter[str]) -> None:
        if record.exc_text:  # some other handler's formatter was here before
            record.exc_text = self._redactor.text(record.exc_text, rules=rules)
        if not record.exc_info or record.exc_info[1] is None:
            return
        shown = "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n")
        struck, held = Counter[str](), Counter[str]()
        clean = self._redactor.text(shown, rules=struck)
        # Some handlers send what an exception holds rather than its text.
        self._redactor.value(record.exc_info[1].args, rules=held)
        if struck or held:
            record.exc_text, record.exc_info = clean, None
        rules.update(struck | held)


def _withhold(record: logging.LogRecord, why: str) -> None:
    record.msg, record.args = _BROKEN.format(why), ()
    record.exc_info = record.exc_text = record.stack_info = None
    for name in [name for name in record.__dict__ if name not in _OURS]:
        del record.__dict__[name]
