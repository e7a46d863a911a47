"""Targets score sheets: over HTTP one by one and many at once, and by a function."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import ValidationError

from clinigate.clinical.criteria import CRITERIA
from clinigate.clinical.instruments.inquiry import inquire
from clinigate.config.target import AsgiSpec, HttpSpec, PythonSpec
from clinigate.core.judgement import judge_all
from clinigate.core.observation import Observation
from clinigate.core.plan import Plan, Profile
from clinigate.core.scoring import FORMS, Instrument, Scored, Scorer, Terms
from clinigate.core.target import Capability, Outcome, Target
from clinigate.core.verdict import Status
from clinigate.errors import ConfigError, TargetError, UsageError
from clinigate.reference.defects import DEFECTS
from clinigate.reference.web.app import asgi_app
from clinigate.targets import as_target, build_target, callable_target, check_reachable
from clinigate.targets.replay import RecordingTarget

PHQ9, GAD7, WHO5, UCLA3 = Instrument
PR = Plan(profile=Profile.PR)
SECTION: dict[str, Any] = {
    "path": "/v1/instruments/{{instrument}}/score",
    "request": {"answers": "{{answers}}"},
    "answer": {
        "total": "total",
        "percent": "percent",
        "band": "band",
        "positive": "positive",
        "follow_up": "follow_up",
    },
}
BATCH = {
    "path": "/v1/instruments/{{instrument}}/scores",
    "request": {"sheets": "{{sheets}}"},
    "results": "results",
    "size": 4096,
}

Answer = Callable[[str, Any], tuple[int, Any]]


def json_app(answer: Answer) -> Any:
    """An ASGI application that answers a path and a JSON body with a status and a JSON body."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise RuntimeError("no lifespan")
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, said = answer(scope["path"], json.loads(body))
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(said).encode()})

    return app


@contextmanager
def asgi(app: Any, section: dict[str, Any], **more: Any) -> Iterator[Target]:
    """A target for an application of this process."""
    module = ModuleType("instrument_app_of_a_test")
    module.app = app  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    table = {"kind": "asgi", "app": f"{module.__name__}:app", "scoring": section, **more}
    try:
        spec = AsgiSpec.model_validate(table)
        yield build_target(spec, base_dir=Path.cwd(), environ={"TOKEN": _token(app)})
    finally:
        del sys.modules[module.__name__]


def _token(app: Any) -> str:
    return str(app.token("instruments")) if hasattr(app, "token") else "none"


def scores(target: Any, instrument: Instrument, *sheets: Any) -> list[Scored]:
    async def run() -> Any:
        try:
            return await target.score(instrument, sheets, timeout_s=10)
        finally:
            await target.aclose()

    return list(asyncio.run(run()))


def statuses(target: Target, instrument: Instrument, plan: Plan) -> dict[str, Status]:
    async def run() -> list[Observation]:
        try:
            return [Observation("T", each) async for each in inquire(target, instrument, plan)]
        finally:
            await target.aclose()

    seen = asyncio.run(run())
    criteria = [each for each in CRITERIA if each.metric.startswith(f"instruments.{instrument}.")]
    return {each.criterion: each.status for each in judge_all(criteria, seen)}


# ---- the reference service -----------------------------------------------------------------


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str | None], Any]]:
    apps = []

    def make(defect: str | None) -> Any:
        apps.append(asgi_app(defect=defect, data_dir=tmp_path_factory.mktemp("records")))
        return apps[-1]

    yield make
    for app in apps:
        app.close()


MINE = [name for name, each in DEFECTS.items() if each.metrics[0].startswith("instruments.")]


def test_each_planted_fault_is_here() -> None:
    assert MINE == ["who5-reversed", "gad7-bands-off-by-one", "phq9-item9-ignored"]


