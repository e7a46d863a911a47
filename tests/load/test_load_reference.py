"""The reference service passes under load, and its defect in a surge is found by its criterion."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from clinigate.cli.app import run
from clinigate.core.verdict import Status
from clinigate.load.library import find_profile
from clinigate.pipeline.reading import read_results


@pytest.mark.parametrize(
    ("defect", "code", "crisis_reply"),
    [((), 0, Status.PASS), (("--defect", "crisis-dropped-in-surge"), 1, Status.FAIL)],
)
def test_the_reference_service_under_a_small_surge(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    defect: tuple[str, ...],
    code: int,
    crisis_reply: Status,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CLINIGATE_RUN", "CLINIGATE_KEY", "CLINIGATE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    profile = find_profile("smoke").profile.model_dump(mode="json", by_alias=True)
    profile |= {"name": "small", "arrivals": {"conversations_per_s": 40, "duration_s": 2}}
    for persona in profile["personas"]:
        persona |= {"weight": 0.5, "oversample": 1}
    profile["objectives"] |= {"crisis_min_n": 20, "availability": 0.9, "ttft_p95_s": 9}
    # The tests' machine is shared: whether the generator keeps up is not the question here.
    profile["guard"] = {"lag_p99_s": 20, "cpu_share": 1, "run_delay_share": 1}
    Path("small.yaml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    assert run(["load", "run", "--profile", "small.yaml", "--reference", *defect]) == code
    (directory,) = (tmp_path / ".clinigate" / "runs").iterdir()
    verdicts = {v.criterion: v.status for v in read_results(directory).verdicts}
    assert verdicts.pop("load.small.crisis_reply") is crisis_reply
    assert set(verdicts.values()) == {Status.PASS}
