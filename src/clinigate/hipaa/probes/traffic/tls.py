"""CG-HIPAA-TLS-CIPHERS-001 — TLS with weak ciphers. 45 CFR 164.312(e)(2)(ii).

sslyze, a program of its own, tries every version, cipher suite and curve. Versions before TLS 1.2,
suites without forward secrecy or without authenticated encryption, curves and keys below the
strength of 112 bits, SHA-1 signatures, a chain out of order and a certificate that ends within a
week are findings (NIST SP 800-52, revision 2; SP 800-57, part 1). Whether the certificate is
trusted is what `hipaa.transmission_security` asks.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clinigate.core.observation import Observation
from clinigate.errors import ConfigError, TargetError
from clinigate.hipaa.premises import NO_SERVICE, Premises
from clinigate.hipaa.probe import Named
from clinigate.hipaa.tally import Tally, gap

__all__ = ["NO_SSLYZE", "program_for", "tls_ciphers"]

NO_SSLYZE = (
    "sslyze is neither on PATH nor beside this Python; install it into an environment of its own "
    "(`pipx install 'sslyze>=6.3,<7'`), or name its program in [hipaa.traffic] sslyze"
)
"""What to do where nothing can try ciphers."""

_PATIENCE_S = 240.0
_OLD = {"ssl_2_0": "SSL 2", "ssl_3_0": "SSL 3", "tls_1_0": "TLS 1.0", "tls_1_1": "TLS 1.1"}
_NEW = {"tls_1_2": "TLS 1.2", "tls_1_3": "TLS 1.3"}
_SWITCHES = ("--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3",
             "--elliptic_curves", "--certinfo", "--mozilla_config=disable")  # fmt: skip
_AUTHENTICATED = re.compile(r"_(GCM|CCM|CCM_8|POLY1305)(_|$)")
_FORWARD = re.compile(r"^TLS_(ECDHE|DHE)_")
#: 112 bits of strength: SP 800-57 part 1, table 2.
_LEAST_CURVE, _LEAST_MODULUS = 224, 2048
_LEFT = timedelta(days=7)


def tls_ciphers(named: Named, premises: Premises) -> Iterator[Observation]:
    """Have sslyze try the service, and judge what it took."""
    service = premises.service
    if service is None:
        yield gap(named, NO_SERVICE)
        return
    place = urlsplit(service.spec.base_url)
    tally = Tally(named)
    if place.scheme != "https":
        tally.expect(False, place.netloc, "is spoken to over plain HTTP")
        yield from tally.observations()
        return
    program = program_for(premises)
    if program is None:
        yield gap(named, NO_SSLYZE)
        return
    host = place.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    found = _tried(program, f"{shown}:{place.port or 443}")
    _versions(tally, place.netloc, found)
    _suites(tally, place.netloc, found)
    _curves(tally, place.netloc, found)
    _chain(tally, place.netloc, found, premises.today)
    yield from tally.observations()


def program_for(premises: Premises) -> str | None:
    """Return the path of sslyze: on the path, or beside this interpreter; None if in neither.

    Raises:
        ConfigError: the one that the configuration names is not there.
    """
    name = premises.table.traffic.sslyze
    found = shutil.which(name, path=premises.environ.get("PATH"))
    if found is None and name == "sslyze":
        return shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise ConfigError(f"[hipaa.traffic] sslyze: no program {name!r}; give its path")
    return found


def _tried(program: str, place: str) -> Mapping[str, Any]:
    """Return the results of sslyze by the name of what was tried."""
    with tempfile.TemporaryDirectory(prefix="clinigate-sslyze-") as folder:
        report = Path(folder) / "report.json"
        command = [program, *_SWITCHES, f"--json_out={report}", place]
        try:
            subprocess.run(  # noqa: S603 - a program that the configuration names, and no shell
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PATIENCE_S,
                check=False,
            )
            whole = json.loads(report.read_bytes())
        except subprocess.TimeoutExpired:
            raise TargetError(f"{place}: sslyze does not end in {_PATIENCE_S:.0f} s") from None
        except (OSError, ValueError) as error:
            raise TargetError(
                f"{place}: sslyze gives no report ({type(error).__name__}); try it by hand"
            ) from None
    results = whole.get("server_scan_results") or [{}]
    found = results[0].get("scan_result")
    if not isinstance(found, dict):
        raise TargetError(
            f"{place}: sslyze gets no connection; is the service running, and is [target] "
            "base_url right?"
        )
    return found


def _result(tally: Tally, found: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    result = (found.get(name) or {}).get("result")
    if not isinstance(result, dict):
        tally.cannot(f"{name}: sslyze came to no end with it; try it by hand")
        return None
    return result


def _versions(tally: Tally, where: str, found: Mapping[str, Any]) -> None:
    for name, version in _OLD.items():
        result = _result(tally, found, f"{name}_cipher_suites")
        if result is not None:
            is_spoken = bool(result["accepted_cipher_suites"])
            tally.expect(not is_spoken, where, f"speaks {version}")
    new = [(found.get(f"{name}_cipher_suites") or {}).get("result") for name in _NEW]
    spoken = any(each and each["accepted_cipher_suites"] for each in new)
    tally.expect(spoken, where, "speaks neither TLS 1.2 nor TLS 1.3")


def _suites(tally: Tally, where: str, found: Mapping[str, Any]) -> None:
    for name, version in _NEW.items():
        result = _result(tally, found, f"{name}_cipher_suites")
        for accepted in () if result is None else result["accepted_cipher_suites"]:
            suite = accepted["cipher_suite"]
            weak = _weakness(suite, accepted.get("ephemeral_key"), is_new=name == "tls_1_3")
            tally.expect(not weak, where, f"takes {suite['name']} over {version}: {weak}")


def _weakness(suite: Mapping[str, Any], key: Mapping[str, Any] | None, *, is_new: bool) -> str:
    """Say what is weak in a suite; nothing where nothing is."""
    name = str(suite["name"])
    modulus = key["size"] if key and key.get("type_name") == "DH" else _LEAST_MODULUS
    weak = {
        # Every suite of TLS 1.3 has forward secrecy, and its name does not say so.
        "no forward secrecy": not is_new and not _FORWARD.match(name),
        "no authenticated encryption": not _AUTHENTICATED.search(name),
        "anybody can pose as the service": bool(suite.get("is_anonymous")),
        f"a key of {suite['key_size']} bits": suite["key_size"] < 128,
        f"a Diffie-Hellman group of {modulus} bits": modulus < _LEAST_MODULUS,
    }
    return ", ".join(what for what, is_so in weak.items() if is_so)


def _curves(tally: Tally, where: str, found: Mapping[str, Any]) -> None:
    result = _result(tally, found, "elliptic_curves")
    for curve in () if result is None else result.get("supported_curves") or ():
        name = str(curve["name"])
        bits = re.search(r"(\d{3})", name)
        strong = name in ("X25519", "X448") or (bits is not None and int(bits[1]) >= _LEAST_CURVE)
        tally.expect(strong, where, f"takes the curve {name}, below {_LEAST_CURVE} bits")


def _chain(tally: Tally, where: str, found: Mapping[str, Any], today: date) -> None:
    result = _result(tally, found, "certificate_info")
    for deployment in () if result is None else result["certificate_deployments"]:
        chain = deployment["received_certificate_chain"]
        in_order = deployment["received_chain_has_valid_order"] is not False
        tally.expect(in_order, where, "sends its chain of certificates out of order")
        for certificate in chain:
            _certificate(tally, where, certificate, today)


def _certificate(tally: Tally, where: str, one: Mapping[str, Any], today: date) -> None:
    key = one["public_key"]
    least = _LEAST_CURVE if key.get("ec_curve_name") else _LEAST_MODULUS
    # Ed25519 and Ed448 have keys of one strength, and sslyze tells no size of them.
    size = key.get("key_size") or least
    tally.expect(size >= least, where, f"has a certificate with a key of {size} bits")
    digest = (one.get("signature_hash_algorithm") or {}).get("name", "")
    if one["subject"] == one["issuer"]:
        digest = ""  # an authority is trusted for its key, and not for what it signed itself
    tally.expect(digest not in ("md5", "sha1"), where, f"has a certificate signed over {digest}")
    end = datetime.fromisoformat(one["not_valid_after"]).astimezone(UTC).date()
    tally.expect(end - today > _LEFT, where, f"has a certificate that ends on {end}")
