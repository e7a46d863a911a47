"""The certificates of a cluster, good ones and others that a fault can put in their place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import trustme

__all__ = ["CertificateFiles", "issue"]

_NAMES = ("localhost", "127.0.0.1", "::1")
_LIFETIMES = {
    "good": timedelta(days=90),
    "expiring": timedelta(days=2),
    "expired": timedelta(hours=-1),
}


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where one certificate is served from, and what could be copied there.

    Attributes:
        served: the file in use; who replaces it (write beside it, then rename) changes what new
            connections are shown. variants: `good`, `expiring` (in two days), `expired`.
    """

    name: str
    served: Path
    variants: dict[str, Path]

    def shown(self) -> dict[str, Any]:
        """Return its entry of the topology."""
        return {
            "name": self.name,
            "labels": {"certificate": self.name},
            "path": str(self.served),
            "variants": {name: str(path) for name, path in self.variants.items()},
        }


def issue(folder: Path, names: tuple[str, ...]) -> tuple[Path, list[CertificateFiles]]:
    """Make an authority, write its certificate, and issue all variants for each name.

    The files hold private keys, readable by their owner alone.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    authority = trustme.CA(organization_name="Clinigate reference cluster")
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    return ca_file, [_issued(authority, folder, name) for name in names]


def _issued(authority: trustme.CA, folder: Path, name: str) -> CertificateFiles:
    now = datetime.now(UTC)
    variants = {}
    for variant, lifetime in _LIFETIMES.items():
        end = now + lifetime
        certificate = authority.issue_cert(
            *_NAMES, not_before=min(now, end) - timedelta(days=1), not_after=end
        )
        variants[variant] = folder / f"{name}.{variant}.pem"
        certificate.private_key_and_cert_chain_pem.write_to_path(variants[variant])
    served = folder / f"{name}.pem"
    served.write_bytes(variants["good"].read_bytes())
    for path in (served, *variants.values()):
        path.chmod(0o600)
    return CertificateFiles(name, served, variants)
