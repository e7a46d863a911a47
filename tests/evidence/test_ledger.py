"""The ledger: nothing acknowledged is lost, nothing edited or cut goes unseen."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence import files
from clinigate.evidence.checkpoint import (
    Checkpoint,
    parse_checkpoint,
    parse_proof,
    verify_checkpoint,
)
from clinigate.evidence.ledger import Ledger, read_ledger
from clinigate.evidence.merkle import leaf_hash, verify_inclusion
from clinigate.evidence.signing import LocalSigner
from clinigate.evidence.times import Clock


def types(directory: Path) -> list[str]:
    return [record.type for record in read_ledger(directory).chain.records]


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock, ed25519: LocalSigner) -> Ledger:
    return Ledger(tmp_path / "ledger", clock=clock, signer=ed25519, wait_s=0)


@pytest.fixture
def records(ledger: Ledger) -> Path:
    for number in range(3):
        ledger.append("run-started", run=f"r{number}", body={"n": number})
    return ledger.directory / "records.ndjson"


def test_a_ledger_names_itself_and_its_signer_first(ledger: Ledger, ed25519: LocalSigner) -> None:
    record = ledger.append("run-started", run="r1", body={"a": 1})
    assert types(ledger.directory) == ["ledger-created", "signer-changed", "run-started"]
    view = read_ledger(ledger.directory)
    assert view.chain.records[1].body == {"from": [], "to": ed25519.keyid}
    assert (record.seq, record.run, record.body) == (2, "r1", {"a": 1})
    assert record.ts == "2026-08-21T10:00:03.000000Z"


def test_the_checkpoint_is_signed_over_the_whole_tree(
    tmp_path: Path, clock: Clock, signer: LocalSigner, foreign: LocalSigner
) -> None:
    """With either kind of key; a foreign key proves nothing."""
    directory = tmp_path / "ledger"
    Ledger(directory, clock=clock, signer=signer).append("run-started", run="r", body={})
    view = read_ledger(directory)
    checkpoint = parse_checkpoint((directory / "checkpoint").read_bytes())
    assert (checkpoint.size, checkpoint.root) == (3, view.chain.root())
    assert checkpoint.origin == view.chain.origin
    assert set(verify_checkpoint(checkpoint, {"x": signer.public})) == {signer.keyid}
    assert verify_checkpoint(checkpoint, {"x": foreign.public}) == {}


def test_a_record_is_proven_without_the_ledger(ledger: Ledger, ed25519: LocalSigner) -> None:
    """What `prove` writes holds all that a verifier needs."""
    for number in range(5):
        record = ledger.append("run-sealed", run=f"r{number}", body={"n": number})
    proof = parse_proof(ledger.prove(record).to_bytes())
    assert proof.record == record.line
    assert verify_inclusion(
        leaf_hash(proof.record),
        proof.index,
        proof.checkpoint.size,
        proof=proof.hashes,
        root=proof.checkpoint.root,
    )
    assert verify_checkpoint(proof.checkpoint, {"x": ed25519.public})


def test_a_checkpoint_of_the_published_form_is_read(ed25519: LocalSigner) -> None:
    """The example of c2sp.org/tlog-checkpoint, byte for byte."""
    note = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "\N{EM DASH} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4"
        "URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    ).encode()
    checkpoint = parse_checkpoint(note)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.to_bytes() == note
    assert verify_checkpoint(checkpoint, {"x": ed25519.public}) == {}


def test_every_changed_byte_of_records_or_checkpoint_is_refused(
    ledger: Ledger, records: Path, ed25519: LocalSigner
) -> None:
    """Each byte of both files, and nothing is written onto such a ledger."""
    for path in (records, ledger.directory / "checkpoint"):
        whole = path.read_bytes()
        for position in range(len(whole)):
            path.write_bytes(
                whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :]
            )
            with pytest.raises(IntegrityError, match=path.name):
                _read_trusting(ledger.directory, ed25519)
        path.write_bytes(whole)
    _read_trusting(ledger.directory, ed25519)


def _read_trusting(directory: Path, signer: LocalSigner) -> None:
    """As `verify` reads: the checkpoint counts when a trusted key signed it."""
    view = read_ledger(directory)
    assert view.checkpoint is not None
    try:
        found = verify_checkpoint(view.checkpoint, {"x": signer.public})
    except IntegrityError as error:
        raise IntegrityError(f"checkpoint: {error}") from error
    if not found:
        raise IntegrityError("checkpoint: no trusted key signed it")


@pytest.mark.parametrize("cut", [1, 40, 400])
def test_records_cut_from_the_end_are_missed(ledger: Ledger, records: Path, cut: int) -> None:
    """The chain alone stays valid; the signed checkpoint knows the size."""
    whole = records.read_bytes()
    records.write_bytes(whole[:-cut])
    with pytest.raises(IntegrityError, match="cut off"):
        ledger.append("run-started", run="r9", body={})
    assert records.read_bytes() == whole[:-cut]


def test_an_emptied_ledger_is_missed(ledger: Ledger, records: Path) -> None:
    records.unlink()
    with pytest.raises(IntegrityError, match="cut off"):
        ledger.append("run-started", run="r9", body={})


def test_another_ledger_in_its_place_is_refused(
    ledger: Ledger, records: Path, tmp_path: Path, clock: Clock
) -> None:
    other = Ledger(tmp_path / "other", clock=clock)
    for number in range(9):
        other.append("run-started", run=f"r{number}", body={})
    records.write_bytes((tmp_path / "other" / "records.ndjson").read_bytes())
    with pytest.raises(IntegrityError, match="the checkpoint is of"):
        ledger.append("run-started", run="r9", body={})


def test_a_torn_record_is_cut_off_and_the_repair_is_recorded(ledger: Ledger, records: Path) -> None:
    """What a crash left unacknowledged goes; what was acknowledged stays, byte for byte."""
    whole = records.read_bytes()
    with records.open("ab") as stream:
        stream.write(b'{"body":{"half')
    assert read_ledger(ledger.directory).torn == b'{"body":{"half'
    ledger.append("run-started", run="r9", body={})
    assert records.read_bytes().startswith(whole)
    assert types(ledger.directory)[-2:] == ["tail-repaired", "run-started"]
    assert read_ledger(ledger.directory).chain.records[-2].body["bytes"] == 14


def test_a_change_of_signer_is_recorded(
    ledger: Ledger, records: Path, clock: Clock, p256: LocalSigner
) -> None:
    """Who signs from now on is seen, and so is that the old signature was another's."""
    Ledger(ledger.directory, clock=clock, signer=p256).append("run-started", run="r", body={})
    view = read_ledger(ledger.directory)
    assert view.chain.records[-2].type == "signer-changed"
    assert view.chain.records[-2].body["to"] == p256.keyid
    assert view.checkpoint is not None
    assert set(verify_checkpoint(view.checkpoint, {"x": p256.public})) == {p256.keyid}


