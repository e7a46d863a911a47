"""How far a check is, on pytest's own line: a long check says nothing else for a minute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clinigate.clinical.asking import Progress, Watch
from clinigate.pytest_plugins.workers import is_worker

__all__ = ["TerminalProgress", "progress_of"]

_SAVE, _RESTORE, _CLEAR = "\x1b7", "\x1b8", "\x1b[K"


class TerminalProgress:
    """Writes cases, what went wrong so far and the time left behind the cursor, and wipes it.

    Args:
        write: puts text on the terminal, whatever pytest captures.
        room: columns that are free behind the cursor.
        clock: seconds.
    """

    def __init__(
        self, write: Callable[[str], object], room: Callable[[], int], clock: Callable[[], float]
    ) -> None:
        self._write, self._room, self._clock = write, room, clock
        self._began = clock()

    def __call__(self, progress: Progress) -> None:
        """Show how far it is, at every hundredth of the cases."""
        if progress.asked == 0:
            self._began = self._clock()
        if progress.asked == progress.total:
            self._write(_CLEAR)
        elif progress.asked % max(1, progress.total // 100) == 0:
            text = self._words(progress)[: max(0, self._room() - 1)]
            self._write(f"{_SAVE}{text}{_CLEAR}{_RESTORE}")

    def _words(self, progress: Progress) -> str:
        done, total = progress.asked, progress.total
        said = f" {done:,} of {total:,} cases, {progress.faults:,} wrong so far"
        if not done:
            return said
        left = (self._clock() - self._began) * (total - done) / done
        minutes, seconds = divmod(round(left), 60)
        return f"{said}, {minutes}:{seconds:02} left"


def progress_of(config: pytest.Config, clock: Callable[[], float]) -> Watch | None:
    """Return what shows a check's progress; None where no person looks on."""
    if not config.pluginmanager.has_plugin("terminalreporter"):
        return None
    writer: Any = config.get_terminal_writer()
    if is_worker(config) or not writer.hasmarkup or config.get_verbosity() < 0:
        return None
    capturing: Any = config.pluginmanager.getplugin("capturemanager")

    def write(text: str) -> None:
        with capturing.global_and_fixture_disabled():
            # Past the writer, which would count what is wiped again as part of its line.
            writer._file.write(text)
            writer._file.flush()

    def room() -> int:
        return int(writer.fullwidth - writer.width_of_current_line)

    return None if capturing is None else TerminalProgress(write, room, clock)