@pytest.mark.parametrize("defect", [None, *MINE])
def test_the_service_passes_and_each_planted_fault_fails_its_criterion_alone(
    reference: Any, defect: str | None
) -> None:
    """PHQ-9 by a sample, where nothing can be certified; all sheets of the others."""
    found = {}
    with asgi(reference(defect), {**SECTION, "batch": BATCH}, auth={"bearer_env": "TOKEN"}) as it:
        for instrument in Instrument:
            found |= statuses(it, instrument, PR if instrument is PHQ9 else Plan())
    open_ones = {"instruments.phq9.scoring", "instruments.phq9.item9"}
    clean = {name: Status.INCONCLUSIVE if name in open_ones else Status.PASS for name in found}
    assert len(found) == 9
    wrong = () if defect is None else DEFECTS[defect].metrics
    assert found == clean | dict.fromkeys(wrong, Status.FAIL)


def test_the_service_refuses_with_the_name_of_the_field(reference: Any) -> None:
    with asgi(reference(None), SECTION, auth={"bearer_env": "TOKEN"}) as target:
        (short,) = scores(target, GAD7, (0, 1))
        (good,) = scores(target, WHO5, (2, 3, 3, 3, 2))
    assert short.outcome is Outcome.REFUSED
    assert "does not understand the request (422); mend [target.scoring] request" in short.error
    assert (good.total, good.percent, good.band, good.positive) == (13.0, 52.0, None, False)


# ---- over HTTP -----------------------------------------------------------------------------


def test_path_request_and_names_are_filled() -> None:
    asked = []

    def answer(path: str, body: Any) -> tuple[int, Any]:
        asked.append((path, body))
        return 200, {"result": {"sum": 3}}

    section = {
        "path": "/score/{{instrument}}",
        "request": {"kind": "{{instrument}}", "note": "a {{instrument}} sheet", "a": "{{answers}}"},
        "answer": {"total": "result.sum"},
        "instruments": ["ucla3", "phq9"],
        "terms": {"ucla3": {"name": "UCLA 3/item", "screen": "at-least-6"}},
    }
    with asgi(json_app(answer), section) as target:
        assert isinstance(target, Scorer)
        assert target.capabilities == {Capability.SCORING}
        assert target.instruments == {UCLA3: Terms(screen="at-least-6"), PHQ9: Terms()}
        assert (target.scored_fields, target.sheets_at_once) == (frozenset(), 1)
        (scored,) = scores(target, UCLA3, (1, None, "often"))
    assert (scored.outcome, scored.total) == (Outcome.ANSWERED, 3.0)
    name = "UCLA 3/item"
    body = {"kind": name, "note": f"a {name} sheet", "a": [1, None, "often"]}
    assert asked == [(f"/score/{name}", body)]


@pytest.mark.parametrize(
    ("status", "said", "outcome", "words"),
    [
        (200, {"total": "5"}, Outcome.UNPARSABLE, "total is no number; the answer has the keys"),
        (200, {"total": True}, Outcome.UNPARSABLE, "total is no number"),
        (200, {"total": 10**400}, Outcome.UNPARSABLE, "total is no number"),
        (200, {"sum": 5}, Outcome.UNPARSABLE, "total gives nothing; the answer has the keys"),
        (200, {"total": 5, "positive": 1}, Outcome.UNPARSABLE, "positive is neither true nor"),
        (200, {"total": 5, "band": 2}, Outcome.UNPARSABLE, "band is no text"),
        (200, [], Outcome.UNPARSABLE, "mend [target.scoring.answer]"),
        (200, {"error": "item 2 is missing"}, Outcome.REFUSED, "declined to score the sheet"),
        (200, {"error": True, "total": 1}, Outcome.REFUSED, "declined"),
        (200, {"error": 7, "total": 1}, Outcome.UNPARSABLE, "refusal is neither true, false nor"),
        (400, {}, Outcome.REFUSED, "(400); mend [target.scoring] request"),
        (422, {}, Outcome.REFUSED, "(422); mend [target.scoring] request"),
        (404, {}, Outcome.ERROR, "nothing there (404); mend [target.scoring]"),
        (500, {}, Outcome.ERROR, "failed (500)"),
    ],
)
def test_what_an_answer_comes_to(status: int, said: Any, outcome: Outcome, words: str) -> None:
    section = {**SECTION, "answer": {**SECTION["answer"], "refusal": "error"}}
    with asgi(json_app(lambda _path, _body: (status, said)), section, retries=0) as target:
        (scored,) = scores(target, GAD7, (0,) * 7)
    assert scored.outcome is outcome
    assert words in scored.error


