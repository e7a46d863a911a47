"""Where a test's program meets the world: output, log records, HTTP, databases, files.

Each seam is a function of somebody else's module that is replaced by one that listens and then
does the same. A module that is not imported yet is listened to as soon as it is; none is imported
for it.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import importlib.util
import logging
import os
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from clinigate.pytest_plugins.phi_guard_database import DATABASES
from clinigate.pytest_plugins.phi_guard_hearing import Hearing
from clinigate.pytest_plugins.phi_guard_http import CLIENTS

__all__ = ["Seams"]

#: By module, what puts our ears into it.
_MODULES: dict[str, Callable[[ModuleType, Hearing, Replace], None]] = {**CLIENTS, **DATABASES}

Replace = Callable[[Any, str, Callable[[Callable[..., Any]], Callable[..., Any]]], None]


class Seams:
    """Listens at all seams from `install` to `remove`."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self._restore: list[Callable[[], None]] = []
        self._finder = _Finder(self._imported)
        self._before: Any = None
        #: Standard output and standard error as they were when they were last listened to.
        self._watched: tuple[Any, Any] = (None, None)

    def install(self) -> None:
        """Begin to listen."""
        global _listener
        self._records()
        for name in _MODULES:
            if module := sys.modules.get(name):
                self._imported(name, module)
        sys.meta_path.insert(0, self._finder)
        self._before, _listener = _listener, self._hearing
        _audit_once()

    def remove(self) -> None:
        """Leave everything as it was."""
        global _listener
        _listener = self._before
        sys.meta_path.remove(self._finder)
        for restore in reversed(self._restore):
            restore()
        self._restore.clear()
        self._watched = (None, None)

    def watch_output(self) -> None:
        """Listen to what is standard output now: capturing exchanges it."""
        out, err = self._watched
        if sys.stdout is out and sys.stderr is err:
            return
        self._watched = (sys.stdout, sys.stderr)
        for name, stream in zip(("stdout", "stderr"), self._watched, strict=True):
            ours = getattr(stream, "__dict__", None)
            if ours is not None and "write" not in ours and self._hearing.wants(name):
                self._output(name, stream)

    def _output(self, name: str, stream: Any) -> None:
        write, hear = stream.write, self._hearing.hear

        def heard(text: str, /) -> int:
            hear(name, text, depth=2)
            return int(write(text))

        stream.write = heard
        self._restore.append(functools.partial(stream.__dict__.pop, "write", None))

    def _records(self) -> None:
        """Be told of each log record that is made, whatever becomes of it."""
        before, hear = logging.getLogRecordFactory(), self._hearing.hear

        def made(*args: Any, **kwargs: Any) -> logging.LogRecord:
            record = before(*args, **kwargs)
            hear("log", _text_of(record), depth=2)
            return record

        logging.setLogRecordFactory(made)
        self._restore.append(functools.partial(logging.setLogRecordFactory, before))

    def _imported(self, name: str, module: ModuleType) -> None:
        _MODULES[name](module, self._hearing, self._replace)

    def _replace(
        self, owner: Any, name: str, listening: Callable[[Callable[..., Any]], Callable[..., Any]]
    ) -> None:
        """Put a function that listens in the place of one that does not, if there is one."""
        before = getattr(owner, name, None)
        if before is None:
            return
        setattr(owner, name, functools.wraps(before)(listening(before)))
        self._restore.append(functools.partial(setattr, owner, name, before))


def _text_of(record: logging.LogRecord) -> str:
    try:
        text = record.getMessage()
    except Exception:  # noqa: BLE001 - arguments of the test's own; logging shows them so too
        text = f"{record.msg} {record.args}"
    if record.exc_info and record.exc_info[1] is not None:
        text += f"\n{record.exc_info[1]}"
    return text


class _Finder(importlib.abc.MetaPathFinder):
    """Hears of modules as they are imported."""

    def __init__(self, imported: Callable[[str, ModuleType], None]) -> None:
        self._imported = imported

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find one of the modules by everybody else, and add ourselves to its loading."""
        if fullname not in _MODULES:
            return None
        others = (each for each in sys.meta_path if each is not self)
        specs = (each.find_spec(fullname, path, target) for each in others)
        spec = next((each for each in specs if each is not None), None)
        if spec is not None and spec.loader is not None:
            load, told = spec.loader.exec_module, self._imported

            def loaded(module: ModuleType) -> None:
                load(module)
                told(fullname, module)

            spec.loader.exec_module = loaded  # type: ignore[method-assign]
        return spec


#: Who hears of files; an audit hook cannot be taken away again.
_listener: Hearing | None = None
_WRITES = os.O_WRONLY | os.O_RDWR
_hooked = False


def _audit_once() -> None:
    global _hooked
    if not _hooked:
        sys.addaudithook(_audited)
        _hooked = True


def _audited(event: str, args: tuple[Any, ...]) -> None:
    if event == "open":
        if _listener is not None:
            path, _, flags = args
            if (flags or 0) & _WRITES and isinstance(path, (str, bytes)):
                _listener.wrote(path, depth=2)
    elif event == "os.rename" and _listener is not None and isinstance(args[1], (str, bytes)):
        _listener.wrote(args[1], depth=2)
