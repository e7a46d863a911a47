"""The outsider's script: with openssl, sha256sum and jq it believes a sound bundle and no other."""

from __future__ import annotations

import base64
import json
import random
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.canonical import canonical_bytes
from clinigate.evidence.checkpoint import parse_proof
from clinigate.evidence.cosignature import cosign
from clinigate.evidence.envelope import sign_envelope
from clinigate.evidence.names import PAYLOAD_TYPE
from clinigate.evidence.signing import LocalSigner, generate_signer

SCRIPT = Path(__file__).parents[2] / "examples" / "verify" / "verify.sh"
RECORD_TYPE = "application/vnd.clinigate.record+json"

Verify = Callable[..., subprocess.CompletedProcess[str]]


def holds(found: subprocess.CompletedProcess[str]) -> bool:
    assert found.returncode in (0, 1), found.stdout + found.stderr
    assert ("FAILED" in found.stdout) == (found.returncode == 1), found.stdout
    return found.returncode == 0


def resigned(bundle: Path, signer: LocalSigner, **changes: Any) -> None:
    """What somebody can do who has a key and edits the statement."""
    envelope = json.loads((bundle / "statement.dsse.json").read_bytes())
    payload = json.loads(base64.b64decode(envelope["payload"]))
    payload["predicate"].update(changes)
    signed = sign_envelope(canonical_bytes(payload), PAYLOAD_TYPE, [signer])
    (bundle / "statement.dsse.json").write_bytes(canonical_bytes(signed))


def file_record(
    bundle: Path, signer: LocalSigner, *, digest: str, name: str = "M. Lindqvist", **terms: Any
) -> Path:
    record = {
        "schema": "clinigate-record/1",
        "kind": "sign-off",
        "subject": {"kind": "run", "digest": digest},
        "signers": [{"name": name, "role": "officer", "keyid": signer.keyid}],
        "terms": terms,
    }
    signed = sign_envelope(canonical_bytes(record), RECORD_TYPE, [signer])
    path = bundle / "records" / "sign-off-0123456789ab.dsse.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(canonical_bytes(signed))
    return path


def test_a_sound_bundle_verifies(made: Any, verify: Verify) -> None:
    """Both kinds of key; it says what it saw, and what it did not look at."""
    found = verify(made.bundle.path, made.signer)
    assert holds(found), found.stdout + found.stderr
    assert found.stderr == ""
    assert f"key {made.signer.keyid}" in found.stdout
    for line in ("signature: OK", "digests: OK", "no file added: OK", "COMPLETE: 1 PASS"):
        assert line in found.stdout
    assert "not looked at: whether the key counted" in found.stdout


def test_a_foreign_key_fails(made: Any, verify: Verify) -> None:
    assert not holds(verify(made.bundle.path, generate_signer()))


def test_any_changed_byte_of_any_file_fails(
    ed25519_run: Any, copy: Callable[[Any], Path], verify: Verify
) -> None:
    bundle = copy(ed25519_run)
    chance = random.Random(8)
    files = [path for path in bundle.rglob("*") if path.is_file()]
    for path in files:
        whole = path.read_bytes()
        for place in {len(whole) - 1, chance.randrange(len(whole))}:
            broken = bytearray(whole)
            broken[place] ^= 1 << chance.randrange(7)
            path.write_bytes(broken)
            assert not holds(verify(bundle, ed25519_run.signer)), (path.name, place)
        path.write_bytes(whole)
    assert holds(verify(bundle, ed25519_run.signer))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda bundle: (bundle / "extra").write_text("x"),
        lambda bundle: (bundle / "spool" / "extra.ndjson").write_text(""),
        lambda bundle: (bundle / "environment.json").unlink(),
        lambda bundle: (bundle / "statement.dsse.json").unlink(),
        lambda bundle: (bundle / "statement.json").write_text("{}"),
        lambda bundle: (bundle / "exports").symlink_to(bundle / "spool"),
        lambda bundle: (bundle / "results.json").rename(bundle / "exports.json"),
        lambda bundle: (bundle / "statement.dsse.json").write_bytes(
            (bundle / "statement.dsse.json").read_bytes() + b"\n"
        ),
    ],
    ids=["added", "spool", "missing", "no statement", "two", "link", "renamed", "newline"],
)
def test_what_was_added_or_taken_away_fails(
    ed25519_run: Any, copy: Callable[[Any], Path], verify: Verify, spoil: Callable[[Path], object]
) -> None:
    bundle = copy(ed25519_run)
    spoil(bundle)
    assert not holds(verify(bundle, ed25519_run.signer))


