"""The clean service passes the probes of its traffic; each defect fails its own and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.verdict import Status
from clinigate.hipaa.probes.traffic import DECLARED
from clinigate.hipaa.probes.traffic.doing import PROBES
from clinigate.reference.defects import DEFECTS
from clinigate.reference.lapses.traffic import LAPSES, WEAK_CIPHER
from clinigate.reference.launch import running

NAMES = [named.name for named in DECLARED]

#: What is said of each defect, among other things.
TOLD = {
    "weak-cipher": "takes TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 over TLS 1.2: "
    "no authenticated encryption",
    "no-hsts": "answers 401 without strict-transport-security",
    "cacheable-records": "answers with a record that a cache may keep; say no-store",
    "malware-accepted": "takes in a file with malware in a PDF",
    "unsigned-messages": "takes a message without a signature",
    "silent-anomaly": "one person reads 20 records in a row, and nobody is told",
    "stale-notice": "is not the notice of version 3, which was signed",
}


def test_every_probe_is_done_and_every_defect_is_told() -> None:
    assert set(NAMES) == set(PROBES)
    assert {each.name for each in LAPSES} == set(TOLD)
    assert {metric for each in LAPSES for metric in each.metrics} == {
        named.metric for named in DECLARED
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_clean_service_passes(name: str, at_clean: Callable[..., Any], see: Any) -> None:
    # Twice: what a first look leaves behind must not blind a second.
    for _ in range(1 if name == "tls_ciphers" else 2):
        with at_clean() as premises:
            seen = see(name, premises)
        assert (seen.status, seen.findings) == (Status.PASS, []), seen.reason


@pytest.mark.parametrize("defect", LAPSES, ids=lambda each: each.name)
def test_a_defect_fails_its_own_probe_alone(
    defect: Any, tmp_path: Path, premises_of: Any, see: Any
) -> None:
    with (
        running(care=True, defect=defect.name) as service,
        premises_of(service, tmp_path) as premises,
    ):
        # sslyze takes its second, and hears nothing of what lies above TLS.
        names = [name for name in NAMES if name != "tls_ciphers" or defect is WEAK_CIPHER]
        seen = {name: see(name, premises) for name in names}
    wrong = {f"hipaa.{name}" for name, each in seen.items() if each.status is not Status.PASS}
    assert wrong == set(defect.metrics)
    (metric,) = defect.metrics
    own = seen[metric.removeprefix("hipaa.")]
    assert own.status is Status.FAIL, own.reason
    assert TOLD[defect.name] in own.findings


def test_an_old_version_of_tls_is_found_here_too(
    tmp_path: Path, premises_of: Any, see: Any
) -> None:
    """It is a defect of `hipaa.transmission_security`, which is tried beside the fifteen."""
    assert "hipaa.tls_ciphers" in DEFECTS["old-tls"].metrics
    told = {"traffic": {"activity": None}}
    with (
        running(defect="old-tls") as service,
        premises_of(service, tmp_path, hipaa=told) as premises,
    ):
        seen = see("tls_ciphers", premises)
    assert seen.status is Status.FAIL, seen.reason
    assert "speaks TLS 1.1" in seen.findings
