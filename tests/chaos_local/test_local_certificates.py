"""A certificate is issued anew with nothing but its time changed, swapped, and put back."""

from __future__ import annotations

import json
import os
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509

from clinigate.chaos.drivers.base import Driver, DriverOptions, NotAvailableError, UndoStep
from clinigate.chaos.drivers.local import connect
from clinigate.chaos.drivers.local_topology import SCHEMA
from clinigate.chaos.faults import certificate
from clinigate.chaos.faults.certificates import reissued, served, valid_until
from clinigate.chaos.model import FaultSpec, TargetSpec
from clinigate.errors import ConfigError, TargetError


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


class Server(ThreadingHTTPServer):
    """Reads its certificate anew for each connection, as servers do that watch their file."""

    daemon_threads = True
    identity: Path

    def get_request(self) -> Any:
        raw, place = super().get_request()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.identity)
        return context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False), place

    def handle_error(self, *_: Any) -> None:
        return


@pytest.fixture
def shown(authority: trustme.CA, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The url of a server, and the file that it shows."""
    identity = tmp_path / "entry.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(identity)
    with Server(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.identity = identity
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}", identity
        server.shutdown()


@pytest.fixture
def issuer(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    path.write_bytes(authority.private_key_pem.bytes() + authority.cert_pem.bytes())
    return path


def driver_of(folder: Path, url: str, identity: Path, **more: Any) -> Driver:
    said = {
        "schema": SCHEMA,
        "name": "s",
        "environment": "local",
        "entry": {"url": url},
        "certificates": [{"name": "entry", "path": str(identity), **more}],
    }
    path = folder / "topology.json"
    path.write_text(json.dumps(said))
    return connect(DriverOptions(topology=str(path)))


def spec(kind: str, **parameters: Any) -> FaultSpec:
    return FaultSpec(kind, TargetSpec({"kind": "certificate"}), 5.0, parameters)


@pytest.mark.parametrize("ends_in", [timedelta(days=-1), timedelta(days=13)])
def test_nothing_but_its_time_is_changed(shown, issuer, ends_in):
    _, identity = shown
    before = x509.load_pem_x509_certificate(identity.read_bytes())
    made = reissued(identity.read_bytes(), issuer.read_bytes(), ends_in=ends_in)
    after = x509.load_pem_x509_certificate(made)
    after.verify_directly_issued_by(x509.load_pem_x509_certificate(issuer.read_bytes()))
    assert after.public_key() == before.public_key()
    assert (after.subject, list(after.extensions)) == (before.subject, list(before.extensions))
    assert (after.not_valid_after_utc < datetime.now(UTC)) == (ends_in < timedelta(0))
    assert b"PRIVATE KEY" in made


@pytest.mark.parametrize(
    ("kind", "parameters", "days"),
    [
        ("certificate.expired", {}, -1.0),
        ("certificate.expired", {"ago": "2d"}, -2.0),
        ("certificate.expiring", {}, 13.0),
        ("certificate.expiring", {"left": "3d"}, 3.0),
    ],
)
def test_a_certificate_is_swapped_and_put_back(shown, issuer, tmp_path, kind, parameters, days):
    url, identity = shown
    before = identity.read_bytes()
    driver = driver_of(tmp_path, url, identity, issuer=str(issuer))
    victims = driver.resolve({"kind": "certificate"})
    (step,) = driver.undo_steps(spec(kind, **parameters), victims)
    certificate.restore(step.args)  # harmless where nothing was swapped
    assert certificate.is_restored(step.args)
    driver.inject(spec(kind, **parameters), victims)
    left = valid_until(served(url)) - datetime.now(UTC)
    assert left / timedelta(days=1) == pytest.approx(days, abs=0.01)
    assert not certificate.is_restored(step.args)
    for _ in range(2):
        certificate.restore(step.args)
    assert certificate.is_restored(step.args)
    assert identity.read_bytes() == before


def test_the_systems_own_variant_is_used_where_there_is_one(shown, authority, tmp_path):
    url, identity = shown
    variant = tmp_path / "expired.pem"
    old = authority.issue_cert("127.0.0.1", not_after=datetime.now(UTC) - timedelta(hours=3))
    old.private_key_and_cert_chain_pem.write_to_path(variant)
    driver = driver_of(tmp_path, url, identity, variants={"expired": str(variant)})
    victims = driver.resolve({"kind": "certificate"})
    (step,) = driver.undo_steps(spec("certificate.expired"), victims)
    driver.inject(spec("certificate.expired"), victims)
    assert identity.read_bytes() == variant.read_bytes()
    certificate.restore(step.args)
    with pytest.raises(NotAvailableError, match="neither a variant 'expiring'"):
        driver.undo_steps(spec("certificate.expiring"), victims)


def test_an_issuer_that_holds_no_key_is_refused(shown, authority):
    _, identity = shown
    with pytest.raises(ConfigError, match="hold a key and a chain"):
        reissued(identity.read_bytes(), authority.cert_pem.bytes(), ends_in=timedelta(1))


def test_a_server_that_is_not_there_shows_nothing():
    with pytest.raises(TargetError, match="no TLS handshake"):
        served("https://127.0.0.1:1")


def test_a_system_that_is_gone_needs_no_certificate_back(shown, issuer, tmp_path):
    url, identity = shown
    driver = driver_of(tmp_path, url, identity, issuer=str(issuer))
    (step,) = driver.undo_steps(spec("certificate.expired"), driver.resolve({"name": "entry"}))
    (tmp_path / "topology.json").unlink()
    certificate.restore(step.args)
    assert certificate.is_restored(step.args)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="giving a file away needs root")


@pytest.fixture
def step(shown, issuer, tmp_path) -> UndoStep:
    """The undo step of a fault that was injected."""
    url, identity = shown
    driver = driver_of(tmp_path, url, identity, issuer=str(issuer))
    victims = driver.resolve({"kind": "certificate"})
    (made,) = driver.undo_steps(spec("certificate.expired"), victims)
    driver.inject(spec("certificate.expired"), victims)
    return made


@needs_root
def test_the_file_belongs_to_whom_it_belonged_to_and_a_link_stays_a_link(shown, issuer, tmp_path):
    """A service that runs as a plain user must read its key, during the fault and after it."""
    url, identity = shown
    os.chown(identity, 12345, 12346)
    identity.chmod(0o640)
    link = tmp_path / "link.pem"
    link.symlink_to(identity)
    driver = driver_of(tmp_path, url, link, issuer=str(issuer))
    victims = driver.resolve({"kind": "certificate"})
    (step,) = driver.undo_steps(spec("certificate.expired"), victims)

    def owned() -> tuple[int, int, int]:
        status = identity.stat()
        return status.st_uid, status.st_gid, status.st_mode & 0o777

    driver.inject(spec("certificate.expired"), victims)
    assert (owned(), link.is_symlink()) == ((12345, 12346, 0o640), True)
    certificate.restore(step.args)
    assert (owned(), link.is_symlink()) == ((12345, 12346, 0o640), True)
    assert certificate.is_restored(step.args)


def test_where_there_are_no_hard_links_a_copy_is_kept(shown, issuer, tmp_path, monkeypatch):
    url, identity = shown
    before = identity.read_bytes()

    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refused)
    driver = driver_of(tmp_path, url, identity, issuer=str(issuer))
    victims = driver.resolve({"kind": "certificate"})
    (step,) = driver.undo_steps(spec("certificate.expired"), victims)
    driver.inject(spec("certificate.expired"), victims)
    certificate.restore(step.args)
    assert (identity.read_bytes(), certificate.is_restored(step.args)) == (before, True)


def test_a_kept_certificate_is_not_overwritten_by_the_swapped_one(step, shown, issuer, tmp_path):
    url, identity = shown
    driver = driver_of(tmp_path, url, identity, issuer=str(issuer))
    with pytest.raises(TargetError, match="is there already; run `clinigate chaos recover`"):
        driver.inject(spec("certificate.expired"), driver.resolve({"kind": "certificate"}))
    certificate.restore(step.args)
    assert certificate.is_restored(step.args)


def test_an_injection_that_ended_before_the_swap_is_undone(shown, issuer, tmp_path):
    url, identity = shown
    driver = driver_of(tmp_path, url, identity, issuer=str(issuer))
    (step,) = driver.undo_steps(spec("certificate.expired"), driver.resolve({"name": "entry"}))
    Path(step.args["kept"]).hardlink_to(identity)
    certificate.restore(step.args)
    assert certificate.is_restored(step.args)


def test_an_undo_that_was_killed_before_the_server_was_told_is_made_good(step, monkeypatch):
    told: list[str] = []
    monkeypatch.setattr(certificate, "_reload", lambda _, name: told.append(name))
    # As far as the killed one came, with a server that goes on to show what it read.
    swapped = dict(step.args["serials"])
    Path(step.args["kept"]).replace(step.args["path"])
    certificate.restore({**step.args, "serials": dict.fromkeys(swapped, "1")})
    assert told == ["entry"]
    certificate.restore(step.args)
    assert told == ["entry"], "what shows the old one is left alone"