def test_what_lies_outside_of_the_seal_is_let_be(
    ed25519_run: Any, copy: Callable[[Any], Path], verify: Verify
) -> None:
    bundle = copy(ed25519_run)
    (bundle / "exports").mkdir()
    (bundle / "exports" / "report.html").write_text("x")
    assert holds(verify(bundle, ed25519_run.signer))


@pytest.mark.parametrize(
    "changes",
    [
        {"counts": {"PASS": 2, "FAIL": 0, "INCONCLUSIVE": 0, "ERROR": 0, "NOT_ASSESSED": 0}},
        {"verdicts": []},
        {"run": "20260821T100001000000Z-00000000"},
        {"signed": False},
    ],
)
def test_a_statement_that_contradicts_itself_fails(
    ed25519_run: Any, copy: Callable[[Any], Path], verify: Verify, changes: dict[str, Any]
) -> None:
    bundle = copy(ed25519_run)
    resigned(bundle, ed25519_run.signer, **changes)
    assert not holds(verify(bundle, ed25519_run.signer))


def test_records_of_people_are_verified_by_their_keys(
    made: Any, copy: Callable[[Any], Path], verify: Verify, tmp_path: Path
) -> None:
    bundle, officer = copy(made), generate_signer()
    path = file_record(bundle, officer, digest=made.bundle.statement_digest, meaning="review")
    keys = tmp_path / "keys"
    keys.mkdir()
    unseen = verify(bundle, made.signer)
    assert holds(unseen)
    assert "not looked at: 1 records" in unseen.stdout
    assert not holds(verify(bundle, made.signer, str(keys)))  # whose key is it?
    (keys / "officer.pem").write_bytes(officer.public.pem)
    found = verify(bundle, made.signer, str(keys))
    assert holds(found), found.stdout + found.stderr
    assert "sign-off by M. Lindqvist (officer), about this run: OK" in found.stdout
    whole = path.read_bytes()
    chance = random.Random(11)
    for place in chance.sample(range(len(whole)), 8):
        broken = bytearray(whole)
        broken[place] ^= 1 << chance.randrange(7)
        path.write_bytes(broken)
        assert not holds(verify(bundle, made.signer, str(keys))), place
    file_record(bundle, officer, digest="sha256:" + "0" * 64)
    about_another = verify(bundle, made.signer, str(keys))
    assert not holds(about_another)
    assert "is about another run" in about_another.stdout


def test_a_time_stamp_counts_by_the_given_roots_alone(
    ed25519_run: Any, copy: Callable[[Any], Path], verify: Verify, tmp_path: Path
) -> None:
    bundle = copy(ed25519_run)
    roots = stamp(bundle, tmp_path)
    unseen = verify(bundle, ed25519_run.signer)
    assert holds(unseen)
    assert "time: not proven" in unseen.stdout
    found = verify(bundle, ed25519_run.signer, TSA_ROOTS=str(roots))
    assert holds(found), found.stdout + found.stderr
    assert "time: OK, stamped at " in found.stdout
    other = tmp_path / "other"
    other.mkdir()
    foreign = stamp(copy_of(bundle, other), other)
    assert not holds(verify(bundle, ed25519_run.signer, TSA_ROOTS=str(foreign)))
    resigned(bundle, ed25519_run.signer)  # the same statement: Ed25519 signs it alike
    assert holds(verify(bundle, ed25519_run.signer, TSA_ROOTS=str(roots)))
    (bundle / "timestamp.tsr").write_bytes(b"\x30\x03\x02\x01\x00")
    assert not holds(verify(bundle, ed25519_run.signer, TSA_ROOTS=str(roots)))


def copy_of(bundle: Path, folder: Path) -> Path:
    return Path(shutil.copytree(bundle, folder / "bundle"))