def test_an_unsigned_run_leaves_the_signed_checkpoint_alone(
    ledger: Ledger, records: Path, clock: Clock
) -> None:
    before = (ledger.directory / "checkpoint").read_bytes()
    unsigned = Ledger(ledger.directory, clock=clock)
    proof = unsigned.prove(unsigned.append("run-started", run="r", body={}))
    assert (ledger.directory / "checkpoint").read_bytes() == before
    assert proof.checkpoint.signatures == ()
    assert parse_proof(proof.to_bytes()) == proof


def test_a_checkpoint_that_was_signed_for_another_text_is_refused(
    ledger: Ledger, records: Path
) -> None:
    """A forger without the key rewrites the ledger and its head: our key does not bless it."""
    path = ledger.directory / "checkpoint"
    real = parse_checkpoint(path.read_bytes())
    forged = records.read_bytes().splitlines(keepends=True)[:3]
    records.write_bytes(b"".join(forged))
    chain = read_ledger_without_checkpoint(ledger.directory, path)
    path.write_bytes(Checkpoint(real.origin, 3, chain, real.signatures).to_bytes())
    with pytest.raises(IntegrityError, match="does not hold"):
        ledger.append("run-started", run="r9", body={})


def read_ledger_without_checkpoint(directory: Path, checkpoint: Path) -> bytes:
    checkpoint.unlink()
    return read_ledger(directory).chain.root()


