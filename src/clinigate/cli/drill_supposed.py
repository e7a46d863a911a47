"""What an exercise supposes of a breach: options, and the breach that they describe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from clinigate.errors import UsageError

if TYPE_CHECKING:
    from clinigate.hipaa.drills.deadlines import Breach

__all__ = ["breach_of", "supposed_options"]

_DAY = click.DateTime(["%Y-%m-%d"])
_BY = ("covered-entity", "business-associate", "agent")
_OPTIONS = (
    click.option(
        "--affected",
        type=click.IntRange(min=1),
        help="Suppose so many affected (default: those of the drill).",
    ),
    click.option(
        "--residents",
        multiple=True,
        metavar="STATE=COUNT",
        help="Suppose so many of them residents of a State, as CA=620.",
    ),
    click.option(
        "--discovered",
        metavar="TIME",
        help="Suppose that it was discovered then, with the zone (default: now).",
    ),
    click.option(
        "--by", type=click.Choice(_BY), default=_BY[0], show_default=True, help="Who discovered it."
    ),
    click.option("--told", metavar="TIME", help="When the business associate told."),
    click.option(
        "--delay-until", type=_DAY, help="Law enforcement asks to wait until this day, and on it."
    ),
    click.option(
        "--delay-stated",
        type=_DAY,
        help="The day on which it asked (default: the day of discovery).",
    ),
    click.option("--delay-oral", is_flag=True, help="It asked by word of mouth: 30 days at most."),
    click.option(
        "--gdpr/--no-gdpr",
        default=True,
        show_default=True,
        help="Whether people in the Union are among them.",
    ),
)


def supposed_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of an exercise; it takes them as `**supposed`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def breach_of(supposed: Mapping[str, Any], drilled: int) -> Breach:
    """Return the breach that the options describe, where so many were affected in the drill.

    Raises:
        UsageError: an option cannot be so; it is named.
    """
    from clinigate.hipaa.drills.deadlines import Breach, Delay, Discoverer

    residents = _residents(supposed["residents"])
    discovered = _moment(supposed["discovered"], "--discovered") or datetime.now().astimezone()
    delay, until = None, supposed["delay_until"]
    if until is not None or supposed["delay_oral"]:
        stated = supposed["delay_stated"] or discovered
        end = None if until is None else until.date()
        delay = Delay(stated.date(), end, written=not supposed["delay_oral"])
    return Breach(
        discovered,
        supposed["affected"] or max(drilled, sum(residents.values())),
        residents,
        Discoverer(supposed["by"]),
        _moment(supposed["told"], "--told"),
        delay,
        supposed["gdpr"],
    )


def _residents(words: tuple[str, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in words:
        state, _, count = word.partition("=")
        if not (count.isascii() and count.isdecimal()) or state in found:
            raise UsageError(f"--residents {word}: give each State once, as CA=620")
        found[state] = int(count)
    return found


def _moment(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text}: give a time as 2026-11-22T10:00+01:00") from None
