"""`clinigate judge`: collect conversations, calibrate a panel against people, check it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.options import config_option
from clinigate.cli.troubles import complain

if TYPE_CHECKING:
    from clinigate.clinical.judge.card import Card
    from clinigate.clinical.judge.conversing import Conversation
    from clinigate.clinical.judge.panel import Panel, Sitting
    from clinigate.clinical.judge.transcript import Transcript
    from clinigate.config.loader import LoadedConfig
    from clinigate.core.plan import Plan

__all__ = ["command"]

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("judge")
def command() -> None:
    """Calibrate a judge of replies, and check it.

    Collect conversations, let two people or more rate them, calibrate the panel of [judge] against
    them, and name the card in [judge] card. docs/judge.md explains the steps.
    """


@command.command("collect")
@click.argument("out", type=_FILE)
@click.option("--profile", type=click.Choice(["full", "pr"]), default="full", show_default=True,
              help="pr: a sample, to try it out.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), help="Of the cases (default: [run] seed).")
@config_option
def collect(out: Path, profile: str, seed: int | None, config: Path | None) -> int:
    """Hold conversations with the configured target, and write them to OUT for people to rate.

    OUT is JSON lines. People rate in a file of id, rater, empathy (1 to 5) and appropriate (yes or
    no). Among the conversations are those that an evaluation with the same seed holds, if the
    target answers as it did. Exit codes: 0; 2 the target gave no answer.
    """
    from clinigate.clinical.judge.transcript import transcript_lines
    from clinigate.config.loader import load_config
    from clinigate.core.plan import Profile
    from clinigate.evidence.files import write_atomic
    from clinigate.pipeline.setup import Overrides, prepare

    _refuse_nowhere(out)
    loaded = load_config(config)
    setup = prepare(loaded, Overrides(seed=seed, profile=Profile(profile)))
    conversations = asyncio.run(_hold(loaded, setup.plan))
    whole = {each.id: each for each in _whole(conversations)}
    if not whole:
        return complain("no conversation came about; the target answered none", ExitCode.UNFINISHED)
    write_atomic(out, transcript_lines(whole.values()).encode())
    broken = sum(each.fault is not None for each in conversations)
    click.echo(f"{out}: {len(whole)} conversations" + (f", {broken} broke off" if broken else ""))
    return ExitCode.OK


@command.command("calibrate")
@click.argument("ratings", type=_FILE)
@click.option("--conversations", required=True, type=_FILE,
              help="What was rated, as `judge collect` wrote it.")  # fmt: skip
@click.option("--out", type=_FILE, default=Path("judge-card.json"), show_default=True,
              help="Where the card goes.")  # fmt: skip
@config_option
def calibrate(ratings: Path, conversations: Path, out: Path, config: Path | None) -> int:
    """Let the panel of [judge] rate what people rated, and write its calibration card.

    RATINGS is CSV or JSON lines: id, rater, empathy, appropriate. Two people or more must have
    rated the same conversations; those that one person rated are left out.

    Exit codes: 0 the panel may judge; 1 it may not, and the card says why; 2 a judge gave too few
    answers that count, or got conversations with a known answer wrong; 4 usage.
    """
    from clinigate.clinical.judge.card import card_of
    from clinigate.clinical.judge.ratings import read_ratings
    from clinigate.clinical.judge.transcript import read_transcripts
    from clinigate.config.loader import load_config
    from clinigate.evidence.files import write_atomic
    from clinigate.evidence.times import system_clock, timestamp

    _refuse_nowhere(out)
    loaded = load_config(config)
    panel = _panel(loaded)
    known = read_transcripts(conversations)
    rated = read_ratings(ratings, known=known)
    click.echo(f"{len(rated.double)} conversations were rated by two people or more")
    sitting = asyncio.run(_sit(panel, [known[item] for item in rated.double]))
    for line in _of_judges(sitting):
        click.echo(line)
    if sitting.trouble is not None:
        return complain(f"no card was written: {sitting.trouble}", ExitCode.UNFINISHED)
    made_at = timestamp(system_clock())
    cores = {item: transcript.core for item, transcript in known.items()}
    card = card_of(sitting, rated, cores=cores, repeats=panel.repeats, made_at=made_at)
    write_atomic(out, card.written())
    return _verdict_on(card, loaded, panel, out)


@command.command("check")
@config_option
def check(config: Path | None) -> int:
    """Put the conversations with a known answer to every judge of [judge], and look at its card.

    Among them are bad conversations that speak to the judge. Exit codes: 0 the panel may judge; 1
    it may not; 4 usage.
    """
    from clinigate.clinical.judge.canaries import CANARIES
    from clinigate.clinical.judge.card import read_card
    from clinigate.config.loader import load_config

    loaded = load_config(config)
    panel = _panel(loaded)
    name = loaded.config.judge.card
    card = None if name is None else read_card(loaded.base_dir / name)
    click.echo(f"{len(CANARIES)} conversations with a known answer, {panel.repeats} times each")
    sitting = asyncio.run(_sit(panel, []))
    for line in _of_judges(sitting):
        click.echo(line)
    if sitting.trouble is not None:
        return complain(sitting.trouble, ExitCode.NOT_PASSED)
    if card is None:
        return complain(
            "the judges read well and are not calibrated: [judge] card names none; `clinigate "
            "judge calibrate` writes it",
            ExitCode.NOT_PASSED,
        )
    return _verdict_on(card, loaded, panel, Path(str(name)))


def _refuse_nowhere(out: Path) -> None:
    """Refuse a file in no folder before anybody is asked: their answers would be lost."""
    from clinigate.errors import UsageError

    if not out.parent.is_dir():
        raise UsageError(f"{out}: there is no folder {out.parent}; make it, or name another")


def _panel(loaded: LoadedConfig) -> Panel:
    from clinigate.clinical.judge.bench import panel_of
    from clinigate.errors import ConfigError

    panel = panel_of(loaded)
    if panel is None:
        raise ConfigError(f"{loaded.source}: no [[judge.panel]]; name judges of two families")
    return panel


async def _hold(loaded: LoadedConfig, plan: Plan) -> list[Conversation]:
    from clinigate.clinical import draw
    from clinigate.clinical.judge.conversing import hold
    from clinigate.errors import ConfigError
    from clinigate.targets import build_target

    if loaded.config.target is None:
        raise ConfigError(f"{loaded.source}: no [target] to talk with; write one")
    target = build_target(loaded.config.target, base_dir=loaded.base_dir)
    try:
        cases = {case.id: case for case in (*draw.empathy(plan), *draw.therapy(plan))}
        return await hold(target, list(cases.values()), plan)
    finally:
        await target.aclose()


def _whole(conversations: list[Conversation]) -> Iterator[Transcript]:
    for each in conversations:
        transcript = each.transcript
        if transcript is not None:
            yield transcript


async def _sit(panel: Panel, transcripts: list[Transcript]) -> Sitting:
    try:
        return await panel.sit(transcripts)
    finally:
        await panel.aclose()


def _of_judges(sitting: Sitting) -> Iterator[str]:
    for each in sitting.reports:
        said = f"judge {each.name} ({each.family}, {each.model})"
        lost = sum(each.unscored.values())
        if each.trouble is None and not each.calls:
            yield f"{said}: all of them right"
        elif each.trouble is None:
            yield f"{said}: {each.calls} answers, {lost} do not count, {each.wavered} wavered"
        else:
            yield f"{said}: {each.trouble.partition(': ')[2]}"
            yield from (f"    {wrong}" for wrong in each.canaries)


def _verdict_on(card: Card, loaded: LoadedConfig, panel: Panel, place: Path) -> int:
    """Show what a card says and whether the panel may judge by it."""
    from clinigate.clinical.judge.bench import Bench
    from clinigate.clinical.judge.telling import card_sentences

    for line in card_sentences(card):
        click.echo(line)
    untrusted = Bench(loaded.config.judge, panel=panel, card=card).untrusted
    if untrusted is not None:
        return complain(f"{place}: {untrusted}", ExitCode.NOT_PASSED)
    click.echo(f"{place}: the panel may judge")
    return ExitCode.OK
