"""What is planted and how; what a hunt that could not plant or look says; the command."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from clinigate.cli.app import run
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.config.phi_trace import PlantTable
from clinigate.core.judgement import judge_all
from clinigate.core.observation import Gap
from clinigate.core.verdict import Status
from clinigate.errors import ConfigError, TargetError, UsageError
from clinigate.phi.canaries import make_patients
from clinigate.phi.criteria import builtin_criteria
from clinigate.phi.leaks.fhir import fhir_patient
from clinigate.phi.leaks.hunt import hunt
from clinigate.phi.leaks.model import LeakMap, Looked, Sighting, SinkKind, Tracks
from clinigate.phi.leaks.observe import leak_observations
from clinigate.phi.leaks.recorder import recording
from clinigate.phi.leaks.setup import opened_hunt

FHIR = {"source": "FHIR patient", "path": "/fhir/Patient", "body": "{{fhir_patient}}"}
CHAT = {
    "path": "/chat",
    "request": {"messages": "{{messages}}"},
    "answer": {"text": "text"},
}


def status_of(found: LeakMap) -> Status:
    criteria = [each for each in builtin_criteria() if each.id == "phi.leaks"]
    (verdict,) = judge_all(criteria, list(leak_observations(found)))
    return verdict.status


def test_every_way_in_has_a_patient_of_its_own(traced: Any) -> None:
    further = [FHIR, {"source": "note", "path": "/notes?mrn={{mrn}}", "body": {"t": "{{words}}"}}]
    with traced() as service, service.opened(plant=further) as plan:
        planted = plan.plantings
    assert [each.source for each in planted[-2:]] == ["FHIR patient", "note"]
    assert len({each.patient.id for each in planted}) == len({each.source for each in planted})
    for each in planted:
        sent = "".join(f"{r.path}{json.dumps(r.body)}{dict(r.headers)}" for r in each.requests)
        others = [one.patient for one in planted if one is not each]
        assert any(value in sent for value in each.patient.values.values())
        assert not any(value in sent for one in others for value in one.values.values())
    (fhir,) = planted[-2].requests
    assert (fhir.method, fhir.body["resourceType"]) == ("POST", "Patient")
    (note,) = planted[-1].requests
    assert note.path == f"/notes?mrn={planted[-1].patient.values['mrn']}"


def test_what_the_service_refuses_was_not_planted_and_forbids_a_pass(traced: Any) -> None:
    with traced() as service:
        found = service.hunted(plant=[FHIR])
    assert found.unplanted == (("FHIR patient", "answers 404"),)
    assert status_of(found) is Status.INCONCLUSIVE


@pytest.mark.parametrize(
    ("scopes", "trouble"),
    [
        (("chat", "crisis", "emotion"), set()),
        (("chat",), {"crisis with somebody else", "emotion with somebody else"}),
    ],
)
def test_somebody_else_asks_with_a_token_of_their_own(
    traced: Any, scopes: tuple[str, ...], trouble: set[str]
) -> None:
    with traced() as service:
        token = service.app.token(*scopes, client="app")
        variable = {"other_bearer_env": "OTHER", "patience_s": 0.01}
        with service.opened({"OTHER": token}, **variable) as plan:
            found = hunt(plan)
    assert {each.place for each in found.troubles} == trouble


def test_a_service_that_is_gone_shows_nothing(tmp_path: Path) -> None:
    with opened_hunt(configured(tmp_path), environ={}, seed=1) as plan:
        found = hunt(plan, clock=count().__next__, sleep=lambda _seconds: None)
    assert found.sources == ()
    assert all(each.trouble for each in found.looked)
    assert status_of(found) is Status.NOT_ASSESSED
    (gap,) = [each.about for each in leak_observations(found)]
    assert isinstance(gap, Gap)
    assert "nothing could be planted" in gap.reason


def test_without_upkeep_what_is_never_written_was_not_looked_at(traced: Any) -> None:
    with traced() as service, service.opened() as plan:
        found = hunt(replace(plan, upkeep=None))
    assert {each.kind for each in found.troubles} == {SinkKind.BACKUP, SinkKind.CACHE}
    assert status_of(found) is Status.INCONCLUSIVE


@given(st.lists(st.sampled_from(list(SinkKind)), max_size=4), st.booleans())
def test_nothing_is_never_a_pass(kinds: list[SinkKind], planted: bool) -> None:
    looked = tuple(Looked(kind, kind.value) for kind in kinds)
    found = LeakMap(("chat",) if planted else (), (), looked, (), 1)
    assert (status_of(found) is Status.PASS) is bool(planted and looked)


def test_when_a_place_first_leaked_stays_when_it_is_looked_at_again() -> None:
    tracks = Tracks()
    seen = Sighting("chat", "ssn", "plain", SinkKind.LOG, "app.log", 3)
    tracks.add([seen], {"chat": 0.5})
    tracks.add([seen, replace(seen, line=9, form="hex")], {"chat": 2.0})
    (leak,) = tracks.leaks()
    assert (leak.first_seen_s, leak.count, leak.line) == (0.5, 2, 3)
    assert leak.forms == ("plain", "hex")


def test_a_fhir_patient_holds_what_is_looked_for() -> None:
    (patient,) = make_patients(1, 1)
    told = json.dumps(fhir_patient(patient))
    for field in ("family_name", "ssn", "mrn", "email"):
        assert patient.values[field] in told


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"body": "{{secret}}"}, "is no part of a patient"),
        ({"body": {"text": "hello"}}, "plants nothing"),
        ({"path": "fhir"}, "must start with one /"),
        ({"method": "DELETE"}, "'GET', 'POST'"),
        ({"source": "a=b"}, "should match pattern"),
    ],
)
def test_a_planting_that_cannot_be_meant_is_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        PlantTable.model_validate(FHIR | change)


def configured(folder: Path, **tables: Any) -> LoadedConfig:
    target = {"kind": "http", "base_url": "http://127.0.0.1:9", "chat": CHAT}
    config = {"target": target, "hipaa": {"test_environment": True}} | tables
    return LoadedConfig(Config.model_validate(config), folder, "clinigate.toml")


def opened(config: LoadedConfig, **environ: str) -> Any:
    with opened_hunt(config, environ=environ, seed=1) as plan:
        return plan


def test_a_service_that_may_have_patients_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="test_environment"):
        opened(configured(tmp_path, hipaa={}))
    with pytest.raises(UsageError, match="a service over HTTP"):
        opened(configured(tmp_path, target={"kind": "python", "function": "a:b"}))


def test_a_log_that_is_not_there_is_told_before_anything_is_planted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[phi.trace\] logs: no/app.log is neither"):
        opened(configured(tmp_path, phi={"trace": {"logs": ["no/app.log"]}}))


def test_two_ways_in_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="two ways in are called 'FHIR patient'"):
        opened(configured(tmp_path, phi={"trace": {"plant": [FHIR, FHIR]}}))


def test_names_that_hold_a_patient_are_leaks_and_are_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    trace = {"trace": {"caches": ["cache"], "patience_s": 0.01}}
    with opened_hunt(configured(tmp_path, phi=trace), environ={}, seed=1) as plan:
        patient = plan.plantings[0].patient
        name, ssn = patient.values["family_name"], patient.values["ssn"]

        def save() -> None:
            (tmp_path / "cache" / f"{name}.json").write_text(json.dumps({name: {"id": ssn}}))

        found = hunt(replace(plan, upkeep=save))
    ways = {(each.place, each.symbol, each.fields) for each in found.leaks}
    assert ways == {("cache/(patient)", "name", ("family_name", "ssn"))}
    assert name not in repr(found)


def test_a_port_that_is_taken_and_a_variable_that_is_not_set_are_told(tmp_path: Path) -> None:
    with recording() as taken:
        port = int(taken.url.rpartition(":")[2])
        trace = {"trace": {"prompts": {"listen": port}}}
        with pytest.raises(ConfigError, match=f"port {port} cannot be had"):
            opened(configured(tmp_path, phi=trace))
    with pytest.raises(ConfigError, match="REDIS_URL"):
        opened(configured(tmp_path, phi={"trace": {"redis_url_env": "REDIS_URL"}}))


def test_the_upkeep_is_a_program_that_has_to_end_well(tmp_path: Path) -> None:
    def upkeep(*words: str) -> Any:
        return opened(configured(tmp_path, phi={"trace": {"upkeep": list(words)}})).upkeep

    upkeep(sys.executable, "-c", "open('made', 'w').close()")()
    assert (tmp_path / "made").exists()
    with pytest.raises(TargetError, match="ended with 3"):
        upkeep(sys.executable, "-c", "raise SystemExit(3)")()
    with pytest.raises(TargetError, match="did not end well"):
        upkeep("no-such-program")()


def test_the_command_names_source_and_sink(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CLINIGATE_CONFIG", "CLINIGATE_RUN", "CLINIGATE_KEY"):
        monkeypatch.delenv(name, raising=False)
    words = ["--reference", "--defect", "phi-in-url", "--map", "map.json", "--seed", "4"]
    assert run(["phi", "trace", *words]) == 1
    said = capsys.readouterr().out
    assert "name of a patient -> address that is called: POST /v1/moderations (user)" in said
    assert "phi.leaks" in said
    document = json.loads((tmp_path / "map.json").read_bytes())
    assert [(each["source"], each["sink"]) for each in document["leaks"]] == [
        ("name of a patient", "address that is called")
    ]
    recorded = b"".join(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    for patient in make_patients(4, 20):
        assert not [v for v in patient.values.values() if v in said or v.encode() in recorded]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--defect", "phi-in-url"], "--defect belongs to --reference"),
        (["--reference", "--defect", "phi-in-urls"], "did you mean 'phi-in-url'"),
        (["--reference", "--config", "x.toml"], "leave one of them out"),
        (["--reference", "--map", "no/map.json"], "no such folder"),
    ],
)
def test_what_cannot_be_meant_ends_with_4(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["phi", "trace", *words]) == 4
    assert complaint in capsys.readouterr().err
