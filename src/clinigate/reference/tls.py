"""HTTPS with a certificate authority that lives for one start of the service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

__all__ = ["server_identity"]

_NAMES = ("localhost", "127.0.0.1", "::1")


@contextmanager
def server_identity(host: str, ca_file: Path) -> Iterator[str]:
    """Write the authority's certificate to `ca_file` and yield a file with the server's own.

    The yielded file holds the private key; it is private to its owner and gone when the context
    ends, so that the key outlives the start in memory alone.
    """
    authority = trustme.CA(organization_name="Clinigate reference service")
    names = dict.fromkeys((*_NAMES, host))
    server = authority.issue_cert(*names)
    authority.cert_pem.write_to_path(ca_file)
    with server.private_key_and_cert_chain_pem.tempfile() as identity:
        yield identity
