"""A seal is stamped by a real authority, and what goes wrong there never takes the seal away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.errors import ConfigError, EvidenceError
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.keys import save_key
from clinigate.evidence.names import STAMP
from clinigate.evidence.report import Level, LevelStatus
from clinigate.evidence.stamps import envelope_digest
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.evidence.verify import verify_bundle
from clinigate.pipeline.keys import (
    configured_authority,
    configured_signer,
    configured_stamp_roots,
)
from clinigate.pipeline.sealing_key import Authority, SealingKey
from clinigate.pipeline.stamping import stamp

REPLY = "application/timestamp-reply"


def trusting(signer: Any) -> TrustStore:
    return TrustStore((TrustedKey(signer.public, "CI", "machine"),))


def test_a_configured_authority_proves_the_time_of_each_seal(
    project: Any, machine: Any, authority: Any, serving: Callable[..., Any], monkeypatch: Any
) -> None:
    """From clinigate.toml to level L3 of the verification, over HTTP and through openssl's TSA."""
    save_key(machine, project.home / "ci.key", "word", cost=2**14)
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", "word")
    (project.home / "roots.pem").write_bytes(authority.roots.read_bytes())
    with serving(authority.answer) as tsa:
        config = project.configure(key="file:ci.key", tsa=tsa.url, tsa_roots="roots.pem")
        conclusion = project.run(config, configured_signer(config))
    assert conclusion.shortfalls == ()
    ((_, _, headers, query),) = tsa.asked
    assert headers["content-type"] == "application/timestamp-query"
    assert envelope_digest(conclusion.bundle) in query
    assert len(query) < 80  # a digest leaves the house, and nothing else

    roots = configured_stamp_roots(config)
    report = verify_bundle(conclusion.bundle, trust=trusting(machine), stamp_roots=roots)
    time = report.level(Level.TIME)
    assert time.status is LevelStatus.OK, time.sentences
    assert "CN=A time-stamping authority of tests saw this envelope at 20" in time.sentences[0]
    assert "right to 1 s" in time.sentences[0]


def answering(status: int, kind: str, data: bytes) -> Callable[..., Any]:
    return lambda *_: (status, kind, data)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (answering(503, "text/plain", b"busy"), "answered 503, wanted 200"),
        (answering(302, "text/plain\nLocation: /there", b""), "answered 302, wanted 200"),
        (answering(200, "text/html", b"<p>hello"), "answered with text/html, no time stamp"),
        (answering(200, REPLY, b""), "no answer of a time-stamping authority"),
        (answering(200, REPLY, b"\x30\x80" * 40), "no answer of a time-stamping authority"),
        (answering(200, REPLY, b"\x00" * 70_000), "answered with more than 65536 bytes"),
    ],
)
def test_an_authority_that_fails_leaves_the_seal_as_it_is(
    project: Any, machine: Any, serving: Callable[..., Any], answer: Any, said: str
) -> None:
    """Busy, moved, a web page, nothing, rubbish, too much."""
    with serving(answer) as tsa:
        key = SealingKey(machine, Authority(f"{tsa.url}/tsr"))
        conclusion = project.run(project.configure(), key)
    (shortfall,) = conclusion.shortfalls
    assert shortfall.startswith(f"time not proven: {tsa.url}/tsr: ")
    assert said in shortfall
    assert f"clinigate seal --stamp {conclusion.bundle.run}" in shortfall
    assert shortfall in conclusion.place
    assert STAMP not in conclusion.bundle.names
    report = verify_bundle(conclusion.bundle, trust=trusting(machine))
    assert report.overall is LevelStatus.OK


def test_an_authority_that_nobody_hears_of_leaves_the_seal_as_it_is(
    project: Any, machine: Any, serving: Callable[..., Any]
) -> None:
    with serving(answering(200, REPLY, b"")) as gone:
        pass
    conclusion = project.run(project.configure(), SealingKey(machine, Authority(gone.url)))
    assert "no answer (ConnectError)" in conclusion.place
    assert verify_bundle(conclusion.bundle, trust=trusting(machine)).overall is LevelStatus.OK


