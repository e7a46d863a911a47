"""Consent, the verifier, and what each defect of the safeguards spoils, and nothing else."""

from __future__ import annotations

import json
import shutil
import sqlite3
import ssl
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from clinigate.errors import UsageError
from clinigate.reference.credentials import STORE_KEY_VARIABLE, key_of
from clinigate.reference.launch import running
from clinigate.reference.operational import checked_defects
from clinigate.reference.verify import main as verify

SAID = "Zebulon Quux told me about the weather"
CRISIS = "I keep thinking about killing myself"
KEY = bytes(range(32))


def consent(caller: Any, patient: str, *, granted: bool) -> None:
    body = {"patient": patient, "granted": granted, "text": "v1"}
    answer = caller.post("/v1/consent", json=body)
    assert (answer.status_code, answer.json()["granted"]) == (200, granted)


def chat(caller: Any, said: str, patient: str | None = "ann") -> int:
    return int(caller.ask("/v1/chat/completions", said, user=patient).status_code)


def test_nobody_is_served_who_did_not_agree_or_took_it_back(caller: Any) -> None:
    assert chat(caller, SAID) == 403
    consent(caller, "ann", granted=True)
    assert chat(caller, SAID) == 200
    assert chat(caller, SAID, "bob") == 403
    assert caller.ask("/v1/emotion", SAID, user="bob").status_code == 403
    consent(caller, "ann", granted=False)
    assert chat(caller, SAID) == 403
    assert chat(caller, SAID, None) == 200


def test_a_crisis_is_answered_whoever_agreed(caller: Any) -> None:
    assert chat(caller, CRISIS) == 200
    assert caller.ask("/v1/crisis", CRISIS, user="ann").status_code == 200


def test_consent_is_on_record_without_the_name(app: Any, caller: Any) -> None:
    consent(caller, "Zebulon Quux", granted=True)
    rows = [json.loads(line) for line in app.service.audit.path.read_text().splitlines()]
    assert [row["action"] for row in rows] == ["consent.give"]
    for path in app.service.data_dir.iterdir():
        assert b"Zebulon" not in path.read_bytes()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"patient": ""}, "patient must be text"),
        ({"granted": "yes"}, "granted must be true or false"),
        ({"granted": None}, "granted must be true or false"),
        ({"text": 5}, "text must be text"),
    ],
)
def test_a_consent_that_makes_no_sense_is_refused(
    caller: Any, changes: dict[str, Any], told: str
) -> None:
    body = {"patient": "ann", "granted": True, "text": "v1", **changes}
    answer = caller.post("/v1/consent", json=body)
    assert answer.status_code == 422
    assert told in answer.json()["error"]["message"]


def test_a_cluster_keeps_consent_as_well(in_cluster: Any) -> None:
    async def scenario(cluster: Any) -> None:
        records = cluster.replica._records
        from clinigate.reference.records.audit import AuditEvent

        async def say(granted: bool) -> None:
            access = AuditEvent("app", "consent.give", "ok", request=str(granted))
            await records.consent("ann", granted=granted, text="v1", access=access)

        assert not await records.consented("app", "ann")
        await say(True)
        assert await records.consented("app", "ann")
        assert not await records.consented("other", "ann")
        await say(False)
        assert not await records.consented("app", "ann")

    in_cluster(scenario)


def copies(app: Any, folder: Path) -> tuple[Path, Path]:
    """A copy of the audit log, and one of the store with its log moved in."""
    audit, store = folder / "audit", folder / "store"
    shutil.copy(app.service.audit.path, audit)
    with sqlite3.connect(app.service.store.path) as source, sqlite3.connect(store) as target:
        source.backup(target)
    return audit, store


def spoil(store: Path) -> None:
    with sqlite3.connect(store) as database:
        (kept,) = database.execute("SELECT messages FROM conversations").fetchone()
        spoilt = kept[:-3] + bytes([kept[-3] ^ 1]) + kept[-2:]
        database.execute("UPDATE conversations SET messages = ?", (spoilt,))


@pytest.mark.parametrize(
    ("defect", "keeping", "in_clear", "noticed"),
    [
        (None, "sealed", False, True),
        ("plaintext-store", "marked", True, True),
        ("alterable-store", "hidden", False, False),
    ],
)
def test_how_conversations_lie_in_the_store(
    make_app: Any,
    as_client: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    defect: str | None,
    keeping: str,
    in_clear: bool,
    noticed: bool,
) -> None:
    monkeypatch.setenv(STORE_KEY_VARIABLE, KEY.hex())
    app = make_app(defect=defect, store_key=KEY)
    answer = as_client(app).ask("/v1/chat/completions", SAID).json()
    assert app.service.store.read(answer["id"]).messages[0].text == SAID
    audit, store = copies(app, tmp_path)
    assert (SAID.encode() in store.read_bytes()) is in_clear
    ask = ["--keeping", keeping, "store", str(store)]
    assert (verify(["audit", str(audit)]), verify(ask)) == (0, 0)
    spoil(store)
    assert verify(ask) == (3 if noticed else 0)
    audit.write_bytes(audit.read_bytes().replace(b'"ok"', b'"no"', 1))
    assert verify(["audit", str(audit)]) == 3


