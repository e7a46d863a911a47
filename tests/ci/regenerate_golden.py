"""Write the golden pipelines anew: `python tests/ci/regenerate_golden.py`."""

from __future__ import annotations

from pathlib import Path

from clinigate.ci.options import Options
from clinigate.ci.pipeline import ROLLOUT, pipeline
from clinigate.ci.render import PLACES, render, render_rollout

__all__ = ["GOLDEN", "goldens"]

GOLDEN = Path(__file__).with_name("golden")

#: Golden folder: a team with no GPU, and one with choices of its own.
TEAMS = {
    "plain": Options(package="clinigate[phi,security,stats]==1.0"),
    "gpu": Options(
        package="clinigate[all]==1.0",
        python="3.13",
        branch="release/next",
        policy="policy.toml",
        environment="staging",
        gpu_runner="gpu-a100",
        image="python:3.13",
        app="chat",
        namespace="clinic",
    ),
}


def goldens() -> dict[Path, str]:
    """Every golden file with what belongs into it."""
    texts = {}
    for team, options in TEAMS.items():
        built = pipeline(options)
        for platform, place in PLACES.items():
            texts[GOLDEN / team / Path(place).name.lstrip(".")] = render(built, platform)
        texts[GOLDEN / team / Path(ROLLOUT).name] = render_rollout(built)
    return texts


if __name__ == "__main__":
    for path, text in goldens().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
