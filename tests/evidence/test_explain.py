"""The auditor's script: with openssl, sha256sum and a shell it finds what `verify` finds."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.errors import EvidenceError
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.explain import explain_openssl
from clinigate.evidence.signing import LocalSigner

NEEDED = ("openssl", "sha256sum", "sh", "diff")


@pytest.fixture(autouse=True)
def programs() -> None:
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing and not os.environ.get("CLINIGATE_REQUIRE_ALL"):
        pytest.skip(f"needs {', '.join(missing)}")
    assert not missing


@pytest.fixture
def bundle(system: Any, signer: LocalSigner) -> Bundle:
    system.signer = signer
    return system.sealed(blobs=5)  # type: ignore[no-any-return]


@pytest.fixture
def audit(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the script as an auditor does: in a shell, with a key of his own keeping."""

    def run(bundle: Bundle, key: LocalSigner) -> subprocess.CompletedProcess[str]:
        (tmp_path / "trusted.pem").write_bytes(key.public.pem)
        return subprocess.run(
            ["sh", "-c", explain_openssl(bundle)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


Audit = Callable[..., subprocess.CompletedProcess[str]]


def test_a_sound_bundle_verifies_without_us(
    bundle: Bundle, signer: LocalSigner, audit: Audit
) -> None:
    found = audit(bundle, signer)
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.splitlines() == [
        f"{signer.keyid}  is the key id",
        "signature: OK",
        "digests: OK",
        "no file added: OK",
        '"status":"COMPLETE"',
        '"counts":{"ERROR":0,"FAIL":0,"INCONCLUSIVE":0,"NOT_ASSESSED":0,"PASS":1}',
    ]


def test_records_exports_and_proofs_do_not_disturb_it(
    bundle: Bundle, signer: LocalSigner, audit: Audit
) -> None:
    beside = ("timestamp.tsr", "witness.tlog-proof")
    for name in ("records/1.dsse.json", "exports/report.html", *beside):
        (bundle.path / name).parent.mkdir(exist_ok=True)
        (bundle.path / name).write_text("x")
    assert audit(bundle, signer).returncode == 0


def test_a_foreign_key_fails(bundle: Bundle, foreign: LocalSigner, audit: Audit) -> None:
    found = audit(bundle, foreign)
    assert found.returncode == 1
    assert "FAILED: not signed by this key" in found.stdout


@pytest.mark.parametrize("name", ["results.json", "statement.dsse.json"])
def test_a_changed_byte_fails(bundle: Bundle, signer: LocalSigner, audit: Audit, name: str) -> None:
    path = bundle.path / name
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)
    found = audit(bundle, signer)
    assert found.returncode == 1
    assert "FAILED" in found.stdout


def test_a_file_that_was_added_or_removed_fails(
    bundle: Bundle, signer: LocalSigner, audit: Audit
) -> None:
    (bundle.path / "extra").write_text("x")
    found = audit(bundle, signer)
    assert found.returncode == 1
    assert "> extra" in found.stdout
    (bundle.path / "extra").unlink()
    (bundle.path / "environment.json").unlink()
    assert "FAILED: files were changed" in audit(bundle, signer).stdout


def test_a_large_statement_is_read_whole(system: Any, audit: Audit, ed25519: LocalSigner) -> None:
    """The payload stands on one line, which some tools cut."""
    found = audit(system.sealed(blobs=800), ed25519)
    assert found.returncode == 0, found.stdout + found.stderr


def test_a_path_is_no_command(
    system: Any, ed25519: LocalSigner, audit: Audit, tmp_path: Path
) -> None:
    system.root = tmp_path / "$(touch pwned) 'x"
    found = audit(system.sealed(), ed25519)
    assert found.returncode == 0, found.stdout + found.stderr
    assert not (tmp_path / "pwned").exists()


def test_an_unsigned_run_leaves_openssl_nothing_to_do(system: Any) -> None:
    system.signer = None
    with pytest.raises(EvidenceError, match="UNSIGNED"):
        explain_openssl(system.sealed())
