"""Read and verify answers of time-stamping authorities (RFC 3161).

rfc3161-client does it where it is installed. It reads strictly, and some authorities send their
certificates in another order than DER wants: such an answer is looked at by the program `openssl`,
which minds no order, as it is where the library is missing. Either one alone decides: what the
library read and refused is refused.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from clinigate.errors import IntegrityError

__all__ = ["LARGEST", "Stamp", "parse_stamp", "verify_stamp"]

#: Answers have one to ten kilobytes; what is larger is none.
LARGEST = 64 * 1024
_SHA256 = "2.16.840.1.101.3.4.2.1"
_SECONDS = 20
_NOBODY = "no certificate that was given vouches for it, or its signature does not hold"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an authority says: these bytes existed at that time.

    Attributes:
        time: as the authority's clock told it, in UTC.
        accuracy: how far that clock may be off, as it says; 0 where it says nothing.
        digest: SHA-256 of the bytes.
        nonce: what the asker sent along; None without one.
        by: the authority's name, as its certificate or the answer has it.
    """

    time: datetime
    accuracy: timedelta
    digest: bytes
    nonce: int | None
    by: str

    @property
    def latest(self) -> datetime:
        """Not later than then the bytes existed."""
        try:
            return self.time + self.accuracy
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)


def parse_stamp(data: bytes) -> Stamp:
    """Read an answer without believing it.

    Raises:
        IntegrityError: no answer of an authority, a refusal, another digest than SHA-256, or
            nothing is installed that reads it.
    """
    answer = _decoded(data)
    return _openssl_parse(data) if answer is None else _stamp_of(answer)


def verify_stamp(data: bytes, digest: bytes, roots: Path) -> Stamp:
    """Return what an authority that counts says of `digest`.

    The authority's certificate must have been valid when it answered; that it has expired since
    takes nothing away from what it saw.

    Args:
        data: its answer.
        digest: SHA-256 of the bytes.
        roots: PEM file with the certificates of the authorities that count.

    Raises:
        IntegrityError: as `parse_stamp`, and: it is over other bytes, its signature does not hold,
            or none of `roots` vouches for it.
    """
    certificates = _certificates(roots)
    answer = _decoded(data)
    if answer is None:
        stamp = _openssl_parse(data)
        _compare(stamp, digest)
        _openssl_verify(data, stamp, roots)
        return stamp
    stamp = _stamp_of(answer)
    _compare(stamp, digest)
    _library_verify(answer, digest, certificates)
    return stamp


def _compare(stamp: Stamp, digest: bytes) -> None:
    if stamp.digest != digest:
        raise IntegrityError("it is over other bytes")


