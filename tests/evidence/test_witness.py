"""A witness remembers the log's head on a machine of its own, and no rollback passes it."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import EvidenceError, IntegrityError, KeyFileError, UsageError
from clinigate.evidence.bundle import export_zip, open_bundle
from clinigate.evidence.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from clinigate.evidence.cosignature import cosign, cosignatures, cosigner_vkey
from clinigate.evidence.names import WITNESSED
from clinigate.evidence.report import Level, LevelStatus
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.evidence.verify import verify_bundle
from clinigate.evidence.witnessing import Witness, Witnessed, witness_log

MOMENT = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
HEAD = Checkpoint("example.org/log", 7, bytes(range(32)))
NAME = "example.org/officer"


@pytest.fixture(scope="module")
def officer() -> LocalSigner:
    return generate_signer()


@dataclass
class Office:
    """The officer's machine, and the clock on its wall."""

    system: Any
    signer: LocalSigner
    state: Path
    now: datetime = MOMENT
    name: str = NAME
    revoked_at: datetime | None = None
    extra: tuple[TrustedKey, ...] = field(default=())

    @property
    def trust(self) -> TrustStore:
        own = TrustedKey(self.signer.public, "Ada", "witness", revoked_at=self.revoked_at)
        log = TrustedKey(self.system.signer.public, "CI", "machine")
        return TrustStore((log, own, *self.extra))

    def look(self, **more: Any) -> Witnessed:
        who = Witness(self.name, self.signer, self.state, self.trust)
        return witness_log(self.system.root, who, clock=lambda: self.now, **more)

    def time_of(self, path: Path) -> tuple[LevelStatus, str]:
        ledger = self.system.root / "ledger" if path.parent.name == "runs" else None
        report = verify_bundle(open_bundle(path), trust=self.trust, ledger=ledger)
        found = report.level(Level.TIME)
        return found.status, " ".join(found.sentences)


@pytest.fixture
def office(system: Any, officer: LocalSigner, tmp_path: Path) -> Office:
    return Office(system, officer, tmp_path / "officer")


def test_a_cosignature_is_what_the_specification_says_byte_for_byte(officer: LocalSigner) -> None:
    """Written out here by hand from c2sp.org/tlog-cosignature, without the module under test."""
    cosigned = cosign(HEAD, NAME, officer, MOMENT)
    (line,) = cosigned.signatures
    raw = officer.public.spki[-32:]
    seconds = int(MOMENT.timestamp())
    assert line.key_id == hashlib.sha256(NAME.encode() + b"\n\x04" + raw).digest()[:4]
    assert line.signature[:8] == seconds.to_bytes(8, "big")
    message = (
        f"cosignature/v1\ntime {seconds}\n{HEAD.origin}\n{HEAD.size}\n".encode()
        + base64.b64encode(HEAD.root)
        + b"\n"
    )
    assert officer.public.verifies(line.signature[8:], message)
    text = cosigned.to_bytes().decode().splitlines()[-1]
    blob = base64.b64encode(line.key_id + line.signature).decode()
    assert text == f"\N{EM DASH} {NAME} {blob}"
    name, key_id, key = cosigner_vkey(NAME, officer.public_key).split("+", 2)
    assert (name, bytes.fromhex(key_id)) == (NAME, line.key_id)
    assert base64.b64decode(key) == b"\x04" + raw


def test_the_published_example_has_the_published_time() -> None:
    """The example of c2sp.org/tlog-cosignature: its witness's key is not published, its time is."""
    note = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "\N{EM DASH} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4"
        "URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "\N{EM DASH} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWX"
        "EhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    ).encode()
    checkpoint = parse_checkpoint(note)
    assert checkpoint.to_bytes() == note
    line = checkpoint.signatures[1]
    assert int.from_bytes(line.signature[:8], "big") == 1679315147
    assert len(line.signature) == 72


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_agrees(officer: LocalSigner, tmp_path: Path) -> None:
    """An outsider with openssl and the witness's public key verifies the cosignature."""
    (line,) = cosign(HEAD, NAME, officer, MOMENT).signatures
    seconds = int.from_bytes(line.signature[:8], "big")
    message = b"cosignature/v1\ntime %d\n" % seconds + HEAD.text
    for name, data in (("m", message), ("s", line.signature[8:]), ("k.pem", officer.public.pem)):
        (tmp_path / name).write_bytes(data)
    command = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "k.pem",
        "-rawin",
        "-in",
        "m",
        "-sigfile",
        "s",
    ]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


