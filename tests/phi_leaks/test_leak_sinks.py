"""Files, a Redis cache and a recording proxy: what is looked at, and what could not be."""

from __future__ import annotations

import gzip
import http.client
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from clinigate.errors import ConfigError
from clinigate.phi.canaries import make_patients
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.leaks.answers import PromptSink
from clinigate.phi.leaks.model import Looked, Sighting, SinkKind
from clinigate.phi.leaks.reading import Eyes
from clinigate.phi.leaks.recorder import Recorder, recording
from clinigate.phi.leaks.sinks import FileSink, RedisSink, Sink

(PATIENT,) = make_patients(5, 1)
EYES = Eyes(CanarySearch([PATIENT]), {PATIENT.id: "chat"})
MAIL = PATIENT.values["email"]


def looked(sink: Sink) -> tuple[list[Sighting], list[Looked]]:
    found = list(sink.look(EYES))
    sightings = [each for each in found if isinstance(each, Sighting)]
    return sightings, [each for each in found if isinstance(each, Looked)]


def files(base: Path, *names: str) -> FileSink:
    sink = FileSink(SinkKind.LOG, base, names, "[phi.trace] logs")
    sink.begin()
    return sink


def test_what_was_written_before_is_not_ours_and_silence_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text(MAIL)
    found, told = looked(files(tmp_path, "app.log"))
    assert found == []
    assert "nothing was written there" in told[0].trouble
    assert "[phi.trace] logs" in told[0].trouble


def test_patterns_and_folders_and_what_is_still_to_be_made_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    sink = files(tmp_path, "app.log*", "old", "later.log")
    for name in ("app.log", "app.log.1", "old/x.log", "later.log"):
        (tmp_path / name).write_text(f"said {MAIL}\n")
    found, told = looked(sink)
    assert {each.place for each in found} == {"app.log", "app.log.1", "old/x.log", "later.log"}
    assert not any(each.trouble for each in told)


def test_a_file_that_can_never_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[phi.trace\] logs: no/app.log is neither"):
        files(tmp_path, "no/app.log")


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    place = tmp_path / "redis.sock"
    words = ["--port", "0", "--unixsocket", str(place), "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen([program, *words], stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            while b"eady to accept connections" not in (line := server.stdout.readline()):
                assert line, "redis-server ended"
            yield f"unix://{place}"
        finally:
            server.terminate()


def test_every_type_of_a_redis_cache_is_read(redis_url: str) -> None:
    redis = pytest.importorskip("redis")
    with closing(redis.Redis.from_url(redis_url)) as link:
        link.set("plain", MAIL)
        link.hset("hash", "mail", MAIL)
        link.rpush("list", MAIL)
        link.sadd("set", MAIL)
        link.zadd("ranked", {MAIL: 1})
        link.xadd("stream", {"mail": MAIL})
        link.set(f"session:{MAIL}", "x")
        link.set("innocent", "x")
    found, told = looked(RedisSink(redis_url))
    assert sorted(str(each.symbol) for each in found) == ["key", *["value"] * 6]
    assert told == [Looked(SinkKind.CACHE, "redis:/")]


def test_a_cache_that_does_not_answer_is_told(tmp_path: Path) -> None:
    pytest.importorskip("redis")
    found, told = looked(RedisSink(f"unix://{tmp_path / 'none.sock'}"))
    assert (found, "cannot be read" in told[0].trouble) == ([], True)


def post(url: str, path: str, body: object, **headers: str) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)) as link:
        link.request("POST", path, body, headers)  # type: ignore[arg-type]
        answer = link.getresponse()
        return answer.status, answer.read()


def test_the_proxy_keeps_what_passes_and_no_credentials() -> None:
    with recording() as recorder:
        status, said = post(
            recorder.url,
            f"/v1/chat?user={MAIL}",
            json.dumps({"messages": [{"role": "user", "content": MAIL}]}),
            Authorization="Bearer secret-1",
            Referer=f"https://app.example.com/{MAIL}",
        )
        assert (status, json.loads(said)["choices"][0]["message"]["role"]) == (200, "assistant")
        (kept,) = recorder.taken()
        found, told = looked(PromptSink(recorder))
    assert "secret-1" not in repr(kept)
    assert {(each.kind, each.place, each.symbol) for each in found} == {
        (SinkKind.URL, "POST /v1/chat", "user"),
        (SinkKind.URL, "POST /v1/chat", "Referer"),
        (SinkKind.PROMPT, "POST /v1/chat", "messages"),
    }
    assert not any(each.trouble for each in told)