def test_many_sheets_go_by_one_request_and_each_has_its_own_end() -> None:
    def answer(path: str, body: Any) -> tuple[int, Any]:
        assert path == "/v1/instruments/gad7/scores"
        results: list[Any] = [{"total": sum(sheet)} for sheet in body["sheets"]]
        results[1] = {"error": "no"}
        return 200, {"results": results}

    section = {**SECTION, "batch": BATCH, "answer": {"total": "total", "refusal": "error"}}
    with asgi(json_app(answer), section) as target:
        first, second, third = scores(target, GAD7, (0,) * 7, (1,) * 7, (2,) * 7)
    assert (first.total, second.outcome, third.total) == (0.0, Outcome.REFUSED, 14.0)
    assert not second.of_request


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"results": [{"total": 1}]}, "is 1 of them for 2 sheets; the answer has the keys"),
        ({"result": []}, "is no list for 2 sheets"),
    ],
)
def test_a_batch_that_does_not_add_up_says_nothing_of_any_sheet(said: Any, words: str) -> None:
    with asgi(json_app(lambda _p, _b: (200, said)), {**SECTION, "batch": BATCH}) as target:
        found = scores(target, GAD7, (0,) * 7, (1,) * 7)
    assert {each.outcome for each in found} == {Outcome.UNPARSABLE}
    assert all(each.of_request and words in str(each.error) for each in found)


@pytest.mark.parametrize(
    ("instrument", "count", "words"),
    [(WHO5, 1, "scores no who5, only gad7"), (GAD7, 0, "0 sheets"), (GAD7, 2, "takes 1 to 1")],
)
def test_what_makes_no_sense_is_not_asked(instrument: Any, count: int, words: str) -> None:
    section = {**SECTION, "instruments": ["gad7"]}
    app = json_app(lambda _p, _b: (200, {}))
    with asgi(app, section) as target, pytest.raises(TargetError, match=words):
        scores(target, instrument, *[(0,) * 7] * count)


def test_it_is_seen_beforehand_whether_anybody_scores() -> None:
    async def reach(target: Target) -> str | None:
        return await check_reachable(target)

    with asgi(json_app(lambda _p, _b: (200, {"total": 0})), SECTION) as target:
        assert asyncio.run(reach(target)) is None
    with asgi(json_app(lambda _p, _b: (404, {})), SECTION) as target:
        assert "scoring: service at" in str(asyncio.run(reach(target)))