@pytest.mark.parametrize(
    "change", ["granted = 1 - granted", "text = text || ' '", "at = at + 1", "person = 'x'"]
)
def test_a_consent_that_was_altered_is_noticed(
    make_app: Any,
    as_client: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    """Whether somebody agreed, when, and to which text."""
    monkeypatch.setenv(STORE_KEY_VARIABLE, KEY.hex())
    app = make_app(store_key=KEY)
    consent(as_client(app), "ann", granted=True)
    copy = tmp_path / "copy.db"
    with (
        closing(sqlite3.connect(app.service.store.path)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    assert verify(["store", str(copy)]) == 0
    with closing(sqlite3.connect(copy)) as database, database:
        database.execute(f"UPDATE consents SET {change}")
    assert verify(["store", str(copy)]) == 3


def test_the_verifier_says_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORE_KEY_VARIABLE, "secret")
    assert verify(["store", str(tmp_path / "none")]) == 4
    assert verify(["audit", str(tmp_path / "none")]) == 4
    monkeypatch.setenv(STORE_KEY_VARIABLE, KEY.hex())
    assert verify(["store", str(tmp_path / "none")]) == 3
    with pytest.raises(ValueError, match="64 hex digits") as caught:
        key_of("secret")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("defect", "lines"), [(None, 1), ("no-audit", 0)])
def test_a_reading_that_leaves_no_line(
    make_app: Any, as_client: Any, defect: str | None, lines: int
) -> None:
    app = make_app(defect=defect)
    caller = as_client(app)
    assert caller.ask("/v1/emotion", SAID).status_code == 200
    assert app.service.audit.chain.length == lines
    assert caller.ask("/v1/chat/completions", SAID).status_code == 200
    assert app.service.audit.chain.length == lines + 1


@pytest.mark.parametrize(("defect", "status"), [(None, 403), ("scope-ignored", 200)])
def test_a_scope_that_nobody_has_to_have(
    make_app: Any, as_client: Any, defect: str | None, status: int
) -> None:
    caller = as_client(make_app(defect=defect), "chat")
    assert caller.ask("/v1/emotion", SAID).status_code == status
    assert caller.ask("/v1/crisis", SAID).status_code == 403


@pytest.mark.parametrize(("defect", "status"), [(None, 401), ("immortal-tokens", 200)])
def test_a_token_after_its_time(
    make_app: Any, as_client: Any, clock: Any, defect: str | None, status: int
) -> None:
    app = make_app(defect=defect, token_lifetime_s=60)
    caller = as_client(app)
    clock.now += 61
    assert caller.ask("/v1/crisis", SAID).status_code == status
    caller.headers["Authorization"] = f"Bearer {app.expired_token()}"
    assert caller.ask("/v1/crisis", SAID).status_code == status


@pytest.mark.parametrize(("defect", "status"), [(None, 403), ("consent-ignored", 200)])
def test_consent_that_nobody_asks_for(
    make_app: Any, as_client: Any, defect: str | None, status: int
) -> None:
    assert chat(as_client(make_app(defect=defect)), SAID) == status


def test_a_process_with_its_log_and_its_key() -> None:
    """One start shows what only a process has; its transport is tried with the HIPAA checks."""
    with running(defect="phi-in-logs") as service:
        link = service.token("emotion")
        said = _post(service, "/v1/emotion", link, {"messages": [_user(SAID)]})
        assert said == 200
        # The line of a request is written once its answer was sent.
        give_up = time.monotonic() + 20
        while SAID not in service.log_file.read_text():
            assert time.monotonic() < give_up, "the log does not hold it"
        assert service.expired_token not in repr(service)
        assert service.store_key not in repr(service)
        assert _post(service, "/v1/emotion", service.expired_token, {}) == 401
        assert subprocess.run([*service.verifier("audit"), service.audit_log]).returncode == 0


def test_a_cluster_has_no_defect_of_the_single_services_transport() -> None:
    with pytest.raises(UsageError, match="a cluster has none of it"):
        checked_defects(["old-tls"])


def _user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def _post(service: Any, path: str, token: str, body: dict[str, Any]) -> int:
    import httpx

    context = ssl.create_default_context(cafile=str(service.ca_file))
    answer = httpx.post(
        service.base_url + path,
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        verify=context,
        trust_env=False,
    )
    return answer.status_code
