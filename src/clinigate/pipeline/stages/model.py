"""A stage that is ready to run: programs, how long they may take, and what comes before."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clinigate.evidence.stages import StageSpec

__all__ = ["Command", "Stage", "own", "pytest_command", "user_command"]

_TELLING = r"(?:password|passphrase|passwd|secret|token|api-?key|credential)"
_HIDDEN = "[hidden]"
#: `NAME=VALUE` and `--name VALUE`, a header that lets somebody in, what stands before a host.
_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s"';&|]+)"""
_SECRETS = tuple(
    re.compile(text, re.IGNORECASE)
    for text in (
        rf"(?P<name>[\w-]*{_TELLING}[\w-]*=){_VALUE}",
        rf"(?P<name>(?<![\w-])--?[\w-]*{_TELLING}\s+)(?!-){_VALUE}",
        r"(?P<name>\b(?:bearer|basic)\s+)[\w.~+/=-]+",
        r"(?P<name>://)[^\s/@'\"]+(?=@)",
    )
)


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its arguments; `shown` is what a user would type, secrets taken out."""

    argv: tuple[str, ...]
    shown: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a run.

    Attributes:
        name: unique. commands: run one after the other; none where the stage cannot run.
        timeout_s: seconds for all of them together.
        needs: stages that must have gone well before.
        required: whether the gate stays shut without its evidence.
        selected: whether it is to run. left_out: why not.
    """

    name: str
    commands: tuple[Command, ...]
    timeout_s: float
    needs: tuple[str, ...] = ()
    required: bool = True
    selected: bool = True
    left_out: str = ""

    @property
    def spec(self) -> StageSpec:
        """The stage as evidence tells it."""
        return StageSpec(
            self.name,
            tuple(command.shown for command in self.commands),
            self.timeout_s,
            self.needs,
            self.required,
            self.selected,
        )


def own(*arguments: str) -> Command:
    """Return a command of Clinigate, run by the interpreter that runs us."""
    argv = (sys.executable, "-m", "clinigate", *arguments)
    return Command(argv, _shown(("clinigate", *arguments)))


def pytest_command(*arguments: str) -> Command:
    """Return a call of pytest, run by the interpreter that runs us."""
    argv = (sys.executable, "-m", "pytest", *arguments)
    return Command(argv, _shown(("python", "-m", "pytest", *arguments)))


def user_command(words: Sequence[str]) -> Command:
    """Return a program of the user's own."""
    # A place on this machine tells the reader of the evidence nothing.
    program = Path(words[0])
    return Command(
        tuple(words), _shown([program.name if program.is_absolute() else words[0], *words[1:]])
    )


def _shown(words: Sequence[str]) -> str:
    """The words as they are typed; the value of an option that names a secret is not told."""
    told: list[str] = []
    hide = False
    for word in words:
        told.append(_HIDDEN if hide else _without_value(word))
        hide = re.fullmatch(rf"-{{1,2}}[\w-]*{_TELLING}", word, re.IGNORECASE) is not None
    return shlex.join(told)


def _without_value(word: str) -> str:
    """The word, or the lines of a shell, with what looks like a secret taken out."""
    for pattern in _SECRETS:
        word = pattern.sub(rf"\g<name>{_HIDDEN}", word)
    return word