def stamp(bundle: Path, folder: Path) -> Path:
    """A time stamp by an authority of the test's own; returns its root certificate."""
    config = folder / "tsa.cnf"
    config.write_text(
        "[req]\ndistinguished_name = dn\nx509_extensions = ext\nprompt = no\n[dn]\nCN = TSA\n"
        "[ext]\nbasicConstraints = critical, CA:false\n"
        "extendedKeyUsage = critical, timeStamping\nkeyUsage = critical, digitalSignature\n"
        f"[tsa]\ndefault_tsa = t\n[t]\nserial = {folder}/serial\nsigner_digest = sha256\n"
        "default_policy = 1.2.3.4.1\ndigests = sha256\nordering = yes\ness_cert_id_chain = no\n"
        "accuracy = secs:1\n"
    )
    (folder / "serial").write_text("01\n")

    def openssl(*arguments: object) -> None:
        command = ["openssl", *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True, cwd=folder)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-days", 9,
            "-out", "tsa.pem", "-config", config)  # fmt: skip
    openssl("ts", "-query", "-data", bundle / "statement.dsse.json", "-sha256", "-cert",
            "-out", "query")  # fmt: skip
    openssl("ts", "-reply", "-config", config, "-section", "t", "-queryfile", "query", "-inkey",
            "tsa.key", "-signer", "tsa.pem", "-out", bundle / "timestamp.tsr")  # fmt: skip
    return folder / "tsa.pem"


def trust_file(path: Path, *keys: tuple[LocalSigner, str, str], more: str = "") -> Path:
    """A trust.toml of these keys, their names and roles; `more` belongs to the last one."""
    path.write_text(
        "# whose signatures count\n"
        + "\n".join(
            f'[[key]]\nname = {json.dumps(name, ensure_ascii=False)}\nrole = "{role}"\n'
            f'keyid = "{signer.keyid}"\n'
            f'public_key = "{base64.b64encode(signer.public.spki).decode()}"\n'
            for signer, name, role in keys
        )
        + more,
        encoding="utf-8",
    )
    return path


def cosigned(bundle: Path, witness: LocalSigner, moment: datetime) -> Path:
    """What a witness leaves beside a run."""
    proof = parse_proof((bundle / "ledger.tlog-proof").read_bytes())
    head = cosign(proof.checkpoint, "example.org/officer", witness, moment)
    path = bundle / "witness.tlog-proof"
    path.write_bytes(replace(proof, checkpoint=head).to_bytes())
    return path


def test_a_witness_counts_by_the_trust_file_alone(
    made: Any, copy: Callable[[Any], Path], verify: Verify, tmp_path: Path
) -> None:
    """With both kinds of key of the log; a changed byte of its proof never proves a time."""
    bundle, witness = copy(made), generate_signer()
    path = cosigned(bundle, witness, datetime(2026, 9, 1, 12, tzinfo=UTC))
    ours = (made.signer, "CI", "machine")
    trust = trust_file(tmp_path / "trust.toml", ours, (witness, "Ada", "witness"))
    assert "time: not proven by the witness" in verify(bundle, made.signer).stdout
    found = verify(bundle, made.signer, str(trust))
    assert holds(found), found.stdout + found.stderr
    assert f"witness {witness.keyid} saw at Tue Sep  1 12:00:00 UTC 2026" in found.stdout
    assert "key: counted at " in found.stdout
    stranger = trust_file(tmp_path / "other.toml", ours, (generate_signer(), "Bo", "witness"))
    unknown = verify(bundle, made.signer, str(stranger))
    assert holds(unknown)
    assert "time: self-asserted" in unknown.stdout
    whole, chance = path.read_bytes(), random.Random(4)
    for place in chance.sample(range(len(whole)), 6):
        broken = bytearray(whole)
        broken[place] ^= 1 << chance.randrange(7)
        path.write_bytes(broken)
        spoilt = verify(bundle, made.signer, str(trust))
        assert "time: OK" not in spoilt.stdout or not holds(spoilt), place


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("revoked_at = 2026-01-01T00:00:00Z\n", "was revoked"),
        ("not_after = 2026-01-01T00:00:00Z\n", "it counted no more"),
        ("not_before = 2099-01-01 00:00:00+02:00\n", "it did not count yet"),
        ("not_after = soon\n", "no time"),
        ('note = """x"""\n', "not understood"),
        ("not_after = 2099-01-01T00:00:00Z\n", None),
    ],
)
def test_a_trust_file_says_whether_the_key_counted(
    ed25519_run: Any, verify: Verify, tmp_path: Path, more: str, said: str | None
) -> None:
    signer = ed25519_run.signer
    trust = trust_file(tmp_path / "trust.toml", (signer, "CI", "machine"), more=more)
    found = verify(ed25519_run.bundle.path, signer, str(trust))
    assert holds(found) == (said is None), found.stdout + found.stderr
    assert said is None or said in found.stdout


