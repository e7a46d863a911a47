"""A control and the catalogue that knows all of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.codec import to_plain
from clinigate.errors import ControlError

__all__ = ["CatalogueHead", "Control", "ControlCatalogue", "Mode", "Requirement"]

LOCK_SCHEMA = "clinigate.controls.lock/1"


class Requirement(StrEnum):
    """What the HIPAA Security Rule says of a clause (45 CFR 164.306(d)); `none` everywhere else."""

    REQUIRED = "R"
    ADDRESSABLE = "A"
    STANDARD = "S"
    NONE = "none"


class Mode(StrEnum):
    """What shows that a clause is kept.

    `AUTO`: checks that ran. `ATTEST`: a signed document that is still fresh. `HYBRID`: both.
    """

    AUTO = "auto"
    HYBRID = "hybrid"
    ATTEST = "attest"


@dataclass(frozen=True, slots=True)
class Control:
    """One clause.

    Attributes:
        id: as policies, checks and reports name it: `164.312(b)`, `11.10(a)`, `Art.32`, `CC6.1`.
        title: what it is about, in a few words; not its legal text.
        catalogue: name of the catalogue that it stands in, as `hipaa-security`.
        prefix: what a citation puts before the id, as `45 CFR`.
        requirement: Required, Addressable, or a standard whose duties sit in its specifications.
        mode: what shows that it is kept.
        fresh_days: greatest age of its evidence; our default, since the law sets none. None leaves
            it to the policy's own limit on the age of a bundle.
    """

    id: str
    title: str
    catalogue: str
    prefix: str
    requirement: Requirement
    mode: Mode
    fresh_days: int | None = None

    @property
    def citation(self) -> str:
        """The id as a report cites it, as `45 CFR 164.312(b)`."""
        return f"{self.prefix} {self.id}".strip()


@dataclass(frozen=True, slots=True)
class CatalogueHead:
    """What a catalogue says of itself.

    Attributes:
        name: as `hipaa-security`. title: of the law or standard. prefix: of its citations.
        source: where it is found. grammar: what its citations look like.
        revised: the day on which our list was last changed, as `2026-11-22`.
    """

    name: str
    title: str
    prefix: str
    source: str
    grammar: str
    revised: str


class ControlCatalogue:
    """Every known control, by id, in the order of the catalogues."""

    __slots__ = ("_controls",)

    def __init__(self, controls: Iterable[Control]) -> None:
        """Take controls.

        Raises:
            ControlError: none at all, or two of one id.
        """
        self._controls: dict[str, Control] = {}
        for control in controls:
            known = self._controls.setdefault(control.id, control)
            if known is not control:
                raise ControlError(
                    f"control {control.id!r} stands twice, in {known.catalogue} and in "
                    f"{control.catalogue}; an id names one clause"
                )
        if not self._controls:
            raise ControlError("a control catalogue needs at least one control")

    def get(self, control_id: str) -> Control:
        """Return the control of that id.

        Raises:
            ControlError: there is none; the nearest known ids are named.
        """
        try:
            return self._controls[control_id]
        except KeyError:
            near = difflib.get_close_matches(control_id, self._controls, n=3, cutoff=0.5)
            hint = f"; nearest known: {', '.join(near)}" if near else ""
            raise ControlError(f"no catalogue knows the control {control_id!r}{hint}") from None

    def __contains__(self, control_id: object) -> bool:
        return control_id in self._controls

    def __iter__(self) -> Iterator[Control]:
        return iter(self._controls.values())

    def __len__(self) -> int:
        return len(self._controls)

    def of(self, catalogue: str) -> tuple[Control, ...]:
        """Return the controls of one catalogue, as `hipaa-security`.

        Raises:
            ControlError: no catalogue has that name.
        """
        found = tuple(control for control in self if control.catalogue == catalogue)
        if not found:
            raise ControlError(
                f"no catalogue is named {catalogue!r}; known are {', '.join(self.names)}"
            )
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """The catalogues, in their order."""
        return tuple(dict.fromkeys(control.catalogue for control in self))

    @property
    def digest(self) -> str:
        """`sha256:…` over every control, whatever the order in which they were read."""
        return _digest(self)

    def lock(self) -> dict[str, Any]:
        """Return the content of `controls.lock.json`: which catalogues a run was judged by."""
        return {
            "schema": LOCK_SCHEMA,
            "digest": self.digest,
            "catalogues": {
                name: {"controls": len(self.of(name)), "digest": _digest(self.of(name))}
                for name in self.names
            },
        }


def _digest(controls: Iterable[Control]) -> str:
    plain = [to_plain(control) for control in sorted(controls, key=lambda each: each.id)]
    return f"sha256:{sha256_hex(canonical_bytes(plain))}"
