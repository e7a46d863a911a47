"""A crisis is answered and escalated whatever is lost, and leaves one whole trace."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from clinigate.reference.cluster.mind import GENERIC_REPLY
from clinigate.reference.engine.rules import LIMITED_REPLY
from clinigate.reference.records.audit import verify_lines

CRISIS = "I keep thinking about killing myself"
HELLO = "This queue is killing me"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
EVENTS = [
    "disclosure",
    "detection",
    "crisis.detected",
    "escalation.initiated",
    "escalation.acknowledged",
    "safety.resolved",
]
InCluster = Callable[..., None]


def test_a_disclosure_is_followed_to_its_end_under_one_id(in_cluster: InCluster) -> None:
    async def scenario(cluster: Any) -> None:
        answer = await cluster.chat(CRISIS, **PARENT)
        assert answer.headers["x-trace-id"] == TRACE
        body = answer.json()
        assert body["safety"]["trace"] == TRACE
        assert "degraded" not in body
        trace = await cluster.complete(TRACE)
        assert [event["event"] for event in trace["events"]] == EVENTS
        assert [event["at"] for event in trace["events"]] == sorted(
            event["at"] for event in trace["events"]
        )
        assert trace["conversation"] == body["id"]
        detail = {event["event"]: event["detail"] for event in trace["events"]}
        assert detail["detection"]["by"] == "model"
        assert detail["escalation.initiated"] == {"via": "database"}
        assert detail["escalation.acknowledged"] == {"by": "desk-1"}
        assert [row["action"] for row in trace["audit"]] == ["crisis.escalate", "crisis.resolve"]
        assert "killing" not in json.dumps(trace)
        listed = (await cluster.client.get("/v1/crisis/traces?limit=5")).json()["traces"]
        assert [(one["trace"], one["complete"]) for one in listed] == [(TRACE, True)]

    in_cluster(scenario)


def test_what_is_no_crisis_leaves_no_trace(in_cluster: InCluster) -> None:
    async def scenario(cluster: Any) -> None:
        answer = await cluster.chat(HELLO, **PARENT)
        assert "trace" not in answer.json()["safety"]
        assert (await cluster.client.get(f"/v1/crisis/traces/{TRACE}")).status_code == 404
        assert (await cluster.client.get("/v1/crisis/traces?limit=0")).status_code == 422

    in_cluster(scenario)


def test_without_inference_rules_decide_and_say_so(in_cluster: InCluster) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.inference.lose()
        body = (await cluster.chat(CRISIS, **PARENT)).json()
        assert body["degraded"] is True
        assert body["degraded_by"] == ["inference"]
        assert body["safety"]["crisis"] is True
        assert "988" in body["choices"][0]["message"]["content"]
        events = (await cluster.complete(TRACE))["events"]
        assert events[1]["detail"]["by"] == "rules"
        calm = (await cluster.chat(HELLO)).json()
        assert calm["choices"][0]["message"]["content"] == LIMITED_REPLY
        assert calm["degraded_by"] == ["inference"]
        messages = {"messages": [{"role": "user", "content": CRISIS}]}
        judged = (await cluster.client.post("/v1/crisis", json=messages)).json()
        assert (judged["crisis"], judged["degraded"]) == (True, True)
        felt = await cluster.client.post("/v1/emotion", json=messages)
        assert felt.json()["error"]["code"] == "inference_unavailable"
        await cluster.inference.bring_back()

        async def healed() -> bool:
            return "degraded" not in (await cluster.chat(HELLO)).json()

        await cluster.until(healed)

    in_cluster(scenario)


def test_a_crisis_does_not_wait_for_a_model_that_hangs(in_cluster: InCluster) -> None:
    """It is answered while the worker is still silent: nobody lets it go on before."""

    async def scenario(cluster: Any) -> None:
        cluster.inference.hang()
        body = (await cluster.chat(CRISIS)).json()
        assert "inference" in body["degraded_by"]
        assert "988" in body["choices"][0]["message"]["content"]

    in_cluster(scenario, patience=1.0)


@pytest.mark.parametrize("how", ["lose", "hang"])
def test_without_the_database_a_crisis_is_answered_and_recorded_later(
    in_cluster: InCluster, how: str
) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.chat(HELLO)
        gone = getattr(cluster.database, how)()
        if gone is not None:
            await gone
        body = (await cluster.chat(CRISIS, **PARENT)).json()
        assert "database" in body["degraded_by"]
        assert "988" in body["choices"][0]["message"]["content"]
        spooled = (cluster.folder / "outbox.jsonl").read_text()
        assert TRACE in spooled
        assert "killing" not in spooled
        refused = await cluster.chat(HELLO)
        assert (refused.status_code, refused.json()["error"]["code"]) == (
            503,
            "records_unavailable",
        )
        assert (await cluster.client.get("/ready")).json()["ready"] is True
        await cluster.database.bring_back()
        trace = await cluster.complete(TRACE)
        assert [event["event"] for event in trace["events"]] == EVENTS
        assert trace["events"][3]["detail"] == {"via": "outbox"} or how == "hang"

        async def empty() -> bool:
            return (cluster.folder / "outbox.jsonl").read_bytes() == b""

        await cluster.until(empty)

    in_cluster(scenario, patience=1.0 if how == "hang" else 100.0)


def test_the_outbox_outlives_its_replica(in_cluster: InCluster) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.database.lose()
        await cluster.desk.lose()
        body = (await cluster.chat(CRISIS, **PARENT)).json()
        assert "database" in body["degraded_by"]
        await cluster.stop_replica()
        await cluster.database.bring_back()
        await cluster.desk.bring_back()
        cluster.begin_replica()
        trace = await cluster.complete(TRACE)
        assert [event["event"] for event in trace["events"]] == EVENTS

    in_cluster(scenario)


def test_without_the_queue_the_escalation_waits_and_reaches_the_desk(in_cluster: InCluster) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.desk.lose()
        answer = await cluster.chat(CRISIS, **PARENT)
        assert "988" in answer.json()["choices"][0]["message"]["content"]
        waiting = (await cluster.client.get(f"/v1/crisis/traces/{TRACE}")).json()
        assert [event["event"] for event in waiting["events"]] == EVENTS[:4]
        assert waiting["complete"] is False
        await cluster.desk.bring_back()
        trace = await cluster.complete(TRACE)
        assert [event["event"] for event in trace["events"]] == EVENTS
        journal = (cluster.folder / "journal.jsonl").read_text().splitlines()
        assert [json.loads(line)["trace"] for line in journal] == [TRACE]

    in_cluster(scenario)


def test_without_anything_a_crisis_still_gets_help(in_cluster: InCluster) -> None:
    async def scenario(cluster: Any) -> None:
        for service in (cluster.inference, cluster.database, cluster.desk):
            await service.lose()
        for _ in range(4):
            body = (await cluster.chat(CRISIS, **PARENT)).json()
            assert "988" in body["choices"][0]["message"]["content"]
            assert {"inference", "database"} <= set(body["degraded_by"])
        for service in (cluster.inference, cluster.database, cluster.desk):
            await service.bring_back()
        await cluster.complete(TRACE)

    in_cluster(scenario)


def test_the_same_key_is_the_same_conversation_and_the_same_crisis(in_cluster: InCluster) -> None:
    async def scenario(cluster: Any) -> None:
        key = {"idempotency-key": "one"}
        first, second = [await cluster.chat(CRISIS, **key) for _ in range(2)]
        other = await cluster.chat(CRISIS, **{"idempotency-key": "two"})
        misused = await cluster.chat(HELLO, **key)
        assert first.json()["id"] == second.json()["id"] != other.json()["id"]
        assert misused.json()["id"] != first.json()["id"]
        assert first.headers["x-trace-id"] == second.headers["x-trace-id"]
        assert first.headers["x-trace-id"] != other.headers["x-trace-id"]
        rows = cluster.sqlite._db.execute("SELECT id FROM conversations").fetchall()
        assert len(rows) == 3

    in_cluster(scenario)


def test_the_chain_in_the_database_verifies_after_losses(in_cluster: InCluster) -> None:
    async def scenario(cluster: Any) -> None:
        for number in range(6):
            if number % 2:
                await cluster.database.lose()
                await cluster.database.bring_back()
            await cluster.chat(CRISIS)

        async def settled() -> bool:
            return bool(await cluster.metric("outbox_entries") == 0)

        await cluster.until(settled)
        lines = cluster.sqlite._db.execute("SELECT line FROM audit ORDER BY seq").fetchall()
        assert verify_lines([line.encode() for (line,) in lines], "api-1").length >= 12
        answered = [line for (line,) in lines if '"action":"chat.complete"' in line]
        assert len(answered) >= 6

    in_cluster(scenario)


def test_the_breaker_opens_and_tells(in_cluster: InCluster) -> None:
    async def scenario(cluster: Any) -> None:
        open_now = 'breaker_open{dependency="inference"}'
        assert await cluster.metric(open_now) == 0
        await cluster.inference.lose()
        for _ in range(4):
            await cluster.chat(HELLO)
        assert await cluster.metric(open_now) == 1
        attempts = await cluster.metric('dependency_attempts_total{dependency="inference"}')
        assert attempts <= 8

    in_cluster(scenario)


def test_defect_no_crisis_fallback(in_cluster: InCluster) -> None:
    async def scenario(cluster: Any) -> None:
        assert (await cluster.chat(CRISIS)).status_code == 200
        await cluster.inference.lose()
        assert (await cluster.chat(CRISIS)).status_code == 503

    in_cluster(scenario, "no-crisis-fallback")


def test_defect_escalation_lost(in_cluster: InCluster) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.desk.lose()
        await cluster.chat(CRISIS, **PARENT)

        async def forgotten() -> bool:
            return bool(await cluster.metric("escalations_open") == 0)

        await cluster.until(forgotten)
        await cluster.desk.bring_back()
        later = await cluster.chat(CRISIS)

        async def acknowledged() -> bool:
            again = await cluster.chat(CRISIS)
            return bool((await cluster.complete(again.headers["x-trace-id"]))["complete"])

        assert later.status_code == 200
        await cluster.until(acknowledged)
        assert TRACE not in (cluster.folder / "journal.jsonl").read_text()

    in_cluster(scenario, "escalation-lost")


def test_defect_retry_storm(in_cluster: InCluster) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.inference.lose()
        await cluster.chat(HELLO)
        calls = await cluster.metric('dependency_calls_total{dependency="inference"}')
        attempts = await cluster.metric('dependency_attempts_total{dependency="inference"}')
        assert attempts == 25 * calls

    in_cluster(scenario, "retry-storm")


def test_defect_breaker_never_opens(in_cluster: InCluster) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.inference.lose()
        for _ in range(8):
            await cluster.chat(HELLO)
        assert await cluster.metric('breaker_open{dependency="inference"}') == 0
        assert await cluster.metric('dependency_refused_total{dependency="inference"}') == 0

    in_cluster(scenario, "breaker-never-opens")


def test_defect_audit_fails_open(in_cluster: InCluster) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.chat(HELLO)
        await cluster.database.lose()
        assert (await cluster.chat(HELLO)).status_code == 200

    in_cluster(scenario, "audit-fails-open")


def test_defect_crisis_dropped_in_surge(in_cluster: InCluster) -> None:
    async def scenario(cluster: Any) -> None:
        said = (await cluster.chat(CRISIS)).json()["choices"][0]["message"]["content"]
        assert "988" in said
        cluster.replica.api.load.chats = 9
        body = (await cluster.chat(CRISIS)).json()
        assert body["choices"][0]["message"]["content"] == GENERIC_REPLY
        assert body["safety"]["crisis"] is False

    in_cluster(scenario, "crisis-dropped-in-surge")


def test_in_a_surge_the_clean_service_drops_no_crisis(in_cluster: InCluster) -> None:
    async def scenario(cluster: Any) -> None:
        cluster.replica.api.load.chats = 1000
        refused = await cluster.chat(HELLO)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "overloaded")
        assert "988" in (await cluster.chat(CRISIS)).json()["choices"][0]["message"]["content"]

    in_cluster(scenario)