# ---- the table -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"request": {"a": 1}}, "holds no {{answers}}"),
        ({"request": {"a": "x{{answers}}"}}, "it must be the whole value"),
        ({"request": {"a": "{{answers}}", "b": "{{text}}"}}, "unknown placeholder {{text}}"),
        ({"path": "/score/{{name}}"}, "unknown placeholder {{name}}; known are {{instrument}}"),
        ({"path": "/score"}, "says nowhere which instrument is meant"),
        ({"batch": {**BATCH, "request": {}}}, "holds no {{sheets}}"),
        ({"batch": {**BATCH, "size": 1}}, "greater than or equal to 2"),
        ({"answer": {"band": "band"}}, "Field required"),
        ({"instruments": []}, "at least 1"),
        ({"instruments": ["phq8"]}, "Input should be 'phq9', 'gad7', 'who5' or 'ucla3'"),
        ({"terms": {"ucla3": {"screen": "at-least-5"}}}, "'at-least-4' or 'at-least-6'"),
        ({"terms": {"who5": {"prorates": True}}}, "Extra inputs are not permitted"),
        ({"method": "GET"}, "'POST', 'PUT' or 'PATCH'"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(change: dict[str, Any], words: str) -> None:
    table = {"kind": "http", "base_url": "http://x", "scoring": {**SECTION, **change}}
    with pytest.raises(ValidationError) as caught:
        HttpSpec.model_validate(table)
    assert words in str(caught.value)


def test_one_instrument_needs_no_name() -> None:
    one = {**SECTION, "path": "/score", "instruments": ["who5"]}
    table = {"kind": "http", "base_url": "http://x", "scoring": one}
    assert HttpSpec.model_validate(table).scoring is not None


# ---- functions -----------------------------------------------------------------------------


def total_of(instrument: str, answers: list[Any]) -> Any:
    form = FORMS[Instrument(instrument)]
    if len(answers) != form.items:
        return None
    for answer in answers:
        if not isinstance(answer, int):
            raise TypeError("an answer is a whole number")
        if not form.lowest <= answer <= form.highest:
            raise ValueError("out of range")
    return sum(answers)


async def total_of_later(instrument: str, answers: list[Any]) -> Any:
    return {"total": total_of(instrument, answers), "refusal": len(answers) < 3}


@pytest.mark.parametrize("function", [total_of, total_of_later])
def test_a_function_scores_every_sheet(function: Any) -> None:
    target = callable_target({"scoring": function})
    assert (target.name, target.capabilities) == ("scoring", {Capability.SCORING})
    if function is total_of:
        assert set(statuses(target, UCLA3, Plan()).values()) == {Status.PASS}
    good, bad = scores(target, UCLA3, (1, 2, 3), (1, 2))
    assert (good.total, bad.outcome) == (6.0, Outcome.REFUSED)


def test_a_function_that_breaks_is_an_error_and_a_word_is_no_total() -> None:
    def breaks(instrument: str, answers: list[int]) -> Any:
        return "many" if answers[0] else 1 // answers[0]

    broken, word = scores(callable_target({"scoring": breaks}), UCLA3, (0, 1, 1), (1, 1, 1))
    assert (broken.outcome, word.outcome) == (Outcome.ERROR, Outcome.UNPARSABLE)
    assert "raised ZeroDivisionError" in str(broken.error)


def test_a_function_says_what_it_scores() -> None:
    def some(instrument: str, answers: list[int]) -> int:
        return sum(answers)

    some.instruments = ("gad7",)  # type: ignore[attr-defined]
    target = as_target({"chat": lambda text: text, "scoring": some})
    assert set(target.instruments) == {GAD7}  # type: ignore[attr-defined]
    assert target.capabilities == {Capability.CHAT, Capability.SCORING}
    some.instruments = ("gad2",)  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="says that it scores 'gad2'; known are phq9"):
        callable_target({"scoring": some})
    with pytest.raises(UsageError, match="what scores sheets is no function: int"):
        callable_target({"scoring": 3})
    with pytest.raises(UsageError, match="a target without a capability offers nothing"):
        callable_target({})


def test_a_configured_function_scores_beside_what_it_answers(tmp_path: Path) -> None:
    (tmp_path / "scoring_of_a_test.py").write_text(
        "def reply(text):\n    return text\ndef score(name, answers):\n    return sum(answers)\n"
    )
    table = {
        "kind": "python",
        "function": "scoring_of_a_test:reply",
        "scoring": {"function": "scoring_of_a_test:score", "instruments": ["who5"]},
    }
    target: Any = build_target(PythonSpec.model_validate(table), base_dir=tmp_path)
    assert target.capabilities == {Capability.CHAT, Capability.SCORING}
    assert [each.total for each in scores(target, WHO5, (1, 2, 3, 4, 5))] == [15.0]
    table["scoring"] = {"function": "scoring_of_a_test:missing"}
    with pytest.raises(ConfigError, match=r"\[target.scoring\] function: .* has no 'missing'"):
        build_target(PythonSpec.model_validate(table), base_dir=tmp_path)


def test_what_scores_is_not_recorded_and_says_so(tmp_path: Path) -> None:
    inner = callable_target({"chat": lambda text: text, "scoring": total_of})
    recording = RecordingTarget(inner, tmp_path / "r.ndjson")
    assert recording.capabilities == {Capability.CHAT}
    asyncio.run(recording.aclose())
