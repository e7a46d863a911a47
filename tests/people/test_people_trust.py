"""`clinigate trust`: rotations and revocations are signed, logged, and kept in the trust file."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.cli.exits import ExitCode
from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.signing import generate_signer
from clinigate.evidence.trust import parse_trust
from clinigate.evidence.trust_file import add_key, ended_key

KEYS = [generate_signer().public for _ in range(3)]


@pytest.fixture
def fresh(ward: Any, people: Any) -> Any:
    """A key that nobody knows yet, in new.key and new.key.pub.pem."""
    signer, files = people.key_of("new")
    for name, content in files.items():
        (ward.folder / name).write_bytes(content)
    (ward.folder / "new.key").chmod(0o600)
    return signer


@pytest.fixture
def rotate(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, people: Any, fresh: Any
) -> Callable[..., Any]:
    """Replace a key by new.key; the passphrases come from the environment."""

    def rotated(key: str, new: str = "new.key") -> Any:
        monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", people.PASSPHRASE)
        said = cli(
            "trust", "rotate", "--key", key, "--new-key", new, "--reason", "yearly", secret=None
        )
        monkeypatch.delenv("CLINIGATE_KEY_PASSPHRASE")
        return said

    return rotated


def test_a_key_is_added_with_name_and_role(ward: Any, cli: Callable[..., Any], fresh: Any) -> None:
    said = cli(
        "trust", "add", "new.key.pub.pem", "--name", "Noor Ünal", "--role", "qa", secret=None
    )
    assert said.code == ExitCode.OK
    known = ward.trust.get(fresh.keyid)
    assert (known.name, known.role) == ("Noor Ünal", "qa")
    again = cli("trust", "add", "new.key.pub.pem", "--name", "N", "--role", "qa", secret=None)
    assert again.code == ExitCode.USAGE
    assert "stands in it twice" in again.sentence
    shown = cli("trust", "show", secret=None).out
    assert "Noor Ünal (qa): counts" in shown


def test_a_name_with_control_characters_is_refused(
    ward: Any, cli: Callable[..., Any], fresh: Any
) -> None:
    before = (ward.folder / "trust.toml").read_bytes()
    said = cli(
        "trust", "add", "new.key.pub.pem", "--name", "A\x1b[2Jda", "--role", "qa", secret=None
    )
    assert said.code == ExitCode.USAGE
    assert "\x1b" not in said.err
    assert (ward.folder / "trust.toml").read_bytes() == before


def test_a_rotated_key_counts_for_what_it_signed_and_for_nothing_new(
    ward: Any, cli: Callable[..., Any], rotate: Callable[..., Any], fresh: Any
) -> None:
    ward.sealed()
    said = rotate("ci.key")
    assert (said.code, said.err) == (ExitCode.OK, "")
    old, new = ward.trust.get(ward.keys["ci"].keyid), ward.trust.get(fresh.keyid)
    assert old.not_after == new.not_before
    assert (new.name, new.role) == ("CI", "machine")
    assert read_ledger(ward.root / "ledger").chain.records[-1].type == "key-rotated"
    assert cli("verify", secret=None).code == ExitCode.OK
    assert cli("trust", "check", secret=None).code == ExitCode.OK
    ward.sealed()
    after = cli("verify", secret=None)
    assert after.code == ExitCode.INTEGRITY
    assert "'CI' is not valid from" in after.sentence


def test_a_revoked_key_counts_for_nothing(ward: Any, cli: Callable[..., Any]) -> None:
    ward.sealed()
    said = cli("trust", "revoke", "CI", "--key", "ada.key", "--reason", "lost")
    assert (said.code, said.err) == (ExitCode.OK, "")
    assert "revoked" in cli("verify", secret=None).sentence
    assert cli("trust", "check", secret=None).code == ExitCode.OK


def test_a_revocation_that_is_taken_out_of_the_trust_file_is_found(
    ward: Any, cli: Callable[..., Any]
) -> None:
    before = (ward.folder / "trust.toml").read_bytes()
    cli("trust", "revoke", "Cy Developer", "--key", "cy.key", "--reason", "stolen")
    (ward.folder / "trust.toml").write_bytes(before)
    said = cli("trust", "check", secret=None)
    assert said.code == ExitCode.NOT_PASSED
    assert "'Cy Developer'" in said.sentence
    assert "revoked_at is missing or later" in said.sentence


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("Ada Officer", "--key", "ci.key"), "a person revokes other keys"),
        (("Nobody", "--key", "ada.key"), "names no key"),
        (("Ada Officer", "--key", "new.key"), "knows nobody by this key"),
        (("CI", "--key", "ada.key", "--since", "2999-01-01"), "lies ahead"),
    ],
)
def test_who_may_not_revoke_revokes_nothing(
    ward: Any, cli: Callable[..., Any], fresh: Any, arguments: tuple[str, ...], told: str
) -> None:
    before = (ward.folder / "trust.toml").read_bytes()
    said = cli("trust", "revoke", *arguments, "--reason", "lost")
    assert said.code == ExitCode.USAGE
    assert told in said.sentence
    assert (ward.folder / "trust.toml").read_bytes() == before
    assert not (ward.root / "ledger" / "records.ndjson").exists()


def test_a_key_is_not_replaced_by_one_that_is_known(ward: Any, rotate: Callable[..., Any]) -> None:
    assert "knows it already" in rotate("ci.key", "ada.key").sentence


def test_a_revoked_key_cannot_be_rotated_back(
    ward: Any, cli: Callable[..., Any], rotate: Callable[..., Any]
) -> None:
    cli("trust", "revoke", "Cy Developer", "--key", "ada.key", "--reason", "stolen")
    assert "was revoked" in rotate("cy.key").sentence


def test_a_change_of_keys_that_the_wrong_key_signed_is_named(
    ward: Any, cli: Callable[..., Any]
) -> None:
    """Whoever writes the ledger without the keys revokes nobody."""
    from clinigate.evidence.key_changes import REVOKED, KeyChange, signed_change
    from clinigate.evidence.ledger import Ledger

    stranger, ada = generate_signer(), ward.keys["ada"]
    forged = KeyChange(
        REVOKED, ada.keyid, "Ada Officer", "compliance-officer", datetime.now(UTC), "x",
        by=stranger.keyid,
    )  # fmt: skip
    body = signed_change(forged, [stranger])
    Ledger(ward.root / "ledger").append(REVOKED, run=None, body=body)
    said = cli("trust", "check", secret=None)
    assert said.code == ExitCode.INTEGRITY
    assert "ledger record 1 (key-revoked)" in said.sentence


START = datetime(2026, 1, 1, tzinfo=UTC)
times = st.timedeltas(timedelta(days=-1000), timedelta(days=1000)).map(lambda gap: START + gap)


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["not_after", "revoked_at"]), times),
        max_size=6,
    ),
    comments=st.lists(st.text("abc [=]\"'#", max_size=20), min_size=4, max_size=4),
)
def test_ends_are_written_where_they_belong_and_the_rest_stays(
    steps: list[tuple[int, str, datetime]], comments: list[str]
) -> None:
    """Any changes in any order: each key has the earliest of its ends, comments are kept."""
    where = Path("trust.toml")
    text = f"# {comments[0]}\n"
    for number, public in enumerate(KEYS):
        text = add_key(public, name=f"P {number} \U0001f600", role="qa")(text)
        text += f"# {comments[number + 1]}\n"
    ends: dict[tuple[int, str], datetime] = {}
    for number, field, at in steps:
        key = parse_trust(text.encode(), where).get(KEYS[number].keyid)
        assert key is not None
        text = ended_key(key, field, at)(text)
        ends[number, field] = min(at, ends.get((number, field), at))
    found = parse_trust(text.encode(), where)
    for number, public in enumerate(KEYS):
        key = found.get(public.keyid)
        assert key is not None
        assert key.not_after == ends.get((number, "not_after"))
        assert key.revoked_at == ends.get((number, "revoked_at"))
    assert all(f"# {comment}\n" in text for comment in comments)
    assert len(tomllib.loads(text)["key"]) == len(KEYS)


def test_two_who_change_the_file_at_once_lose_nothing(ward: Any) -> None:
    """One writer at a time: each sees what the one before it wrote."""
    from concurrent.futures import ThreadPoolExecutor

    from clinigate.evidence.trust_file import rewriting

    path = ward.folder / "trust.toml"
    before = len(ward.trust.keys)

    def add(number: int) -> None:
        public = generate_signer().public
        with rewriting(path) as change:
            change(add_key(public, name=f"N {number}", role="qa"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(8)))
    assert len(ward.trust.keys) == before + 8


def test_an_end_that_is_near_is_told(ward: Any, cli: Callable[..., Any]) -> None:
    path = ward.folder / "trust.toml"
    soon = datetime.now(UTC) + timedelta(days=5)
    path.write_text(ended_key(ward.trust.keys[1], "not_after", soon)(path.read_text()))
    assert "replace it soon" in cli("trust", "show", secret=None).out


def test_the_root_says_which_trust_file_counts(
    ward: Any, cli: Callable[..., Any], fresh: Any
) -> None:
    """Signed it agrees; changed since, signed by another or not at all it does not."""
    check = ("trust", "check", "--root", "new.key.pub.pem")
    missing = cli(*check, secret=None)
    assert missing.code == ExitCode.INTEGRITY
    assert "trust.toml.dsse.json: missing" in missing.sentence
    assert "key of its own" in cli("trust", "sign", "--key", "ada.key").sentence
    assert cli("trust", "sign", "--key", "new.key").code == ExitCode.OK
    assert cli(*check, secret=None).code == ExitCode.OK
    other = cli("trust", "check", "--root", "ada.key.pub.pem", secret=None)
    assert other.code == ExitCode.INTEGRITY
    path = ward.folder / "trust.toml"
    before = path.read_bytes()
    path.write_bytes(before + b"\n# a word\n")
    changed = cli(*check, secret=None)
    assert changed.code == ExitCode.INTEGRITY
    assert "is not what the root signed" in changed.sentence