@given(position=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_changed_bit_of_a_cosigned_head_counts(position: int, bit: int) -> None:
    """Either the note does not read, or the line does not hold, or it is nobody's that is known."""
    key = generate_signer()
    whole = bytearray(cosign(HEAD, NAME, key, MOMENT).to_bytes())
    whole[position % len(whole)] ^= 1 << bit
    with suppress(IntegrityError):
        assert cosignatures(parse_checkpoint(bytes(whole)), [key.public]) == ()


def test_a_p256_key_is_no_witness(p256: LocalSigner) -> None:
    with pytest.raises(KeyFileError, match="no form for P-256"):
        cosign(HEAD, NAME, p256, MOMENT)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "\u202e"])
def test_a_name_that_the_format_does_not_allow_is_refused(officer: LocalSigner, name: str) -> None:
    with pytest.raises(KeyFileError, match="cannot name a witness"):
        cosign(HEAD, name, officer, MOMENT)


def test_what_was_sealed_before_the_look_has_its_time_proven(office: Office) -> None:
    bundle = office.system.sealed()
    assert office.time_of(bundle.path)[0] is LevelStatus.NOT_ASSESSED
    done = office.look()
    assert (done.before, done.runs, done.odd) == (None, (bundle.run,), ())
    status, told = office.time_of(bundle.path)
    assert status is LevelStatus.OK
    assert "Ada (witness" in told
    assert "at 2026-09-01T12:00:00" in told


def test_the_proof_travels_with_the_bundle(office: Office, tmp_path: Path) -> None:
    bundle = office.system.sealed()
    office.look()
    packed = export_zip(open_bundle(bundle.path), tmp_path / "b.zip")
    assert office.time_of(packed)[0] is LevelStatus.OK


def test_the_earlier_proof_stays_and_later_runs_get_theirs(office: Office) -> None:
    first = office.system.sealed()
    office.look()
    kept = (first.path / WITNESSED).read_bytes()
    office.now += timedelta(days=1)
    second = office.system.sealed()
    done = office.look()
    assert done.before is not None
    assert done.before < done.head.size
    assert done.runs == (second.run,)
    assert (first.path / WITNESSED).read_bytes() == kept
    names = sorted(path.name for path in (office.system.root / "ledger" / "cosig").iterdir())
    assert len(names) == 2


def test_a_damaged_proof_is_told_and_replaced(office: Office) -> None:
    bundle = office.system.sealed()
    office.look()
    (bundle.path / WITNESSED).write_bytes(b"garbage")
    status, told = office.time_of(bundle.path)
    assert status is LevelStatus.NOT_ASSESSED
    assert "witness.tlog-proof: time not proven: not a log proof" in told
    assert office.look().runs == (bundle.run,)
    assert office.time_of(bundle.path)[0] is LevelStatus.OK


def _rollback(ledger: Path, lines: int, signer: LocalSigner) -> None:
    """What whoever has the log's key can do: fewer records, and a new head over them."""
    records = (ledger / "records.ndjson").read_bytes().splitlines(keepends=True)[:lines]
    (ledger / "records.ndjson").write_bytes(b"".join(records))
    _sign_again(ledger, signer)


def _sign_again(ledger: Path, signer: LocalSigner) -> None:
    from clinigate.evidence.ledger import read_ledger

    (ledger / "checkpoint").unlink(missing_ok=True)
    chain = read_ledger(ledger).chain
    head = sign_checkpoint(str(chain.origin), len(chain.leaves), chain.root(), [signer])
    (ledger / "checkpoint").write_bytes(head.to_bytes())


def test_a_rollback_is_refused_naming_both_sizes(office: Office) -> None:
    """Whoever holds the log's key cuts the log and signs the shorter one: the witness remembers."""
    system = office.system
    system.sealed()
    size = office.look().head.size
    _rollback(system.root / "ledger", size - 2, system.signer)
    before = sorted(path for path in system.root.rglob("*"))
    with pytest.raises(IntegrityError, match=f"rolled back: .* {size - 2} records.* {size}"):
        office.look()
    assert sorted(path for path in system.root.rglob("*")) == before


def test_a_fork_is_refused_naming_both_sizes(office: Office) -> None:
    """The log is cut, and grows again another way, past what the witness saw."""
    system = office.system
    system.sealed()
    size = office.look().head.size
    _rollback(system.root / "ledger", size - 2, system.signer)
    for _ in range(4):
        system.ledger.append("run-started", run="other", body={})
    with pytest.raises(IntegrityError, match=f"forked: of its {size + 2} records the first {size}"):
        office.look()


def test_a_rolled_back_log_fails_verification_by_what_was_cosigned(office: Office) -> None:
    """The cosigned head beside the log outlives the rollback, for everybody who verifies."""
    system = office.system
    first = system.sealed()
    system.sealed()
    office.look()
    lines = len((system.root / "ledger" / "records.ndjson").read_bytes().splitlines())
    _rollback(system.root / "ledger", lines - 1, system.signer)
    (first.path / WITNESSED).unlink()
    report = verify_bundle(first, trust=office.trust, ledger=system.root / "ledger")
    assert report.level(Level.LEDGER).status is LevelStatus.FAILED
    assert "cosig/" in report.problems[0]