def _certificates(roots: Path) -> list[Any]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(roots.read_bytes())
    except OSError as error:
        raise IntegrityError(f"{roots}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise IntegrityError(f"{roots}: holds no certificate in PEM") from error


# ---- by the library ------------------------------------------------------------------------------


def _decoded(data: bytes) -> Any | None:
    """The library's reading; None where it is missing, or stricter than an authority was."""
    if not data or len(data) > LARGEST:
        raise IntegrityError("it is no answer of a time-stamping authority")
    if importlib.util.find_spec("rfc3161_client") is None:
        return None
    from rfc3161_client import decode_timestamp_response

    try:
        return decode_timestamp_response(data)
    except ValueError:
        return None


@contextmanager
def _reading() -> Iterator[None]:
    """Whatever the libraries say of bytes that anybody may have written: they are damaged.

    Some raise a kind of their own, a `KeyError` among them, and some warn.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except IntegrityError:
        raise
    except Exception as error:
        raise IntegrityError("it is damaged") from error


def _stamp_of(answer: Any) -> Stamp:
    if answer.status != 0:
        raise IntegrityError(f"the authority refused (status {answer.status})")
    with _reading():
        info = answer.tst_info
        return Stamp(
            info.gen_time.astimezone(UTC),
            _accuracy(info.accuracy),
            _imprint(info.message_imprint),
            info.nonce,
            _authority(answer),
        )


def _accuracy(told: Any) -> timedelta:
    if told is None:
        return timedelta()
    return timedelta(
        seconds=told.seconds or 0, milliseconds=told.millis or 0, microseconds=told.micros or 0
    )


def _imprint(imprint: Any) -> bytes:
    if imprint.hash_algorithm.dotted_string != _SHA256:
        raise IntegrityError("it is not over a SHA-256 digest")
    return bytes(imprint.message)


def _authority(answer: Any) -> str:
    """The name in the certificate of whoever signed.

    Raises:
        IntegrityError: no certificate of the signer's came along, or two: nothing signs that list,
            so that a second one is somebody's attempt to lend another's name.
    """
    from cryptography.x509 import load_der_x509_certificate

    signers = [(signer.issuer, signer.serial_number) for signer in answer.signed_data.signer_infos]
    found = [
        certificate
        for der in answer.signed_data.certificates
        if (certificate := load_der_x509_certificate(der))
        and [(certificate.issuer, certificate.serial_number)] == signers
    ]
    if len(found) != 1:
        raise IntegrityError(f"it carries {len(found)} certificates of its signer, wanted one")
    return found[0].subject.rfc4514_string()


def _library_verify(answer: Any, digest: bytes, certificates: list[Any]) -> None:
    from rfc3161_client import VerificationError, VerifierBuilder

    with _reading():
        try:
            VerifierBuilder(roots=certificates).build().verify(answer, digest)
        except VerificationError as error:
            why = " ".join(str(error).split())[:200]
            raise IntegrityError(f"{_NOBODY} ({why})") from error


# ---- by openssl ----------------------------------------------------------------------------------


def _openssl_parse(data: bytes) -> Stamp:
    with tempfile.TemporaryDirectory(prefix="clinigate-stamp-") as scratch:
        whole = _openssl(Path(scratch), data, "-reply", "-text")
        # The words around the token are not signed, and could imitate lines of it.
        text = _openssl(Path(scratch), data, "-reply", "-token_out", "-text")
    if whole is None:
        raise IntegrityError("it is no answer of a time-stamping authority")
    if text is None or not whole.startswith("Status info:\nStatus: Granted."):
        raise IntegrityError("the authority refused")
    if "\nHash Algorithm: sha256\n" not in text:
        raise IntegrityError("it is not over a SHA-256 digest")
    told = re.search(r"^Time stamp: (.+) GMT$", text, re.MULTILINE)
    lines = re.findall(r"^ {4}[0-9a-f]{4} - ((?:[0-9a-f]{2}[ -]){16})", text, re.MULTILINE)
    if told is None or len(lines) != 2:
        raise IntegrityError("it is damaged")
    nonce = re.search(r"^Nonce: 0x([0-9A-F]+)$", text, re.MULTILINE)
    name = re.search(r"^TSA: (?:DirName:)?(.+)$", text, re.MULTILINE)
    return Stamp(
        _moment(told[1]),
        _told_accuracy(text),
        bytes.fromhex("".join(lines).replace("-", " ")),
        int(nonce[1], 16) if nonce else None,
        name[1] if name and name[1] != "unspecified" else "an authority that does not name itself",
    )


def _moment(text: str) -> datetime:
    form = "%b %d %H:%M:%S.%f %Y" if "." in text else "%b %d %H:%M:%S %Y"
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError as error:
        raise IntegrityError("it is damaged") from error


def _told_accuracy(text: str) -> timedelta:
    told = re.search(r"^Accuracy: (\S+) seconds, (\S+) millis, (\S+) micros$", text, re.MULTILINE)
    if told is None:
        return timedelta()
    seconds, millis, micros = (
        0 if part == "unspecified" else int(part, 16) for part in told.groups()
    )
    with _reading():  # more seconds than a calendar has
        return timedelta(seconds=seconds, milliseconds=millis, microseconds=micros)


def _openssl_verify(data: bytes, stamp: Stamp, roots: Path) -> None:
    # By default it asks whether the certificate is valid today.
    when = str(int(stamp.time.timestamp()))
    options = ("-digest", stamp.digest.hex(), "-CAfile", str(roots.resolve()), "-attime", when)
    with tempfile.TemporaryDirectory(prefix="clinigate-stamp-") as scratch:
        if _openssl(Path(scratch), data, "-verify", *options) is None:
            raise IntegrityError(_NOBODY)


def _openssl(scratch: Path, data: bytes, *options: str) -> str | None:
    """Return what `openssl ts` prints of an answer; None where it refuses it."""
    program = shutil.which("openssl")
    if program is None:
        raise IntegrityError(
            "nothing is installed that reads it: pip install 'clinigate[tsa]', or install openssl"
        )
    file = scratch / "answer.tsr"
    file.write_bytes(data)
    try:
        done = subprocess.run(  # noqa: S603 - our own words, and a file of ours
            [program, "ts", *options, "-in", str(file)],
            capture_output=True,
            timeout=_SECONDS,
            env={**os.environ, "OPENSSL_CONF": "/dev/null", "LC_ALL": "C"},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise IntegrityError("openssl could not be run on it") from error
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
