"""Keys: encrypted at rest, for their owner alone, and every refusal is one clear sentence."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

from clinigate.errors import KeyFileError
from clinigate.evidence.keys import (
    load_key,
    passphrase_from_environment,
    passphrase_from_fd,
    public_path,
    save_key,
    signer_from_environment,
)
from clinigate.evidence.signing import LocalSigner, PublicKey

CHEAP = 2**14
PHRASE = "correct horse"


@pytest.fixture
def saved(tmp_path: Path, ed25519: LocalSigner) -> Path:
    path = tmp_path / "ci.key"
    save_key(ed25519, path, PHRASE, cost=CHEAP)
    return path


def test_a_saved_key_comes_back_and_signs(tmp_path: Path, signer: LocalSigner) -> None:
    """Both kinds; the public half beside it verifies what the private half signs."""
    path = tmp_path / "keys" / "ci.key"
    public = PublicKey.from_pem(save_key(signer, path, PHRASE, cost=CHEAP).read_bytes())
    loaded = load_key(path, lambda: PHRASE)
    assert loaded.keyid == signer.keyid == public.keyid
    assert public.verifies(loaded.sign(b"m"), b"m")
    assert not public.verifies(loaded.sign(b"m"), b"n")


def test_the_file_is_for_its_owner_alone_and_holds_no_private_key(
    saved: Path, ed25519: LocalSigner
) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    raw = ed25519.private_der()[-32:]
    data = saved.read_bytes()
    assert raw not in data
    assert raw.hex().encode() not in data
    assert [p.name for p in sorted(saved.parent.iterdir())] == ["ci.key", "ci.key.pub.pem"]


def test_an_existing_key_is_never_overwritten(saved: Path, p256: LocalSigner) -> None:
    before = saved.read_bytes()
    with pytest.raises(KeyFileError, match="exists already"):
        save_key(p256, saved, PHRASE, cost=CHEAP)
    assert saved.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused(saved: Path, mode: int) -> None:
    saved.chmod(mode)
    with pytest.raises(KeyFileError, match=f"chmod 600 {saved}"):
        load_key(saved, lambda: PHRASE)


def test_a_wrong_passphrase_is_told_without_showing_it(saved: Path) -> None:
    with pytest.raises(KeyFileError, match=r"ci\.key: wrong passphrase") as caught:
        load_key(saved, lambda: "hunter2")
    assert "hunter2" not in str(caught.value)


def test_a_missing_key_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="clinigate keys generate"):
        load_key(tmp_path / "none", lambda: PHRASE)


def test_a_directory_is_no_key(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="not a file"):
        load_key(tmp_path, lambda: PHRASE)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN", b"[]", b'{"type":"other"}', b"\xff\xfe"])
def test_what_is_not_a_key_file_is_refused_before_any_passphrase_is_asked(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "k"
    path.write_bytes(content)
    path.chmod(0o600)

    def never() -> str:
        raise AssertionError("asked for a passphrase")

    with pytest.raises(KeyFileError, match="not a Clinigate key file"):
        load_key(path, never)


def _edit(path: Path, change: Callable[[dict[str, object]], None]) -> None:
    value = json.loads(path.read_bytes())
    change(value)
    path.write_text(json.dumps(value))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v.update(keyid="0" * 64), "wrong passphrase, or the key file was changed"),
        (lambda v: v.update(public_key="AAAA"), "wrong passphrase, or the key file was changed"),
        (lambda v: v.update(ciphertext="AAAA"), "wrong passphrase, or the key file was changed"),
        (lambda v: v["kdf"].update(n=2), "scrypt cost"),
        (lambda v: v["kdf"].update(n=2**30), "scrypt cost"),
        (lambda v: v["kdf"].update(name="none"), "damaged"),
        (lambda v: v["kdf"].update(n=True), "damaged"),
        (lambda v: v["cipher"].update(nonce="AAAA"), "damaged"),
        (lambda v: v.update(extra=1), "not a key file of version 1"),
        (lambda v: v.update(version=2), "not a key file of version 1"),
        (lambda v: v.update(kdf=None), "damaged"),
    ],
)
def test_an_edited_key_file_is_refused(
    saved: Path, change: Callable[[dict[str, object]], None], message: str
) -> None:
    """Among the edits: a cost so low that guessing is free, and one that takes all memory."""
    _edit(saved, change)
    with pytest.raises(KeyFileError, match=message):
        load_key(saved, lambda: PHRASE)


def test_an_empty_passphrase_is_refused(tmp_path: Path, ed25519: LocalSigner) -> None:
    with pytest.raises(KeyFileError, match="empty"):
        save_key(ed25519, tmp_path / "k", "", cost=CHEAP)
    assert list(tmp_path.iterdir()) == []


def _pem(key: object, phrase: bytes | None = None) -> str:
    encryption = (
        serialization.BestAvailableEncryption(phrase) if phrase else serialization.NoEncryption()
    )
    pem: bytes = key.private_bytes(  # type: ignore[attr-defined]
        Encoding.PEM, PrivateFormat.PKCS8, encryption
    )
    return pem.decode("ascii")


def test_a_ci_job_takes_its_key_from_the_environment() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    plain = signer_from_environment({"CLINIGATE_KEY": _pem(key)})
    locked = signer_from_environment(
        {"CLINIGATE_KEY": _pem(key, b"pw"), "CLINIGATE_KEY_PASSPHRASE": "pw"}
    )
    assert plain is not None
    assert locked is not None
    assert plain.keyid == locked.keyid
    assert signer_from_environment({}) is None


def test_a_ci_job_takes_the_key_file_that_was_generated(saved: Path, signer: LocalSigner) -> None:
    """Pasted as it is, with the blank lines that a form or `$(cat …)` leaves around it."""
    path = saved.with_name("other.key")
    save_key(signer, path, PHRASE, cost=CHEAP)
    for text in (path.read_text(), f"\n  {path.read_text()}\n\n"):
        environ = {"CLINIGATE_KEY": text, "CLINIGATE_KEY_PASSPHRASE": PHRASE}
        found = signer_from_environment(environ)
        assert found is not None
        assert found.keyid == signer.keyid
        assert signer.public.verifies(found.sign(b"m"), b"m")
    assert signer_from_environment({"CLINIGATE_KEY": " \n"}) is None


def test_a_key_file_in_the_environment_is_refused_in_one_sentence(saved: Path) -> None:
    """Locked without a passphrase, locked with another, cut off, the public half, and its path."""
    text = saved.read_text()
    for key, phrase, message in (
        (text, None, "locked, and CLINIGATE_KEY_PASSPHRASE is not set"),
        (text, "hunter2", "wrong passphrase, or the key file was changed"),
        (text[:-9], PHRASE, "not a Clinigate key file"),
        ("{}", PHRASE, "not a Clinigate key file"),
        (public_path(saved).read_text(), None, "no PEM private key"),
        (str(saved), PHRASE, "the file's content, not its path"),
    ):
        environ = {"CLINIGATE_KEY": key} | ({"CLINIGATE_KEY_PASSPHRASE": phrase} if phrase else {})
        with pytest.raises(KeyFileError, match=f"^CLINIGATE_KEY: .*{message}") as caught:
            signer_from_environment(environ)
        shown = str(caught.value)
        assert not any(secret in shown for secret in ("hunter2", PHRASE, "ciphertext", text[:40]))


def test_another_variable_is_named_when_its_key_is_wrong() -> None:
    with pytest.raises(KeyFileError, match=r"^RELEASE_KEY: neither a key file"):
        signer_from_environment({"RELEASE_KEY": "hunter2"}, "RELEASE_KEY")


def test_a_locked_pem_says_what_is_missing_in_either_of_its_forms() -> None:
    """The older form tells of its lock below its first line; some tools write words above it."""
    key = ec.generate_private_key(ec.SECP256R1())
    older = key.private_bytes(
        Encoding.PEM,
        PrivateFormat.TraditionalOpenSSL,
        serialization.BestAvailableEncryption(b"pw"),
    ).decode("ascii")
    for text in (older, f"Bag Attributes\n{_pem(key, b'pw')}", f"\n{_pem(key, b'pw')}"):
        with pytest.raises(KeyFileError, match="locked, and CLINIGATE_KEY_PASSPHRASE is not set"):
            signer_from_environment({"CLINIGATE_KEY": text})
        found = signer_from_environment({"CLINIGATE_KEY": text, "CLINIGATE_KEY_PASSPHRASE": "pw"})
        assert found is not None


def test_bytes_that_are_no_unicode_unlock_and_are_refused_as_any_other(
    tmp_path: Path, ed25519: LocalSigner
) -> None:
    """An environment holds bytes; Python carries those that are no UTF-8 as lone surrogates."""
    path, phrase = tmp_path / "k", b"caf\xe9".decode("utf-8", "surrogateescape")
    save_key(ed25519, path, phrase, cost=CHEAP)
    environ = {"CLINIGATE_KEY": path.read_text(), "CLINIGATE_KEY_PASSPHRASE": phrase}
    found = signer_from_environment(environ)
    assert found is not None
    assert found.keyid == ed25519.keyid
    with pytest.raises(KeyFileError, match=r"^CLINIGATE_KEY: "):
        signer_from_environment({"CLINIGATE_KEY": f"{{{phrase}"})


def test_an_unlocked_key_ignores_a_passphrase_that_is_meant_for_another() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    environ = {"CLINIGATE_KEY": _pem(key), "CLINIGATE_KEY_PASSPHRASE": "for a file"}
    assert signer_from_environment(environ) is not None


@pytest.mark.parametrize(
    "environ",
    [
        {"CLINIGATE_KEY": "hunter2"},
        {"CLINIGATE_KEY": _pem(rsa.generate_private_key(65537, 2048))},
        {"CLINIGATE_KEY": _pem(ec.generate_private_key(ec.SECP384R1()))},
        {"CLINIGATE_KEY": _pem(ec.generate_private_key(ec.SECP256R1()), b"pw")},
        {
            "CLINIGATE_KEY": _pem(ec.generate_private_key(ec.SECP256R1()), b"pw"),
            "CLINIGATE_KEY_PASSPHRASE": "hunter2",
        },
    ],
)
def test_a_wrong_environment_key_is_named_by_its_variable(environ: dict[str, str]) -> None:
    """Not a key, RSA, P-384, locked without a passphrase, locked with another."""
    with pytest.raises(KeyFileError, match=r"^CLINIGATE_KEY: ") as caught:
        signer_from_environment(environ)
    assert "hunter2" not in str(caught.value)


def test_a_passphrase_comes_from_the_environment_or_a_descriptor(saved: Path) -> None:
    from_env = passphrase_from_environment({"CLINIGATE_KEY_PASSPHRASE": PHRASE})
    assert load_key(saved, from_env).keyid
    reader, writer = os.pipe()
    os.write(writer, PHRASE.encode() + b"\n")
    os.close(writer)
    assert load_key(saved, passphrase_from_fd(reader)).keyid
    with pytest.raises(KeyFileError, match="holds no passphrase"):
        load_key(saved, passphrase_from_fd(reader))
    os.close(reader)
    with pytest.raises(KeyFileError, match="no passphrase can be read"):
        load_key(saved, passphrase_from_fd(reader))
    with pytest.raises(KeyFileError, match="CLINIGATE_KEY_PASSPHRASE is not set"):
        load_key(saved, passphrase_from_environment({}))


def test_a_full_disk_leaves_no_half_key(tmp_path: Path, ed25519: LocalSigner) -> None:
    """The public half cannot be written where a directory stands in its place."""
    path = tmp_path / "k"
    public_path(path).mkdir()
    with pytest.raises(KeyFileError, match="cannot be written"):
        save_key(ed25519, path, PHRASE, cost=CHEAP)
    assert [each.name for each in tmp_path.iterdir()] == [public_path(path).name]
    public_path(path).rmdir()
    assert save_key(ed25519, path, PHRASE, cost=CHEAP).is_file()


def test_no_repr_shows_a_private_key(signer: LocalSigner) -> None:
    assert signer.keyid[:12] in repr(signer)
    assert len(repr(signer)) < 50
