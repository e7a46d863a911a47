"""Redaction: no planted identifier survives, redacting twice is redacting once, and what is not an
identifier stays as it was.
"""

from __future__ import annotations

import json
import re
import string
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clinigate.errors import EvidenceError
from clinigate.evidence.patterns import RULES
from clinigate.evidence.redaction import Redactor, scan

ASCII = st.characters(min_codepoint=32, max_codepoint=126)
KEY = bytes(range(16))
TOKEN = re.compile(r"\[(PHI|SECRET):[0-9a-f]{8}\]")


def redact(value: object) -> object:
    return Redactor(KEY).value(value)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text(string.digits, min_size=count, max_size=count)


def matching(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(pattern, fullmatch=True, alphabet=ASCII)


def random_word(low: int, high: int) -> st.SearchStrategy[str]:
    """Letters and digits, at least one digit, as secrets and record numbers are."""
    return matching(rf"[A-Za-z0-9]{{{low},{high}}}[0-9]")


NANP = matching(r"[2-79]\d\d-[2-9]\d\d-\d{4}")


def with_check_digit(body: str) -> str:
    """Luhn, written apart from the code under test: try all ten."""
    for last in string.digits:
        number = body + last
        total = 0
        for place, digit in enumerate(number[::-1]):
            double = int(digit) * 2 if place % 2 else int(digit)
            total += double // 10 + double % 10
        if total % 10 == 0:
            return number
    raise AssertionError("one of ten digits fits")


#: The text around, with `{}` where the identifier stands, and how such identifiers look.
PLANTED: dict[str, tuple[list[str], st.SearchStrategy[str]]] = {
    "ssn": (["{}", "SSN {}.", "id-{},"], matching(r"\d{3}-\d{2}-\d{4}")),
    "ssn, spelled otherwise": (
        ["SSN: {}", "ssn={}", "Social Security number is {}"],
        matching(r"[0-9]{3}[ .]?[0-9]{2}[ .]?[0-9]{4}"),
    ),
    "ssn, as people say it": (
        ["my social is {}", "social number: {}"],
        matching(r"[0-9]{3}[ -][0-9]{2}[ -][0-9]{4}"),
    ),
    "email": (
        ["{}", "<{}>", "mail:{}", '{{"to":"{}"}}'],
        matching(r"[a-z0-9]{1,12}[._+]?[a-z0-9]{1,9}@[a-z]{1,9}\.(com|org|co\.uk)"),
    ),
    "phone": (["{}", "call {}!", "tel={}", "(at {})"], NANP),
    "phone, with blanks": (
        ["{}", "call me at {}.", "mobile {}"],
        matching(r"[2-79]\d\d [2-9]\d\d[ -]\d{4}"),
    ),
    "phone, right after its word": (["phone {}", "Tel {}", "fax no. {}"], matching(r"0\d{10}")),
    "phone, by its word": (
        ["phone: {}", "Mobile number: {}", "fax is {}"],
        digits(10).filter(lambda d: d[0] != "8"),
    ),
    "phone, abroad": (["{}", "call {}"], matching(r"\+[2-9][0-9] [0-9]{3} [0-9]{6}")),
    "card": (["{}", "card {}."], digits(14).map(lambda d: with_check_digit("4" + d))),
    "card, in groups": (
        ["{}", "paid with {}"],
        digits(14)
        .map(lambda d: with_check_digit("4" + d))
        .map(lambda c: " ".join(c[i : i + 4] for i in range(0, 16, 4))),
    ),
    "record number": (
        ["MRN {}", "mrn={}", "Medical Record Number: {}", "patient_id: {}", '"member id": "{}"'],
        matching(r"[A-Z]{1,3}-?[0-9]{4,9}"),
    ),
    "ip": (
        ["{}", "from {}:443", "client={}", "http://{}/"],
        st.ip_addresses(v=4).filter(lambda a: not a.is_loopback and not a.is_unspecified).map(str),
    ),
    "ip, version 6": (
        ["{}", "from {} to"],
        st.ip_addresses(v=6, network="2001:db8::/32").map(str),
    ),
    "mac": (["{}", "nic {}"], matching(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")),
    "birth date": (
        ["DOB: {}", "born on {}", "date of birth {}", '"birthDate": "{}"'],
        st.dates(min_value=date(1900, 1, 1)).flatmap(
            lambda d: st.sampled_from([d.isoformat(), f"{d:%m/%d/%Y}", f"{d:%d %B %Y}"])
        ),
    ),
    "url credentials": (
        ["https://{}@host/path", "postgresql://{}@db:5432/x"],
        matching(r"[a-z]{1,8}:[A-Za-z0-9@!$]{1,12}"),
    ),
    "url secret": (["https://h/p?token={}", "https://h/p?a=1&api_key={}&b=2"], random_word(3, 20)),
    "bearer": (["Authorization: Bearer {}", "bearer {}"], random_word(8, 40)),
    "api key": (["sk-{}", "ghp_{}", "key was hf_{} there"], random_word(30, 40)),
    "jwt": (
        ["{}", "token {}"],
        matching(r"eyJ[A-Za-z0-9]{8,20}\.eyJ[A-Za-z0-9]{8,20}\.[A-Za-z0-9_-]{20}"),
    ),
    "password": (
        [
            "password={}",
            "pwd: {}",
            'client_secret="{}"',
            "DB_PASSWORD={}",
            '{{\\"api_key\\": \\"{}\\"}}',
            "the password is {}",
        ],
        random_word(4, 20),
    ),
    "private key": (
        [
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
            "-----BEGIN EC PRIVATE KEY-----\n{}",
        ],
        random_word(30, 60),
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_no_planted_identifier_survives(name: str) -> None:
    """In each context, alone, in prose, and deep in a JSON value or in its field names."""
    contexts, identifiers = PLANTED[name]

    @given(st.sampled_from(contexts), identifiers, st.sampled_from(["", "He said: ", "x,\n"]))
    def check(context: str, identifier: str, before: str) -> None:
        text = before + context.format(identifier)
        clean = redact(text)
        assert isinstance(clean, str)
        assert identifier not in clean
        assert TOKEN.search(clean)
        assert list(scan(text))
        assert not list(scan(clean))
        assert identifier not in json.dumps(redact({"a": [{text: text}]}))

    check()


@given(st.text(max_size=200))
@example("4111 1111 1111 1111-411-11-1111")
@example("a@b.co555-234-5678@c.de")
@example("[PHI:12345678][PHI:123-45-6789]")
def test_redacting_twice_is_redacting_once(text: str) -> None:
    once = redact(text)
    assert redact(once) == once
    assert not list(scan(once))


@given(st.lists(st.sampled_from("4111 1-:.@/=[]PHIabSN\n0279"), max_size=60).map("".join))
def test_redacting_twice_is_redacting_once_among_digits_and_marks(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(st.text(max_size=100))
def test_the_scanner_finds_exactly_what_the_redactor_changes(text: str) -> None:
    assert bool(list(scan(text))) is (redact(text) != text)


CLEAN = [
    "I feel like nobody would notice if I was gone.",
    "If you are in the US, call or text 988, or 1-800-273-8255; in the UK call 116 123.",
    "Text HOME to 741741. Samaritans: 116 123. Lifeline 13 11 14.",
    "I was born in a small town and my birthday is next week.",
    "My account of what happened at 10:15 on May 3, 2024 is this.",
    "The key: sleep. The token of affection: a ring. My secret: I cannot cope.",
    "The standard bearer ran. A basic understanding helps.",
    "send Authorization: Bearer with a token from /oauth/token",
    "sha256:" + "0123456789abcdef" * 4,
    "1234567890123456789012345678901234567890",
    "2026-08-21T10:00:00.123456Z",
    "20260821T100000123456Z-1a2b3c4d",
    "550e8400-e29b-41d4-a716-446655440000",
    "clinigate 0.1.0, cryptography 50.0.2, Chromium 156.0.8078.79, v1.2.3.4, lib==1.2.3.4",
    "Mozilla/5.0 (X11) Chrome/120.0.0.0 Safari/537.36",
    "http://127.0.0.1:8443/v1/chat/completions?stream=true",
    "https://[::1]:8443/ and 0.0.0.0",
    "tests/x.py::TestFace::test_abc std::vector dead::beef",
    "crisis.false_negative_rate 0.0003 < 0.001, n=10000, 95.0% bound 0.00029956",
    "p99 = 0.0412345678901 s; 1755771234567890123 ns; 1755771234 s",
    "100 200 3000 4000, 120 80 1000, 4.5 3.2 1.1",
    "white cell: 4500000 per ul, cell 12 of 40, T-cell count 4500000000",
    "290 300 4000 5000 and 7 290 300 4000, 290 300 4000; 12",
    "The password is wrong. My passphrase was simple, social is 2 of 4, in social 2024 terms.",
    "Lifeline 800 273 8255, Samaritans 0800 068 4141, Beyond Blue 1300 22 4636.",
    "164.312(b), 45 CFR 164.514(b)(2), 21 CFR 11.10(e), Art. 32",
    "crisis-en:si.passive:0012 seed 123456789",
    "SHA256 fingerprint AB:CD:EF:01:23:45:67:89:AB:CD",
    "max_tokens=512, completion_tokens: 1200, token=5",
    "@check @dataclass axe-core@4.10.0 conforma/policy#1765",
    "[PHI:ab12cd34] and [SECRET:9f00e1d2]",
]


@pytest.mark.parametrize("text", CLEAN)
def test_what_is_no_identifier_stays(text: str) -> None:
    """Clinical text with its crisis lines, digests, times, versions, measurements, clauses."""
    assert redact(text) == text
    assert not list(scan(text))


def test_every_line_of_the_scenario_packs_stays() -> None:
    """A reply or stimulus that was cut up would be worthless as evidence."""
    folder = Path(__file__).parents[2] / "scenarios"
    lines = [line for path in folder.rglob("*.yaml") for line in path.read_text().splitlines()]
    assert [line for line in lines if redact(line) != line] == []


def test_digits_of_other_scripts_are_digits() -> None:
    wide = str.maketrans(
        "0123456789", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19"
    )
    for text in ("123-45-6789", "4111111111111111", "MRN 12345678"):
        assert TOKEN.search(str(redact(text.translate(wide))))


def test_the_same_value_has_the_same_token_and_another_key_gives_another() -> None:
    """However an identifier is spelled; a secret counts by its exact characters."""
    first = Redactor(KEY)
    tokens = {first.text("555-234-5678"), first.text("(555) 234-5678"), first.text("555.234.5678")}
    assert len(tokens) == 1
    assert Redactor(b"another key, 16 ").text("555-234-5678") not in tokens
    assert first.text("password=abcd1") != first.text("password=ABCD1")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"ssn": 123456789}, {}),
        ({"password": "x y"}, {}),
        ({"api-key": "short"}, {}),
        ({"patient": {"first_name": "Ann", "notes": "calm"}}, {"notes": "calm"}),
        ({"emails": 3, "email": True, "phone": 3, "mrn": None, "ssn": ""}, None),
        ({"dependencies_versions": {"lib-version": "1.2.3.4"}}, None),
        ({"n": 123456789, "p": 0.123, "d": [4111111111111111]}, None),
    ],
)
def test_a_field_name_may_condemn_its_value(value: dict[str, object], kept: object) -> None:
    """Whatever stands under `password` or `ssn` goes; counts, flags and plain numbers stay."""
    clean = redact(value)
    if kept is None:
        assert clean == value
        assert not list(scan(value))
        return
    assert TOKEN.search(json.dumps(clean))
    assert not re.search(r"123456789|x y|short|Ann", json.dumps(clean))
    assert "calm" in json.dumps(clean) or not kept
    assert redact(clean) == clean


def test_a_hit_says_where_and_never_what() -> None:
    value = {"a": [{"b": "x", "jane@example.org": {"c": "SSN 123-45-6789"}}], "password": "p4ss"}
    hits = list(scan(value))
    assert [(hit.rule, hit.path) for hit in hits] == [
        ("email", "a field name in a[0]"),
        ("ssn", "a[0].?.c"),
        ("secret-field", "password"),
    ]


def test_field_names_that_fall_together_are_refused() -> None:
    """Two spellings of one number as keys would silently lose a value."""
    with pytest.raises(EvidenceError, match="same after redaction"):
        redact({"555-234-5678": 1, "(555) 234-5678": 2})


def test_counts_say_how_much_was_found() -> None:
    redactor = Redactor(KEY)
    redactor.value(["a@b.org", "c@d.org and 123-45-6789", {"password": "x"}])
    assert redactor.counts == {"email": 2, "ssn": 1, "secret-field": 1}


@pytest.mark.parametrize(
    ("data", "media_type", "expected"),
    [
        (b"SSN 123-45-6789", "text/plain; charset=utf-8", rb"SSN \[PHI:[0-9a-f]{8}\]"),
        (b'{ "a" : 1 }', "application/json", rb'\{ "a" : 1 \}'),
        (b'{ "ssn" : 123456789 }', "application/json", rb'\{"ssn":"\[PHI:[0-9a-f]{8}\]"\}'),
        (b'{"\\u0061":"\\u0040 a\\u0040b.org"}', "application/fhir+json", rb'\{"a":"@ \[PHI.*"\}'),
        (b"{not json a@b.org", "application/json", rb"\{not json \[PHI.*"),
        (b'{"a":1}\n{"e":"a@b.org"}\n', "application/x-ndjson", rb'\{"a":1\}\n\{"e":"\[PHI.*"\}\n'),
    ],
)
def test_raw_evidence_is_redacted_by_what_it_is(
    data: bytes, media_type: str, expected: bytes
) -> None:
    """JSON by its values, through any escapes; kept to the byte where nothing was found."""
    clean = Redactor(KEY).blob(data, media_type)
    assert clean is not None
    assert re.fullmatch(expected, clean)


@pytest.mark.parametrize(
    ("data", "media_type"), [(b"a@b.org", "image/png"), (b"\xff a@b.org", "text/plain")]
)
def test_what_is_no_text_is_not_redacted_and_said_to_be_so(data: bytes, media_type: str) -> None:
    assert Redactor(KEY).blob(data, media_type) is None


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Redactor(b"short")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_triggers_are_lower_case(rule: object) -> None:
    """They are looked up in the lower-cased text; another spelling would never strike."""
    assert all(t == t.lower() for t in rule.triggers)  # type: ignore[attr-defined]
