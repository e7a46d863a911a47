"""Nothing that was seen is lost on the way, and what was not looked at is said."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from clinigate.config.phi_trace import PlantTable
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding
from clinigate.core.verdict import Status
from clinigate.errors import ConfigError, TargetError
from clinigate.findings.model import Found
from clinigate.findings.sarif_write import write_sarif
from clinigate.phi import packed
from clinigate.phi.canaries import make_patients
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.criteria import LEAKS, builtin_criteria
from clinigate.phi.leaks.answers import DebugSink, MetricsSink, ReplySink, in_answer
from clinigate.phi.leaks.hunt import Hunt, hunt
from clinigate.phi.leaks.model import Leak, LeakMap, Looked, Sighting, SinkKind
from clinigate.phi.leaks.observe import leak_observations
from clinigate.phi.leaks.reading import Eyes
from clinigate.phi.leaks.sinks import FileSink, Sink
from clinigate.phi.leaks.sources import Planting
from clinigate.reports.leakmap import leak_view
from clinigate.targets.service import Answer, Request

(PATIENT,) = make_patients(6, 1)
EYES = Eyes(CanarySearch([PATIENT]), {PATIENT.id: "chat"})
MAIL, MRN = PATIENT.values["email"], PATIENT.values["mrn"]
LEAK = Leak("chat", SinkKind.LOG, "app.log", 3, None, ("ssn",), ("plain",), 0.2, 1)


def split(seen: Iterator[Sighting | Looked]) -> tuple[list[Sighting], list[Looked]]:
    found = list(seen)
    sightings = [each for each in found if isinstance(each, Sighting)]
    return sightings, [each for each in found if isinstance(each, Looked)]


def files(base: Path, *names: str) -> FileSink:
    sink = FileSink(SinkKind.LOG, base, names, "[phi.trace] logs")
    sink.begin()
    return sink


def judged(found: LeakMap) -> tuple[Status, list[Any]]:
    observations = list(leak_observations(found))
    (verdict,) = judge_all([each for each in builtin_criteria() if each.id == LEAKS], observations)
    return verdict.status, [each.about for each in observations]


# ---- what is read --------------------------------------------------------------------------------


def test_what_stands_before_an_end_that_comes_too_early_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "access.log.gz"
    path.write_bytes(gzip.compress(f"GET /p?mail={MAIL}\n".encode() + os.urandom(90_000))[:-200])
    found, told = split(EYES.in_file(path, SinkKind.LOG, path.name))
    assert {(each.field, each.line) for each in found} >= {("email", 1)}
    assert told[-1].trouble


def test_a_compressed_stream_that_is_not_read_to_its_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "LONGEST", 5000)
    data = b"{}" + gzip.compress(b"x" * 50_000 + MAIL.encode())
    _, told = split(EYES.in_bytes(data, SinkKind.PROMPT, "POST /v1"))
    assert "too long to be read" in told[0].trouble
    (tmp_path / "app.log").write_bytes(data)
    _, told = split(EYES.in_file(tmp_path / "app.log", SinkKind.LOG, "app.log"))
    assert "too long to be read" in told[-1].trouble


def test_lines_are_right_in_long_lines_and_many_hits() -> None:
    lines = [MAIL.encode() * 3, b"x" * 200_000 + MAIL.encode(), b"ok", f'{{"m":"{MAIL}"}}'.encode()]
    found, _ = split(EYES.in_bytes(b"\n".join(lines), SinkKind.LOG, "app.log"))
    assert {(each.line, each.symbol) for each in found} == {(1, None), (2, None), (4, "m")}


# ---- what files there are ------------------------------------------------------------------------


@pytest.mark.parametrize("rotated", ["app.log.1", "app.log-20260105", "app.log.1.gz"])
def test_what_a_log_is_rotated_to_is_looked_at(tmp_path: Path, rotated: str) -> None:
    (tmp_path / "app.log").write_text("started\n")
    sink = files(tmp_path, "app.log")
    pack: Callable[[bytes], bytes] = gzip.compress if rotated.endswith("gz") else bytes
    (tmp_path / rotated).write_bytes(pack(f"said {MAIL}\n".encode()))
    (tmp_path / "app.log").write_text("")
    found, _ = split(sink.look(EYES))
    assert [each.place for each in found] == [rotated]


@pytest.mark.parametrize("name", ["logs/**/*.log", "logs"])
def test_folders_in_folders_and_linked_ones_are_looked_at(tmp_path: Path, name: str) -> None:
    base = tmp_path / "of [somebody]"
    (base / "logs" / "a" / "b").mkdir(parents=True)
    (base / "logs" / "a" / "round").symlink_to(base / "logs")
    (tmp_path / "today").mkdir()
    (base / "logs" / "now").symlink_to(tmp_path / "today")
    sink = files(base, name)
    (base / "logs" / "a" / "b" / "x.log").write_text(MAIL)
    (tmp_path / "today" / "y.log").write_text(MRN)
    found, _ = split(sink.look(EYES))
    assert {each.field for each in found} == {"email", "mrn"}


def test_a_name_with_brackets_is_a_file_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "app[1].log").write_text("")
    sink = files(tmp_path, "app[1].log")
    (tmp_path / "app[1].log").write_text(MAIL)
    assert split(sink.look(EYES))[0]


def test_each_name_that_nothing_came_of_is_told(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text("")
    sink = files(tmp_path, "app.log", "later.log", "worker/*.log")
    (tmp_path / "app.log").write_text("started\n")
    _, told = split(sink.look(EYES))
    assert {each.place for each in told if each.trouble} == {"later.log", "worker/*.log"}


def test_a_folder_that_may_not_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs" / "private").mkdir(parents=True)
    real = os.scandir

    def scandir(place: Any) -> Any:
        if str(place).endswith("private"):
            raise PermissionError(13, "Permission denied", str(place))
        return real(place)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(TargetError, match=r"\[phi.trace\] logs: .*private cannot be read"):
        files(tmp_path, "logs")


# ---- what the service answers --------------------------------------------------------------------


class Talker:
    """A service that answers every request alike."""

    capabilities = ("chat",)

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def saying(self, _text: str, _capability: str) -> Request:
        return Request("POST", "/chat")

    def send(self, _request: Request) -> Answer:
        return self.answer

    send_as = send


def talker(content: str = "", *, status: int = 200, cut: bool = False, **headers: str) -> Any:
    return Talker(Answer(status, headers, None, content.encode(), cut))


def test_a_page_that_is_not_read_to_its_end_is_told() -> None:
    service = talker("up 1\n", cut=True)
    sinks: list[Sink] = [
        MetricsSink(service, ["/metrics"]), DebugSink(service, ["/debug"]), ReplySink(service),
    ]  # fmt: skip
    for sink in sinks:
        assert any("longer" in each.trouble for each in split(sink.look(EYES))[1]), sink.kind


def test_what_an_address_for_debugging_says_as_it_breaks_is_looked_at() -> None:
    found, told = split(DebugSink(talker(MAIL, status=500), ["/debug"]).look(EYES))
    assert [each.kind for each in found] == [SinkKind.DEBUG]
    assert told == [Looked(SinkKind.DEBUG, "GET /debug")]


def test_headers_are_looked_at_whoever_asks_and_their_names_too() -> None:
    found, _ = split(ReplySink(talker("hello", Location=f"/p?{MRN}")).look(EYES))
    assert {(each.kind, each.symbol) for each in found} == {(SinkKind.HEADER, "Location")}
    named = Answer(200, {f"x-seen-{MRN}": "1"}, None)
    found, _ = split(in_answer(EYES, named, "answer to chat", source="chat"))
    assert [each.field for each in found] == ["mrn"]


# ---- what becomes of it --------------------------------------------------------------------------


@pytest.mark.parametrize("sources", [(), ("note",)])
def test_what_was_refused_and_leaks_is_a_leak_and_is_drawn(sources: tuple[str, ...]) -> None:
    looked = (Looked(SinkKind.LOG, "app.log"),)
    found = LeakMap(sources, (("chat", "answers 500"),), looked, (LEAK,), 1)
    status, about = judged(found)
    assert status is Status.FAIL
    assert [each.where for each in about if isinstance(each, Finding)] == ["chat"]
    (census,) = [each for each in about if isinstance(each, Measurement)]
    assert {each.name for each in census.slices if each.value} == {"chat=log"}
    view = leak_view(about)
    assert view is not None
    assert (len(view.flows), "from chat to log (1)" in view.description) == (1, True)


class Scripted:
    """A sink that shows what it is told to."""

    kind = SinkKind.LOG

    def __init__(self, *seen: Any) -> None:
        self.seen = seen

    def look(self, _eyes: Eyes) -> Iterator[Sighting | Looked]:
        for each in self.seen:
            if isinstance(each, Exception):
                raise each
            yield each


def plan(*seen: Any, upkeep: Any = None, service: Any = None) -> Hunt:
    planting = Planting("chat", PATIENT, (Request("GET", f"/patients/{MRN}?mail={MAIL}"),))
    return Hunt(service or talker(), (planting,), (), (Scripted(*seen),), 1, 0.01, upkeep)


def test_an_upkeep_that_fails_takes_nothing_away() -> None:
    def fails() -> None:
        raise TargetError("[phi.trace] upkeep: 'backup' ended with 3; run it by hand")

    sighting = Sighting("chat", "mrn", "plain", SinkKind.LOG, "app.log", 1)
    found = hunt(plan(sighting, Looked(SinkKind.LOG, "app.log"), upkeep=fails))
    assert [each.place for each in found.leaks] == ["app.log"]
    assert [each.trouble for each in found.troubles] == [
        "[phi.trace] upkeep: 'backup' ended with 3; run it by hand"
    ]


@pytest.mark.parametrize(
    "breaks", [ConfigError("[phi.trace] logs: gone"), OSError(5, "Input/output error")]
)
def test_a_sink_that_breaks_off_is_told_and_the_rest_is_kept(breaks: Exception) -> None:
    sighting = Sighting("chat", "mrn", "plain", SinkKind.LOG, "app.log", 1)
    found = hunt(plan(sighting, breaks))
    assert (len(found.leaks), [each.place for each in found.troubles]) == (1, ["all of log"])


def test_the_trouble_of_one_place_is_not_hidden_by_another_of_its_name() -> None:
    one, two = PATIENT.values["family_name"], PATIENT.values["member_id"]
    places = (Looked(SinkKind.CACHE, f"c/{one}", "damaged"), Looked(SinkKind.CACHE, f"c/{two}"))
    found = hunt(plan(*places))
    assert found.troubles == (Looked(SinkKind.CACHE, "c/(patient)", "damaged"),)


def test_what_could_not_be_planted_is_told_without_the_patient() -> None:
    class Gone(Talker):
        def send(self, request: Request) -> Answer:
            raise TargetError(f"{request}: no answer (ConnectError)")

    service = Gone(Answer(200, {}, None))
    found = hunt(plan(Looked(SinkKind.LOG, f"{MRN}.log", f"{MAIL}: damaged"), service=service))
    assert found.unplanted[0][0] == "chat"
    assert not [value for value in PATIENT.values.values() if value in repr(found)]


def test_a_leak_into_what_is_no_file_has_an_address_of_its_own_scheme() -> None:
    places = {
        (SinkKind.LOG, "logs/app.log"): "logs/app.log",
        (SinkKind.STORE, "postgresql:/public.notes"): "postgresql%3A/public.notes",
        (SinkKind.METRICS, "GET /metrics"): "service%3A/metrics",
        (SinkKind.REPLY, "answer to path of a request"): "service%3A/answer%20to%20path%20of%20a",
        (SinkKind.URL, "POST /v1/moderations"): "provider%3A/v1/moderations",
        (SinkKind.PROMPT, "POST of the provider"): "provider%3A/POST%20of%20the%20provider",
    }
    leaks = tuple(replace(LEAK, kind=kind, place=place) for kind, place in places)
    _, about = judged(LeakMap(("chat",), (), (Looked(SinkKind.LOG, "x"),), leaks, 1))
    flaws = [Found(each.flaw, each.message) for each in about if isinstance(each, Finding)]  # type: ignore[arg-type]
    results = [each for run in json.loads(write_sarif(flaws))["runs"] for each in run["results"]]
    uris = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results}
    assert len(uris) == len(places)
    for wanted in places.values():
        assert any(uri.startswith(wanted) for uri in uris), wanted


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"body": {"call": "{{phone}}", "born": "{{birth_date}}"}}, "nothing that is looked for"),
        ({"body": "{{mrn}}", "headers": {"X-Naïve": "1"}}, "no header of one line in ASCII"),
        ({"body": "{{mrn}}", "headers": {"X-Note": "a\r\nX-B: 1"}}, "no header of one line"),
    ],
)
def test_a_planting_that_nobody_could_find_or_send_is_refused(
    change: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        PlantTable.model_validate({"source": "note", "path": "/notes"} | change)
