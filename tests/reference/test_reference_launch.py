"""The service as a process: TLS, the ready-file, its end; nothing secret on its standard output."""

from __future__ import annotations

import http.client
import json
import os
import selectors
import signal
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from clinigate.errors import MissingExtraError, TargetError, UsageError
from clinigate.reference.launch import Connection, running
from clinigate.reference.records.audit import verify_chain

COMMAND = [sys.executable, "-P", "-m", "clinigate.reference"]
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with running(data_dir=tmp_path_factory.mktemp("service")) as connection:
        yield connection


def ask(service: Connection, path: str, body: Any, *, trust: Path | None) -> Any:
    context = ssl.create_default_context(cafile=str(trust) if trust else None)
    link = http.client.HTTPSConnection(
        urlsplit(service.base_url).netloc, timeout=PATIENCE_S, context=context
    )
    headers = {
        "Authorization": f"Bearer {service.token()}",
        "Content-Type": "application/json",
    }
    try:
        link.request("POST", path, json.dumps(body), headers)
        return json.loads(link.getresponse().read())
    finally:
        link.close()


def test_it_answers_over_tls_to_who_trusts_its_authority(service: Connection) -> None:
    body = {"messages": [{"role": "user", "content": "I keep thinking about killing myself"}]}
    assert ask(service, "/v1/crisis", body, trust=service.ca_file)["crisis"] is True
    chat = ask(service, "/v1/chat/completions", body, trust=service.ca_file)
    assert "988" in chat["choices"][0]["message"]["content"]
    assert verify_chain(service.audit_log).length >= 2
    assert b"killing" not in service.log_file.read_bytes()
    lines = [json.loads(line) for line in service.log_file.read_text().splitlines()]
    served = [line for line in lines if line["event"] == "request"]
    assert {line["route"] for line in served} >= {"/oauth/token", "/v1/crisis"}


def test_who_does_not_trust_its_authority_is_warned(service: Connection) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(service, "/v1/crisis", {}, trust=None)


def test_plain_http_gets_no_answer(service: Connection) -> None:
    link = http.client.HTTPConnection(urlsplit(service.base_url).netloc, timeout=PATIENCE_S)
    link.request("GET", "/health")
    with pytest.raises((http.client.HTTPException, OSError)):
        link.getresponse()
    link.close()


def test_the_connection_tells_the_model_and_keeps_its_secrets(service: Connection) -> None:
    assert service.model["model"] == "calibrator"
    assert service.token_url == f"{service.base_url}/oauth/token"
    assert service.clients["evaluator"].requests_per_minute > 1000
    assert service.clients["app"].requests_per_minute == 100
    assert service.client_secret not in repr(service)
    assert service.client_id in repr(service)


def test_the_private_key_is_on_no_disk(service: Connection) -> None:
    for path in service.audit_log.parent.iterdir():
        assert b"PRIVATE KEY" not in path.read_bytes()


def test_a_refused_scope_is_told(service: Connection) -> None:
    with pytest.raises(TargetError, match="invalid_scope"):
        service.token("admin")


def test_an_unknown_defect_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'slow-tail'"), running(defect="slow-tails"):
        pass


def test_without_its_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingExtraError, match=r"clinigate\[demo\]"), running():
        pass


def test_what_keeps_it_from_starting_is_told() -> None:
    with pytest.raises(TargetError, match="did you mean 'baseline'"), running(model="baselin"):
        pass


def test_a_start_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(TargetError, match="not ready within"), running(timeout_s=0.0):
        pass


def test_it_ends_with_the_block_and_takes_its_folder_along() -> None:
    with running(model="baseline") as service:
        assert service.model["exposed_to"][0].endswith("#dev")
        folder = service.audit_log.parent
        assert folder.is_dir()
    with pytest.raises(ProcessLookupError):
        os.kill(service.pid, 0)
    assert not folder.exists()
    with pytest.raises(TargetError, match="no token"):
        service.token()


def start(*options: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, *options], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def first_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        assert selector.select(PATIENCE_S), "nothing was said"
    return process.stdout.readline()


def test_the_ready_file_is_private_and_gone_at_the_end(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    ready.write_text("left by an earlier start")
    ready.chmod(0o644)
    process = start("--ready-file", str(ready), "--ca-file", str(tmp_path / "trust.pem"))
    said = first_line(process)
    assert json.loads(said)["status"] == "ready"
    content = json.loads(ready.read_text())
    assert stat.S_IMODE(ready.stat().st_mode) == 0o600
    assert content["ca_file"] == str(tmp_path / "trust.pem")
    assert (tmp_path / "trust.pem").read_text().startswith("-----BEGIN CERTIFICATE")
    records = Path(content["database"]).parent
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert not ready.exists()
    assert not records.exists()
    for client in content["clients"].values():
        assert client["client_secret"].encode() not in said + out + err


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--model", "calibrater"], 4, "did you mean 'calibrator'"),
        (["--defect", "slow-tial"], 4, "did you mean 'slow-tail'"),
        (["--host", "192.0.2.1"], 4, "cannot listen on 192.0.2.1"),
        (["--port", "99999"], 4, "cannot listen on 127.0.0.1:99999"),
        (["--data-dir", "/dev/null/x"], 2, "choose another"),
        (["--ready-file", "/nonexistent/ready.json"], 2, "ready-file"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_an_exit_code(
    options: list[str], code: int, told: str
) -> None:
    process = start(*options)
    _, err = process.communicate(timeout=PATIENCE_S)
    text = err.decode()
    assert process.returncode == code
    assert told in text
    assert "Traceback" not in text


def test_a_start_on_a_taken_port_is_refused(service: Connection) -> None:
    port = str(urlsplit(service.base_url).port)
    process = start("--port", port)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, b"cannot listen" in err) == (4, True)


PARENT = """
import sys
from clinigate.reference.launch import running
with running() as service:
    print(service.pid, flush=True)
    sys.stdin.read()
"""


def test_when_its_parent_is_killed_it_ends_too() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    # A descriptor of the process, not its number: it tells the end, and nobody else gets it.
    child = os.pidfd_open(int(first_line(parent)))
    try:
        parent.kill()
        parent.communicate(timeout=PATIENCE_S)
        with selectors.DefaultSelector() as selector:
            selector.register(child, selectors.EVENT_READ)
            assert selector.select(PATIENCE_S), "the service outlived its parent"
    finally:
        os.close(child)
