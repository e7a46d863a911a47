"""What comes out short is no pass, and nor is what nobody looked at."""

from __future__ import annotations

from typing import Any

from clinigate.core.verdict import Status
from clinigate.hipaa.premises import Premises
from clinigate.targets.service import Answer, Request


def test_an_export_of_nothing_is_found(clean: Premises, with_lifecycle: Any, see: Any) -> None:
    """What is not exported comes in again as it went out."""
    record = "{type: 'collection', resourceType: 'Bundle', entry: entry[:0]}"
    export = {
        "path": "/fhir/Patient/{{patient}}/$everything",
        "method": "GET",
        "answer": record,
    }
    take_in = {"path": "/fhir/$import", "answer": "id"}
    seen = see(
        "portability", with_lifecycle(clean, portability={"export": export, "take_in": take_in})
    )
    assert seen.status is Status.FAIL
    assert ("the export", "holds nothing that is known of its patient") in seen.findings


def test_a_search_that_is_asked_too_often_tells_of_nobody(
    clean: Premises, in_trouble: Any, see: Any
) -> None:
    gone = False

    def slowed(request: Request, answer: Answer) -> Answer | None:
        nonlocal gone
        gone = gone or (request.path.endswith("/erasure") and answer.served)
        asks = gone and request.path.endswith("/notes")
        return Answer(429, {}, None, b"") if asks else None

    seen = see("erasure", in_trouble(clean, slowed))
    assert (seen.status, seen.findings) == (Status.INCONCLUSIVE, []), seen.reason
    assert "it answers 401, 429, 500 or the like" in seen.reason
