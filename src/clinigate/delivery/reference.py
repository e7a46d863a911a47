"""Let staging be asked the sample that production will be asked, and remember its answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from clinigate.config.loader import LoadedConfig
from clinigate.core.plan import Plan
from clinigate.delivery.memory import observations
from clinigate.delivery.sample import Question, ask, sample
from clinigate.errors import ConfigError, TargetError
from clinigate.evidence.recorder import Recorder
from clinigate.targets import build_target, check_reachable

__all__ = ["recording_work"]

#: The crises are judged by themselves, and never compared.
_COMPARED = (Question.EMOTION, Question.CARE)


def recording_work(
    config: LoadedConfig, plan: Plan, *, say: Callable[[str], None] = lambda _text: None
) -> Callable[[Recorder, Mapping[str, str]], None]:
    """Return the work that asks the configured target and records what it answers.

    Raises:
        ConfigError: no target is configured, or not as one can be asked. The work raises
            `TargetError` where nobody answers: there would be nothing to compare with.
    """
    spec = config.config.target
    if spec is None:
        raise ConfigError(f"{config.source}: has no [target]; say where staging is")
    size = config.config.production.sample

    def work(recorder: Recorder, _environ: Mapping[str, str]) -> None:
        target = build_target(spec, base_dir=config.base_dir)
        with asyncio.Runner() as runner:
            try:
                trouble = runner.run(check_reachable(target))
                if trouble is not None:
                    raise TargetError(trouble)
                asked = [sample(question, plan, size) for question in _COMPARED]
                offered = [each for each in asked if each.needs in target.capabilities]
                for each in offered:
                    say(f"asking staging {len(each.cases)} times: {each.question}")
                answers = [runner.run(ask(target, each, plan)) for each in offered]
            finally:
                runner.run(target.aclose())
        for observation in observations(answers):
            recorder.observation(observation)

    return work
