"""The service scores sheets: what it takes, whom it serves, what it puts on record."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clinigate.reference.instruments import INSTRUMENTS
from clinigate.reference.web.sheets import MOST_SHEETS

PHQ9 = "/v1/instruments/phq9/score"
MANY = "/v1/instruments/ucla3/scores"


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_one_sheet_and_many_come_to_the_same(name: str, caller: Any) -> None:
    asked = INSTRUMENTS[name]
    sheets = [[value] * asked.items for value in range(asked.lowest, asked.highest + 1)]
    place = f"/v1/instruments/{name}"
    many = caller.post(f"{place}/scores", json={"sheets": sheets}).json()["results"]
    ones = [caller.post(f"{place}/score", json={"answers": sheet}).json() for sheet in sheets]
    assert many == ones
    assert [each["total"] for each in ones] == [sum(sheet) for sheet in sheets]
    assert all((each["percent"] is not None) is (name == "who5") for each in ones)
    assert all((each["band"] is not None) is (name in ("phq9", "gad7")) for each in ones)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (None, "answers must be a list of 9 answers"),
        ([0] * 8, "answers must be a list of 9 answers"),
        ([0] * 10, "answers must be a list of 9 answers"),
        ([0] * 8 + [None], "answers[8] must be a whole number of 0 to 3"),
        ([4] + [0] * 8, "answers[0] must be a whole number of 0 to 3"),
        ([-1] + [0] * 8, "answers[0] must be a whole number"),
        ([True] + [0] * 8, "answers[0] must be a whole number"),
        ([1.5] + [0] * 8, "answers[0] must be a whole number"),
        (["1"] + [0] * 8, "answers[0] must be a whole number"),
    ],
)
def test_a_sheet_that_nobody_may_score_is_refused(answers: Any, words: str, caller: Any) -> None:
    refused = caller.post(PHQ9, json={"answers": answers})
    assert refused.status_code == 422
    assert words in refused.json()["error"]["message"]


def test_a_number_too_large_for_any_sheet_is_refused_as_well(caller: Any) -> None:
    body = b'{"answers": [1e999, 0, 0, 0, 0, 0, 0, 0, 0]}'
    refused = caller.post(PHQ9, content=body, headers={"content-type": "application/json"})
    assert refused.status_code in (400, 422)


def test_a_whole_number_may_be_written_with_a_point(caller: Any) -> None:
    assert caller.post(PHQ9, json={"answers": [2.0] + [0] * 8}).json()["total"] == 2


@pytest.mark.parametrize(
    ("sheets", "status"),
    [([[1, 1, 1]] * MOST_SHEETS, 200), ([[1, 1, 1]] * (MOST_SHEETS + 1), 422), ([], 422)],
)
def test_so_many_sheets_go_into_one_request(sheets: Any, status: int, caller: Any) -> None:
    assert caller.post(MANY, json={"sheets": sheets}).status_code == status


def test_one_unfit_sheet_refuses_them_all_and_is_named(caller: Any) -> None:
    refused = caller.post(MANY, json={"sheets": [[1, 1, 1], [1, 1, 0]]})
    assert refused.status_code == 422
    assert "sheets[1][2] must be" in refused.json()["error"]["message"]


def test_a_named_patient_must_have_agreed_but_item_9_is_answered_to_anybody(caller: Any) -> None:
    quiet, calling = [1] * 8 + [0], [0] * 8 + [1]
    refused = caller.post(PHQ9, json={"answers": quiet, "user": "somebody"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "consent_required")
    urgent = caller.post(PHQ9, json={"answers": calling, "user": "somebody"})
    assert (urgent.status_code, urgent.json()["follow_up"]) == (200, True)
    agreed = {"patient": "somebody", "granted": True, "text": "v1"}
    assert caller.post("/v1/consent", json=agreed).status_code == 200
    assert caller.post(PHQ9, json={"answers": quiet, "user": "somebody"}).status_code == 200


def test_each_scoring_is_on_record_without_an_answer(app: Any, caller: Any) -> None:
    caller.post(PHQ9, json={"answers": [3] * 9})
    caller.post(MANY, json={"sheets": [[1, 2, 3]]})
    lines = (app.service.data_dir / "audit.jsonl").read_text().splitlines()
    scored = [line for line in lines if json.loads(line).get("action") == "instrument.score"]
    assert len(scored) == 2
    assert "[3" not in "".join(scored)