def test_a_full_disk_leaves_the_seal_as_it_is(
    project: Any, machine: Any, authority: Any, serving: Callable[..., Any]
) -> None:
    """A directory stands where the stamp would go, which the system refuses to replace."""
    bundle = project.sealed(machine)
    (bundle.path / STAMP).mkdir()
    with serving(authority.answer) as tsa, pytest.raises(EvidenceError, match=STAMP):
        stamp(open_bundle(bundle.path), Authority(tsa.url))
    assert verify_bundle(open_bundle(bundle.path)).level(Level.DIGESTS).status is LevelStatus.OK


def test_a_run_without_a_key_is_not_stamped(project: Any) -> None:
    config = project.configure(tsa="http://127.0.0.1:9/never-asked")
    conclusion = project.run(config, configured_signer(config, environ={}))
    assert conclusion.shortfalls == ()
    assert not conclusion.bundle.signed


def test_an_answer_over_other_bytes_or_to_another_question_is_not_kept(
    project: Any, machine: Any, authority: Any, serving: Callable[..., Any]
) -> None:
    """An authority that mixes up its customers; an old answer, played again; a refusal."""
    bundle = project.sealed(machine)
    other = project.sealed(machine)
    with serving(authority.answer) as tsa:
        old = stamp(bundle, Authority(tsa.url)).read(STAMP)
        query = tsa.asked[0][3]
    # The same digest under another nonce: the answer to a question of before.
    (bundle.path / STAMP).unlink()
    unstamped = open_bundle(bundle.path)
    for which, answer, said in (
        (other, old, "it is over other bytes"),
        (unstamped, old, "it answers another question"),
        (unstamped, authority.reply(query[:-20] + b"\x00" * 20), "the authority refused"),
    ):
        with (
            serving(answering(200, REPLY, answer)) as tsa,
            pytest.raises(EvidenceError, match=f"the answer is not kept: {said}"),
        ):
            stamp(which, Authority(tsa.url))
        assert not (which.path / STAMP).exists()


def test_an_answer_that_the_given_roots_do_not_vouch_for_is_not_kept(
    project: Any,
    machine: Any,
    authority: Any,
    authority_in: Callable[..., Any],
    serving: Callable[..., Any],
) -> None:
    foreign = authority_in(project.home / "foreign")
    bundle = project.sealed(machine)
    with serving(foreign.answer) as tsa:
        with pytest.raises(EvidenceError, match="no certificate that was given vouches for it"):
            stamp(bundle, Authority(tsa.url, authority.roots))
        assert not (bundle.path / STAMP).exists()
        assert STAMP in stamp(bundle, Authority(tsa.url)).names


def test_a_stamp_is_never_replaced_and_rubbish_is(
    project: Any, machine: Any, authority: Any, serving: Callable[..., Any]
) -> None:
    bundle = project.sealed(machine)
    (bundle.path / STAMP).write_bytes(b"half an answ")
    with serving(authority.answer) as tsa:
        stamped = stamp(open_bundle(bundle.path), Authority(tsa.url, authority.roots))
        first = stamped.read(STAMP)
        with pytest.raises(EvidenceError, match="stamped this seal already"):
            stamp(stamped, Authority(tsa.url))
    assert (bundle.path / STAMP).read_bytes() == first


def test_roots_that_are_not_there_are_told_before_anything_runs(project: Any) -> None:
    config = project.configure(tsa="http://127.0.0.1:9/", tsa_roots="none.pem")
    for look in (configured_authority, configured_stamp_roots):
        with pytest.raises(ConfigError, match=r"none\.pem: no such file .*\[signing\] tsa_roots"):
            look(config)
    assert configured_stamp_roots(config, Path("given.pem")) == Path("given.pem")