def test_a_second_writer_is_refused_after_a_bounded_wait(ledger: Ledger) -> None:
    ledger.directory.mkdir()
    with (
        files.lock_file(ledger.directory / "lock", wait_s=0),
        pytest.raises(EvidenceError, match="another process holds this lock"),
    ):
        ledger.append("run-started", run="r", body={})
    ledger.append("run-started", run="r", body={})


def test_a_second_writer_waits_for_the_first(
    tmp_path: Path, clock: Clock, ed25519: LocalSigner
) -> None:
    """The first one's lock is freed while the second sleeps, and the append goes through."""
    directory = tmp_path / "ledger"
    directory.mkdir()
    holder = files.lock_file(directory / "lock", wait_s=0)
    holder.__enter__()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        holder.__exit__(None, None, None)

    ledger = Ledger(directory, clock=clock, signer=ed25519, wait_s=60, sleep=sleep)
    ledger.append("run-started", run="r", body={})
    assert len(slept) == 1


def test_a_killed_writer_frees_the_lock(ledger: Ledger) -> None:
    """SIGKILL while the lock is held: the kernel releases it."""
    ledger.directory.mkdir()
    code = (
        "import sys, pathlib\n"
        "from clinigate.evidence.files import lock_file\n"
        "with lock_file(pathlib.Path(sys.argv[1]), wait_s=0):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(ledger.directory / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(EvidenceError, match="another process"):
            ledger.append("run-started", run="r", body={})
        process.send_signal(signal.SIGKILL)
    ledger.append("run-started", run="r", body={})


@pytest.mark.parametrize("taken", [0, 7])
def test_a_full_disk_leaves_the_ledger_as_it_was(ledger: Ledger, records: Path, taken: int) -> None:
    """Refused outright, or after a part: the part does not stay."""
    before = records.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + taken, limits[1]))
    try:
        with pytest.raises(EvidenceError, match=r"records\.ndjson"):
            ledger.append("run-started", run="r9", body={})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert records.read_bytes() == before
    ledger.append("run-started", run="r9", body={})
    assert types(ledger.directory)[-1] == "run-started"


@pytest.mark.parametrize(
    "line",
    [b"[]", b"{}", b"no json", b'{"body":{},"prev":"","run":null,"seq":0,"ts":"x","type":"t"}'],
)
def test_a_line_that_is_no_record_is_named(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "records.ndjson").write_bytes(line + b"\n")
    with pytest.raises(IntegrityError, match=r"records\.ndjson: line 1"):
        read_ledger(tmp_path)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\n\n",
        b"origin\n1\n",
        b"origin\n01\n" + b"A" * 43 + b"=\n\n",
        b"origin\n-1\n" + b"A" * 43 + b"=\n\n",
        b"origin\n1\nAAAA\n\n",
        b"origin\n1\n" + b"A" * 43 + b"=\n\n- name AAAAAAAA\n",
        b"origin\n1\n" + b"A" * 43 + b"=\n\n\xe2\x80\x94 name AAAA\n",
        b"\xff",
    ],
)
def test_what_is_no_checkpoint_is_refused(note: bytes) -> None:
    with pytest.raises(IntegrityError, match="not a checkpoint"):
        parse_checkpoint(note)


@pytest.mark.parametrize("text", [b"", b"c2sp.org/tlog-proof@v1\n\n", b"x\nextra \nindex 0\n\n"])
def test_what_is_no_proof_is_refused(text: bytes) -> None:
    with pytest.raises(IntegrityError, match="not a"):
        parse_proof(text)


def test_an_empty_ledger_is_empty(tmp_path: Path) -> None:
    view = read_ledger(tmp_path / "none")
    assert view.chain.records == []
    assert view.chain.origin is None


def test_only_what_stands_in_a_ledger_is_proven_by_it(ledger: Ledger, tmp_path: Path) -> None:
    record = ledger.append("run-started", run="r", body={})
    with pytest.raises(EvidenceError, match="is not in this ledger"):
        Ledger(tmp_path / "other").prove(record)