def test_a_revoked_key_counts_where_a_witness_saw_its_seal_before(
    ed25519_run: Any, copy: Callable[[Any], Path], verify: Verify, tmp_path: Path
) -> None:
    bundle, signer, witness = copy(ed25519_run), ed25519_run.signer, generate_signer()
    cosigned(bundle, witness, datetime(2026, 9, 1, 12, tzinfo=UTC))
    for day, counts in (("2026-09-02", True), ("2026-09-01", False)):
        trust = trust_file(
            tmp_path / "trust.toml",
            (witness, "Ada", "witness"),
            (signer, "CI", "machine"),
            more=f"revoked_at = {day}T00:00:00Z\n",
        )
        assert holds(verify(bundle, signer, str(trust))) is counts


def test_nobody_signs_under_the_name_of_another(
    ed25519_run: Any, copy: Callable[[Any], Path], verify: Verify, tmp_path: Path
) -> None:
    """Nor seals with the key of a witness, or with one that the trust file lacks."""
    bundle, signer, other = copy(ed25519_run), ed25519_run.signer, generate_signer()
    file_record(bundle, signer, digest=ed25519_run.bundle.statement_digest, meaning="approval")
    odd = 'M. "Ma" Lindqvist'
    for name, known in ((odd, True), ("M. Lindqvist", False)):
        ours = (signer, odd, "officer")
        file_record(
            bundle, signer, digest=ed25519_run.bundle.statement_digest, name=name, meaning="review"
        )
        trusted = trust_file(tmp_path / "trust.toml", ours)
        assert holds(verify(bundle, signer, str(trusted))) is known
    ours = (signer, "CI", "machine")
    found = verify(bundle, signer, str(trust_file(tmp_path / "trust.toml", ours)))
    assert not holds(found)
    assert "signed as M. Lindqvist (officer)" in found.stdout
    for keys in ([(signer, "CI", "witness")], [(other, "CI", "machine")]):
        assert not holds(verify(bundle, signer, str(trust_file(tmp_path / "t.toml", *keys))))


def test_a_proof_of_another_seal_or_log_fails(
    ed25519_run: Any, make: Any, copy: Callable[[Any], Path], verify: Verify
) -> None:
    bundle, foreign = copy(ed25519_run), make()
    for spoil in (
        lambda path: path.unlink(),
        lambda path: path.write_bytes((foreign.bundle.path / path.name).read_bytes()),
        lambda path: path.write_bytes(re.sub(rb"index \d+", b"index 0", path.read_bytes())),
    ):
        shutil.copy(ed25519_run.bundle.path / "ledger.tlog-proof", bundle)
        spoil(bundle / "ledger.tlog-proof")
        found = verify(bundle, ed25519_run.signer)
        assert not holds(found)
        assert "FAILED: ledger.tlog-proof: " in found.stdout


def test_the_page_holds_the_script(pages_script: str) -> None:
    """Whoever has the page alone can save the script from it."""
    assert pages_script == SCRIPT.read_text(encoding="utf-8")


@pytest.fixture
def pages_script(tmp_path: Path) -> str:
    """What the command of docs/verify-without-us.md saves."""
    page = SCRIPT.parents[2] / "docs" / "verify-without-us.md"
    text = page.read_text(encoding="utf-8")
    (line,) = (line for line in text.splitlines() if line.endswith("> verify.sh"))
    shutil.copy(page, tmp_path)
    subprocess.run(["sh", "-c", line], cwd=tmp_path, check=True)
    return (tmp_path / "verify.sh").read_text(encoding="utf-8")


def test_a_path_is_no_command(ed25519_run: Any, verify: Verify, tmp_path: Path) -> None:
    odd = tmp_path / "$(touch pwned) 'x"
    shutil.copytree(ed25519_run.bundle.path, odd)
    assert holds(verify(odd, ed25519_run.signer))
    assert not list(tmp_path.glob("**/pwned"))


def test_without_a_bundle_or_key_it_says_how_to_call_it(only: Path, tmp_path: Path) -> None:
    gone = str(tmp_path / "no")
    for arguments in ([], [str(tmp_path)], [gone, str(SCRIPT)], [str(tmp_path), str(SCRIPT), gone]):
        found = subprocess.run(
            ["sh", str(SCRIPT), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": str(only)},
        )
        assert found.returncode == 4
        assert found.stderr
