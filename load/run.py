"""One load run as a producer: play a profile, hand what was seen to the recorder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from clinigate.config.target import TargetSpec
from clinigate.config.validation import validate
from clinigate.core.canonical import canonical_bytes
from clinigate.core.observation import Observation
from clinigate.errors import ConfigError, TargetError, UsageError
from clinigate.evidence.recorder import Recorder
from clinigate.load.asking import Asking
from clinigate.load.criteria import LATENCY_P95, check_id, controls_of
from clinigate.load.figures import exhibits
from clinigate.load.guard import why_invalid
from clinigate.load.journal import JournalReader
from clinigate.load.launch import Fleet, Outcome, generate, require_locust
from clinigate.load.library import LoadedProfile
from clinigate.load.model import Arrivals
from clinigate.load.observe import Played, observations
from clinigate.load.orders import Orders
from clinigate.load.script import script_of
from clinigate.load.shape import shape_of

__all__ = ["adjusted", "check_playable", "check_reachable", "run_load"]

#: Topic of the note that says what was played.
NOTE = "load"


def adjusted(
    loaded: LoadedProfile, *, duration_s: float | None = None, rate: float | None = None
) -> LoadedProfile:
    """Return the profile with another length or base rate; curve and surge keep their places.

    What stands in its file is kept beside it: a run of less is told from a run of all.

    Raises:
        UsageError: a length or rate that cannot be.
    """
    changes = {"duration_s": duration_s, "conversations_per_s": rate}
    given = {name: value for name, value in changes.items() if value is not None}
    arrivals = validate(
        Arrivals,
        loaded.profile.arrivals.model_dump() | given,
        file="--duration and --rate",
        error=UsageError,
    )
    own = loaded.written or loaded.profile.arrivals
    return replace(
        loaded,
        profile=loaded.profile.model_copy(update={"arrivals": arrivals}),
        written=None if arrivals == own else own,
    )


def check_playable(loaded: LoadedProfile, asking: Asking, *, max_rate: float | None = None) -> None:
    """Refuse what cannot be played, before anything is begun.

    Raises:
        ConfigError: a pack that is not there, crisis replies that could not be told from others,
            or a rate above what the configuration allows.
        MissingExtraError: Locust is not installed.
    """
    profile = loaded.profile
    script = script_of(profile)
    for name, step in script.steps.items():
        if step.crisis and not step.patterns and not (asking.flags and step.asks_flag):
            raise ConfigError(
                f"{loaded.source}: states.{name}.expect: the target gives no crisis flag, so that "
                "a crisis reply could not be told from others; name the flag in the target's "
                "answer table, or give expect.any_of"
            )
    peak = shape_of(profile.arrivals).peak
    if max_rate is not None and peak > max_rate:
        raise ConfigError(
            f"{loaded.source}: peaks at {peak:g} new conversations a second, above [load] max_rate "
            f"= {max_rate:g}; lower the rate, or raise max_rate if the target may bear it"
        )
    require_locust()


def check_reachable(
    spec: TargetSpec, base_dir: Path, environ: Mapping[str, str] | None = None
) -> None:
    """Say hello once, so that a target which is not there is told before anything is begun.

    Raises:
        TargetError: it cannot be asked or understood.
        ConfigError: a credential or file is missing.
    """
    from clinigate.targets import build_target
    from clinigate.targets import check_reachable as greet

    async def hello() -> str | None:
        target = build_target(spec, base_dir=base_dir, environ=environ)
        try:
            return await greet(target)
        finally:
            await target.aclose()

    trouble = asyncio.run(hello())
    if trouble is not None:
        raise TargetError(trouble)


def run_load(
    recorder: Recorder,
    loaded: LoadedProfile,
    asking: Asking,
    *,
    seed: int,
    fleet: Fleet,
    environ: Mapping[str, str],
    confidence: float = 0.95,
    on_progress: Callable[[JournalReader], None] = lambda _journal: None,
) -> str | None:
    """Play a profile and record what it showed; return why it ended early, if it did.

    Args:
        recorder: where observations go.
        loaded: the profile.
        asking: the target.
        seed: of arrivals and of all that people do; the same seed plays the same people.
        fleet: who generates.
        environ: of the generator's processes; it holds the target's credentials.
        confidence: one-sided, of the bounds that are computed.
        on_progress: told of the journal as it grows.

    Raises:
        TargetError: the generator did not start.
        ConfigError: a credential is missing.
    """
    orders = Orders(loaded.profile, asking, seed)
    outcome = generate(orders, fleet, environ=environ, on_progress=on_progress)
    played = replace(_played(recorder, loaded, asking, outcome), confidence=confidence)
    recorder.note(NOTE, _note(loaded, asking, seed, played, outcome))
    for observation in observations(played):
        recorder.observation(observation)
    for exhibit in exhibits(played):
        recorder.observation(
            Observation(
                check_id(loaded.profile),
                exhibit,
                controls=controls_of(LATENCY_P95),
                evidence=played.evidence,
            )
        )
    return outcome.stopped


def _played(recorder: Recorder, loaded: LoadedProfile, asking: Asking, outcome: Outcome) -> Played:
    tally = outcome.journal.tally
    digest = recorder.blob(canonical_bytes(tally.to_plain()), "application/json")
    return Played(
        profile=loaded.profile,
        tally=tally,
        streamed=asking.streamed,
        written=loaded.written,
        workers=max(1, outcome.journal.workers),
        invalid=why_invalid(loaded.profile.guard, tally, outcome.trouble),
        evidence=(digest,),
    )


def _note(
    loaded: LoadedProfile, asking: Asking, seed: int, played: Played, outcome: Outcome
) -> dict[str, object]:
    profile, tally = loaded.profile, played.tally
    shape = shape_of(profile.arrivals)
    return {
        "profile": profile.name,
        "source": loaded.source,
        "digest": loaded.digest,
        "target": asking.name,
        "seed": seed,
        "workers": played.workers,
        "versions": outcome.journal.versions,
        "peak_per_s": shape.peak,
        "duration_s": profile.arrivals.duration_s,
        "think_scale": profile.think.scale,
        "conversations": tally.due,
        "messages": tally.sent,
        "crises": tally.crises,
        "invalid": played.invalid,
        "stopped": outcome.stopped,
        "sources": [source.model_dump() for source in profile.sources],
    }
