"""Trust: which keys count, when, and what is wrong with a trust file that cannot be meant."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from clinigate.errors import ConfigError
from clinigate.evidence.encoding import b64
from clinigate.evidence.signing import LocalSigner
from clinigate.evidence.trust import load_trust

JUNE = datetime(2026, 6, 1, tzinfo=UTC)


def entry(signer: LocalSigner, extra: str = "", *, pem: bool = False) -> str:
    public = f"'''{signer.public.pem.decode()}'''" if pem else f'"{b64(signer.public_key)}"'
    return (
        f'[[key]]\nname = "CI"\nrole = "machine"\nkeyid = "{signer.keyid}"\n'
        f"public_key = {public}\n{extra}\n"
    )


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "trust.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("pem", [True, False])
def test_both_spellings_of_a_public_key_are_read(
    tmp_path: Path, signer: LocalSigner, pem: bool
) -> None:
    store = load_trust(write(tmp_path, entry(signer, pem=pem)))
    assert store.trusted_at(JUNE) == {signer.keyid: signer.public}
    assert store.trusted_at(JUNE, role="officer") == {}
    known = store.get(signer.keyid)
    assert known is not None
    assert (known.name, known.role) == ("CI", "machine")
    assert store.get("0" * 64) is None


@pytest.mark.parametrize(
    ("extra", "counts"),
    [
        ("not_before = 2026-06-01T00:00:00Z", True),
        ("not_before = 2026-06-01T00:00:01Z", False),
        ("not_after = 2026-06-01T00:00:01Z", True),
        ("not_after = 2026-06-01T00:00:00Z", False),
        ("revoked_at = 2026-06-01T00:00:00Z", False),
        ("revoked_at = 2027-01-01T00:00:00Z", False),
    ],
)
def test_a_key_counts_in_its_time_and_a_revoked_one_never(
    tmp_path: Path, ed25519: LocalSigner, extra: str, counts: bool
) -> None:
    """Who stole the key can write any time into what he signs."""
    store = load_trust(write(tmp_path, entry(ed25519, extra)))
    assert bool(store.trusted_at(JUNE)) is counts


def test_a_revoked_key_counts_for_a_time_before_that_someone_else_proves(
    tmp_path: Path, ed25519: LocalSigner
) -> None:
    store = load_trust(write(tmp_path, entry(ed25519, "revoked_at = 2026-07-01T00:00:00Z")))
    assert store.trusted_at(JUNE, proven=JUNE)
    july = datetime(2026, 7, 1, tzinfo=UTC)
    assert not store.trusted_at(july, proven=july)


def test_a_proof_that_came_after_a_keys_term_takes_nothing_away(
    tmp_path: Path, ed25519: LocalSigner
) -> None:
    """A witness looks months later: the key has ended since, and the seal stays what it was."""
    store = load_trust(write(tmp_path, entry(ed25519, "not_after = 2026-07-01T00:00:00Z")))
    august = datetime(2026, 8, 1, tzinfo=UTC)
    assert store.trusted_at(JUNE, proven=august)
    assert not store.trusted_at(august, proven=august)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda t: "", r"no \[\[key\]\]"),
        (lambda t: "key = 3", r"no \[\[key\]\]"),
        (lambda t: "key = [3]", r"wanted a table"),
        (lambda t: "not toml", "not a readable TOML"),
        (lambda t: "version = 1\n" + t, "unknown field 'version'"),
        (lambda t: t + "not_afer = 2026-01-01T00:00:00Z", "did you mean not_after"),
        (lambda t: t + "zzz = 1", "known are keyid"),
        (lambda t: t.replace('role = "machine"\n', ""), "role is missing"),
        (lambda t: t.replace('"CI"', "7"), "name is missing or no text"),
        (lambda t: t.replace('keyid = "', 'keyid = "0'), "keyid is not that of public_key"),
        (lambda t: t.replace('public_key = "M', 'public_key = "'), "public_key"),
        (lambda t: t.replace('public_key = "', 'public_key = "-----BEGIN'), "public_key"),
        (lambda t: t + "not_after = 2026-01-01T00:00:00", "a time with a zone"),
        (lambda t: t + "not_after = 2026-01-01", "a time with a zone"),
        (lambda t: t + t, "stands in it twice"),
    ],
)
def test_a_wrong_trust_file_names_file_and_field(
    tmp_path: Path, ed25519: LocalSigner, edit: object, message: str
) -> None:
    path = write(tmp_path, edit(entry(ed25519)))  # type: ignore[operator]
    with pytest.raises(ConfigError, match=message) as caught:
        load_trust(path)
    assert str(path) in str(caught.value)


def test_a_missing_trust_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such trust file"):
        load_trust(tmp_path / "none.toml")
