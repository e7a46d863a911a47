"""What sslyze says of a service is judged: what is weak is found, what is missing is no pass."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from troubled import premises_at

from clinigate.core.verdict import Status

STRONG = {"name": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "key_size": 128, "is_anonymous": False}
NEW = {"name": "TLS_AES_256_GCM_SHA384", "key_size": 256, "is_anonymous": False}
LEAF = {
    "public_key": {"key_size": 256, "ec_curve_name": "secp256r1"},
    "signature_hash_algorithm": {"name": "sha256"},
    "subject": "a", "issuer": "b",
    "not_valid_after": "2027-11-22T00:00:00Z",
}  # fmt: skip


def suites(*found: dict[str, Any], key: Any = None) -> dict[str, Any]:
    accepted = [{"cipher_suite": each, "ephemeral_key": key} for each in found]
    return {"result": {"accepted_cipher_suites": accepted}}


def chain(*certificates: dict[str, Any], in_order: bool = True) -> dict[str, Any]:
    deployment = {
        "received_certificate_chain": certificates,
        "received_chain_has_valid_order": in_order,
    }
    return {"result": {"certificate_deployments": [deployment]}}


def curves(*names: str) -> dict[str, Any]:
    return {"result": {"supported_curves": [{"name": name} for name in names]}}


GOOD = {
    **{f"{name}_cipher_suites": suites() for name in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1")},
    "tls_1_2_cipher_suites": suites(STRONG),
    "tls_1_3_cipher_suites": suites(NEW),
    "elliptic_curves": curves("X25519", "secp256r1"),
    "certificate_info": chain(LEAF),
}
SHA1 = {"signature_hash_algorithm": {"name": "sha1"}}


@pytest.fixture
def told_by_sslyze(tmp_path: Path, see: Any) -> Callable[..., Any]:
    """What is seen where sslyze says this."""

    def seen(result: Any) -> Any:
        report = tmp_path / "report.json"
        report.write_text(json.dumps({"server_scan_results": [{"scan_result": result}]}))
        program = tmp_path / "sslyze"
        program.write_text(
            f"#!{sys.executable}\nimport shutil, sys\n"
            "(out,) = [each[11:] for each in sys.argv if each.startswith('--json_out=')]\n"
            f"shutil.copy({str(report)!r}, out)\n"
        )
        program.chmod(0o700)
        hipaa = {"traffic": {"sslyze": str(program)}}
        with premises_at("https://service.example", tmp_path, hipaa) as premises:
            return see("tls_ciphers", premises)

    return seen


def test_what_is_strong_passes(told_by_sslyze: Any) -> None:
    assert told_by_sslyze(GOOD).status is Status.PASS
    root = {**LEAF, **SHA1, "issuer": "a"}
    assert told_by_sslyze({**GOOD, "certificate_info": chain(LEAF, root)}).status is Status.PASS


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"tls_1_0_cipher_suites": suites(STRONG)}, "speaks TLS 1.0"),
        ({"ssl_3_0_cipher_suites": suites(STRONG)}, "speaks SSL 3"),
        (
            {"tls_1_2_cipher_suites": suites(), "tls_1_3_cipher_suites": suites()},
            "speaks neither TLS 1.2 nor TLS 1.3",
        ),
        (
            {
                "tls_1_2_cipher_suites": suites(
                    {**STRONG, "name": "TLS_RSA_WITH_AES_128_GCM_SHA256"}
                )
            },
            "takes TLS_RSA_WITH_AES_128_GCM_SHA256 over TLS 1.2: no forward secrecy",
        ),
        (
            {"tls_1_2_cipher_suites": suites({**STRONG, "is_anonymous": True})},
            f"takes {STRONG['name']} over TLS 1.2: anybody can pose as the service",
        ),
        (
            {"tls_1_2_cipher_suites": suites(STRONG, key={"type_name": "DH", "size": 1024})},
            f"takes {STRONG['name']} over TLS 1.2: a Diffie-Hellman group of 1024 bits",
        ),
        ({"elliptic_curves": curves("secp192r1")}, "takes the curve secp192r1, below 224 bits"),
        (
            {"certificate_info": chain({**LEAF, **SHA1})},
            "has a certificate signed over sha1",
        ),
        (
            {"certificate_info": chain({**LEAF, "public_key": {"key_size": 1024}})},
            "has a certificate with a key of 1024 bits",
        ),
        (
            {"certificate_info": chain({**LEAF, "not_valid_after": "2026-11-25T00:00:00Z"})},
            "has a certificate that ends on 2026-11-25",
        ),
        (
            {"certificate_info": chain(LEAF, in_order=False)},
            "sends its chain of certificates out of order",
        ),
    ],
)
def test_what_is_weak_is_found(changes: Any, told: str, told_by_sslyze: Any) -> None:
    seen = told_by_sslyze({**GOOD, **changes})
    assert (seen.status, seen.findings) == (Status.FAIL, [told])


def test_what_sslyze_did_not_end_is_no_pass(told_by_sslyze: Any) -> None:
    seen = told_by_sslyze({**GOOD, "elliptic_curves": {"result": None}})
    assert seen.status is Status.INCONCLUSIVE
    assert "elliptic_curves: sslyze came to no end with it" in seen.reason
    seen = told_by_sslyze(None)
    assert seen.status is Status.ERROR
    assert "sslyze gets no connection" in seen.reason


@pytest.mark.parametrize(
    ("program", "told"),
    [("false", "sslyze gives no report"), ("clinigate-no-such-program", "give its path")],
)
def test_sslyze_that_does_not_run_is_an_error(
    program: str, told: str, tmp_path: Path, see: Any
) -> None:
    path = "/usr/bin:/bin"
    hipaa = {"traffic": {"sslyze": program}}
    with premises_at("https://service.example", tmp_path, hipaa, PATH=path) as premises:
        seen = see("tls_ciphers", premises)
    assert seen.status is Status.ERROR
    assert told in seen.reason


def test_sslyze_that_is_not_installed_is_told(
    tmp_path: Path, see: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with premises_at("https://service.example", tmp_path, {}, PATH=str(tmp_path)) as premises:
        seen = see("tls_ciphers", premises)
    assert seen.status is Status.NOT_ASSESSED
    assert "pipx install 'sslyze>=6.3,<7'" in seen.reason