def test_a_log_signed_by_a_foreign_key_is_not_cosigned(
    office: Office, foreign: LocalSigner
) -> None:
    office.system.sealed()
    _sign_again(office.system.root / "ledger", foreign)
    with pytest.raises(IntegrityError, match="signed by no key of the trust file"):
        office.look()


def test_a_log_without_a_head_is_told(office: Office) -> None:
    office.system.sealed()
    (office.system.root / "ledger" / "checkpoint").unlink()
    with pytest.raises(EvidenceError, match="no signed head"):
        office.look()


def test_whoever_writes_the_log_does_not_witness_it(office: Office) -> None:
    office.system.sealed()
    own = replace(office, signer=office.system.signer)
    with pytest.raises(KeyFileError, match="cannot vouch for it"):
        own.look()


def test_a_replaced_log_is_not_taken_for_a_new_one(office: Office) -> None:
    """A log of another name in the place of the known one: told, and cosigned only if meant."""
    office.system.sealed()
    office.look()
    shutil.rmtree(office.system.root)
    bundle = office.system.sealed()
    with pytest.raises(UsageError, match="not the one that this witness saw"):
        office.look()
    assert office.look(new_log=True).runs == (bundle.run,)


def test_a_clock_that_was_set_back_is_told(office: Office) -> None:
    office.system.sealed()
    office.look()
    office.now -= timedelta(days=2)
    with pytest.raises(EvidenceError, match=r"clock says 2026-08-30.* cosigned at 2026-09-01"):
        office.look()


def test_an_edited_memory_is_refused(office: Office) -> None:
    office.system.sealed()
    office.look()
    (memory,) = office.state.glob("*.note")
    data = bytearray(memory.read_bytes())
    data[30] ^= 1
    memory.write_bytes(data)
    with pytest.raises((IntegrityError, UsageError)):
        office.look()


def test_another_witness_needs_a_state_of_its_own(office: Office, foreign: LocalSigner) -> None:
    office.system.sealed()
    office.look()
    with pytest.raises(IntegrityError, match="not cosigned by this key"):
        replace(office, signer=foreign).look()


def test_an_exchanged_statement_is_told_and_gets_no_proof(office: Office) -> None:
    bundle = office.system.sealed()
    path = bundle.path / bundle.statement_name
    path.write_bytes(path.read_bytes() + b"\n")
    done = office.look()
    assert done.runs == ()
    assert bundle.run in done.odd[0]
    assert not (bundle.path / WITNESSED).exists()


def _no_trust(office: Office) -> TrustStore | None:
    return None


def _no_witness(office: Office) -> TrustStore | None:
    return TrustStore(tuple(key for key in office.trust.keys if key.role != "witness"))


def _only_witness(office: Office) -> TrustStore | None:
    return TrustStore(tuple(key for key in office.trust.keys if key.role == "witness"))


def _revoked(office: Office) -> TrustStore | None:
    return replace(office, revoked_at=MOMENT + timedelta(days=1)).trust


@pytest.mark.parametrize(
    ("trust", "why"),
    [
        (_no_trust, "no trust file"),
        (_no_witness, "no witness of the trust file cosigned it"),
        (_only_witness, "signed by no key of the trust file"),
        (_revoked, "was revoked"),
    ],
)
def test_what_vouches_for_nothing_proves_no_time_and_breaks_nothing(
    office: Office, trust: Callable[[Office], TrustStore | None], why: str
) -> None:
    bundle = office.system.sealed()
    office.look()
    report = verify_bundle(open_bundle(bundle.path), trust=trust(office))
    level = report.level(Level.TIME)
    assert level.status is LevelStatus.NOT_ASSESSED
    assert why in level.sentences[-1]


def test_a_proof_of_another_run_proves_nothing(office: Office) -> None:
    first, second = office.system.sealed(), office.system.sealed()
    office.look()
    shutil.copy(first.path / WITNESSED, second.path / WITNESSED)
    status, told = office.time_of(second.path)
    assert status is LevelStatus.NOT_ASSESSED
    assert "another run" in told


def test_a_key_revoked_after_the_witnessed_time_still_counts(office: Office) -> None:
    """What the cosignature is for: the machine's key is stolen later, the seal stays believed."""
    bundle = office.system.sealed()
    office.look()
    machine, own = office.trust.keys
    stolen = replace(machine, revoked_at=MOMENT + timedelta(days=30))
    report = verify_bundle(open_bundle(bundle.path), trust=TrustStore((stolen, own)))
    assert report.overall is LevelStatus.OK, report.problems
    report = verify_bundle(open_bundle(bundle.path), trust=TrustStore((stolen,)))
    assert report.level(Level.SIGNATURE).status is LevelStatus.FAILED