def test_the_proxy_passes_on_what_it_is_told_to() -> None:
    with recording() as upstream, recording(forward=upstream.url) as proxy:
        status, said = post(proxy.url, "/v1/embeddings", iter([b"in ", b"pieces"]))
        assert (status, json.loads(said)["data"]) == (200, [])
        (above,), (here,) = upstream.taken(), proxy.taken()
    assert above.body == here.body == b"in pieces"
    assert above.target == "/v1/embeddings"


def test_what_the_service_compresses_is_passed_on_so_and_seen() -> None:
    packed = gzip.compress(json.dumps({"input": MAIL}).encode())
    with recording() as upstream, recording(forward=upstream.url) as proxy:
        post(proxy.url, "/v1/embeddings", packed, **{"Content-Encoding": "gzip"})
        (above,) = upstream.taken()
        found, _ = looked(PromptSink(proxy))
    assert (above.body, dict(above.headers)["Content-Encoding"]) == (packed, "gzip")
    assert [each.field for each in found] == ["email"]


def test_a_provider_that_is_gone_and_a_body_that_is_none_are_answered() -> None:
    with recording() as gone:
        url = gone.url
    with recording(forward=url) as proxy:
        assert post(proxy.url, "/", b"x")[0] == 502
        assert post(proxy.url, "/", b"x", **{"Content-Length": "99999999999"})[0] == 413


def test_a_path_with_a_patient_in_it_is_not_repeated() -> None:
    with recording() as recorder:
        post(recorder.url, f"/patients/{MAIL}", b"")
        found, _ = looked(PromptSink(recorder))
    assert [(each.kind, each.place) for each in found] == [(SinkKind.URL, "POST of the provider")]


def test_a_proxy_that_nothing_came_to_shows_nothing() -> None:
    _, told = looked(PromptSink(Recorder("http://127.0.0.1:9")))
    assert all("nothing came to the recording proxy" in each.trouble for each in told)
    assert {each.kind for each in told} == {SinkKind.PROMPT, SinkKind.URL}


@pytest.mark.parametrize(
    ("method", "target", "status"), [("POST", "http://elsewhere/v1", 400), ("BREW", "/v1", 501)]
)
def test_what_the_proxy_does_not_keep_is_told(method: str, target: str, status: int) -> None:
    with recording() as recorder:
        with closing(http.client.HTTPConnection(urlsplit(recorder.url).netloc, timeout=10)) as link:
            link.putrequest(method, target)
            link.endheaders()
            assert link.getresponse().status == status
        post(recorder.url, "/v1/chat", b"{}")
        _, told = looked(PromptSink(recorder))
    assert all("could not keep" in each.trouble for each in told)


def test_a_body_that_is_too_long_is_no_body_that_was_looked_at() -> None:
    with recording() as recorder:
        assert post(recorder.url, "/", b"x", **{"Content-Length": "99999999999"})[0] == 413
        _, told = looked(PromptSink(recorder))
    assert all(each.trouble for each in told)


def test_a_header_that_sounds_like_a_credential_is_looked_at_too() -> None:
    with recording() as upstream, recording(forward=f"{upstream.url}/") as proxy:
        headers = {"Idempotency-Key": f"chat-{MAIL}", "X-Note": "na\u00efve"}
        assert post(proxy.url, "/v1/chat", b"{}", **headers)[0] == 200
        (above,) = upstream.taken()
        found, _ = looked(PromptSink(proxy))
    assert (above.target, dict(above.headers)["X-Note"]) == ("/v1/chat", "na\u00efve")
    assert [(each.kind, each.symbol) for each in found] == [(SinkKind.URL, "Idempotency-Key")]
    assert MAIL not in repr(above)


@pytest.mark.parametrize("url", ["localhost:6379", "redis://localhost:port/"])
def test_an_address_of_redis_that_is_none_is_told(url: str) -> None:
    pytest.importorskip("redis")
    _, told = looked(RedisSink(url))
    assert "is redis_url_env right" in told[0].trouble


class Shelf:
    """A Redis that holds a document of a module under one key, and a key that runs out."""

    def type(self, key: bytes) -> bytes:
        return {b"doc": b"ReJSON-RL"}.get(key, b"none")


def test_a_type_of_redis_that_is_not_read_is_told() -> None:
    seen = [*RedisSink("")._entry(EYES, Shelf(), b"doc"), *RedisSink("")._entry(EYES, Shelf(), b"")]
    assert seen == [Looked(SinkKind.CACHE, "redis:/", "values of the type ReJSON-RL are not read")]
    with pytest.raises(ValueError, match="decode_responses"):
        list(RedisSink("")._entry(EYES, Shelf(), "doc"))
