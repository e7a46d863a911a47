"""Each recognizer finds what it is for, to the character, and leaves alone what looks like it.

The engine of presidio, running the same table, finds the same. All values are invented.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi.engine import Find
from clinigate.phi.finding import find
from clinigate.phi.pieces import find_in_pieces
from clinigate.phi.table import BY_ID, RECOGNIZERS

Marked = Callable[[str], tuple[str, list[tuple[int, int]]]]

FOUND = [
    ("NAME", "patient_name: «Zelda Quist», seen today"),
    ("NAME", '{"patient": {"first_name": "«Zelda»"}}'),
    ("NAME", "Patient: «Quist, Zelda»"),
    ("ADDRESS", "lives at «12 Old Mill Road, Springfield, IL 62704»."),
    ("ADDRESS", "«12 Elm St, Apt 3, St. Louis, MO 63101-1234»"),
    ("ZIP", '"zip_code": "«62704-1234»"'),
    ("ZIP", "Postal code: «62704»"),
    ("ADDRESS", "Home address: «4711 N. Harbor Blvd, Apt 3»"),
    ("BIRTH-DATE", "DOB: «03/05/1980»"),
    ("BIRTH-DATE", '"birthDate":"«1980-03-05»"'),
    ("BIRTH-DATE", "born on «March 5, 1980» in"),
    ("BIRTH-DATE", "date_of_birth=«19800305»"),
    ("EVENT-DATE", "discharged on «2024-03-05»"),
    ("EVENT-DATE", "admission_date: «5 Mar 2024»"),
    ("AGE", "a «93-year-old» woman"),
    ("AGE", '{"age": «101», "sex": "f"}'),
    ("PHONE", "call «(212) 867-5309» now"),
    ("PHONE", "«+1 415.867.5309»"),
    ("PHONE", '"patientPhone": "«2128675309»"'),
    ("PHONE", "telephone «020 7946 1958»"),
    ("PHONE", "«+49 30 901820»"),
    ("PHONE", "«212-867-5309 x12»"),
    ("FAX", "Fax: «212-867-5310»"),
    ("FAX", "fax no. «(212) 867-5310»"),
    ("EMAIL", "to <«zelda.quist@mercy-clinic.org»>"),
    ("EMAIL", "q=«zelda%40clinic.org»&x"),
    ("SSN", "«219-53-8841»"),
    ("SSN", "ssn=«219538841»"),
    ("SSN", "social security number «219 53 8841»"),
    ("SSN", "SSN ending in «8841»"),
    ("MRN", "MRN: «00482913»"),
    ("MRN", '{"medicalRecordNumber": «8412093»}'),
    ("MRN", '\\"patient_id\\": \\"«A-4820913»\\"'),
    ("MRN", "<mrn>«84120931»</mrn>"),
    ("PLAN", "Member ID: «XYZ123456789»"),
    ("PLAN", "insurance group number «0048213»"),
    ("MBI", "«1AC2-DE3-FG45»"),
    ("MBI", "medicare «1AC2DE3FG45»"),
    ("CARD", "«4539 1488 0343 6467»"),
    ("CARD", "pan=«4539148803436467»"),
    ("IBAN", "«GB82 WEST 1234 5698 7654 32»"),
    ("IBAN", "iban:«DE89370400440532013000»"),
    ("ACCOUNT", "account number: «00012345678»"),
    ("ACCOUNT", "patient account #«4482013»"),
    ("LICENCE", "driver's license number «D1234567»"),
    ("LICENCE", "certificate no. «K-482913»"),
    ("DEA", "DEA «AB1234563»"),
    ("DEA", "prescriber BD: «BD4820913»"),
    ("NPI", "NPI «1234567893»"),
    ("NPI", '"provider_npi": "«1245319599»"'),
    ("VIN", "VIN «1HGCM82633A004352»"),
    ("VIN", "vehicle: «1M8GDM9AXKP042788»"),
    ("PLATE", "license plate: «ABC-1234»"),
    ("PLATE", "plate number «7XYZ 123»"),
    ("DEVICE", "pacemaker serial number: «PM-482913»"),
    ("UDI", "(01)00844588003288(17)141120(21)«S12345»"),
    ("IMEI", "imei «490154203237518»"),
    ("IMEI", "mobile device «356938035643809»"),
    ("MAC", "hwaddr «00:1A:2B:3C:4D:5E»"),
    ("MAC", "«8c-85-90-3b-aa-01»"),
    ("URL", "see «https://ehr.mercy.org/v1/patients/4711»/notes"),
    ("URL", "«https://fhir.mercy.org/r4/Patient/a-48213»"),
    ("URL", '"GET /api/v1/patients/«4711» HTTP/1.1"'),
    ("IP", "client «81.2.69.142»"),
    ("IP", "remote_addr=«2a00:1450:4009:81f::200e»"),
    ("PASSPORT", "passport no. «C12345678»"),
    ("PASSPORT", '"passportNumber": "«482913077»"'),
]

NOTHING = [
    "2024-03-01 00:00:00,123 INFO [app.db.pool] 10.1.2.3 took 1709251200.123 s, 12345 rows",
    "req=550e8400-e29b-41d4-a716-446655440000 sha256:" + "0123456789abcdef" * 4,
    "SSN 000-12-3456, 666-12-3456, 900-12-3456, 219-00-8841, 219-53-0000",
    "part 219-53-88412, 1219-53-8841, 2-219-53-8841",
    "id 219538841, order 2128675309, ticket 1234567893",
    "max-age=100 page 95 of 98, age 95%, aged 90 days",
    "age: 64, a 7-year-old, born 1980",
    "4539 1488 0343 6468 and 1234567890123456",
    "import os.system; rpc.py; user@host logo@2x.png core@1.2.3.tgz",
    "@pytest.mark.parametrize\n@app.route",
    "patient_name: Optional[str] = None; first_name: str; Patient Name: Unknown",
    "accept B602 until 2027-01-31: a text of 12 cells",
    "dob: 2024-13-45, DOB 31/31/1999",
    "version 1.2.3.4, 127.0.0.1 localhost, 255.255.255.0, 12:34:56",
    "serial number 48291377 of the certificate, license: Apache-2.0",
    "group id 1000, plan_id basic, policy/2024",
    "https://ehr.mercy.org/patients/{id} and /patients/<id>/notes, /patients/",
    "The zip file holds 62704 entries in 12 Main folders",
    "1HGCM82633A004353 VIN with a wrong check digit",
    "NHS 111 and 988 are crisis lines",
]


def _id(case: tuple[str, str]) -> str:
    return f"{case[0]}-{FOUND.index(case)}"


@pytest.mark.parametrize("case", FOUND, ids=_id)
def test_it_is_found_to_the_character(case: tuple[str, str], marked: Marked) -> None:
    name, text = case
    plain, spans = marked(text)
    assert [(hit.rule, hit.start, hit.end) for hit in find(plain)] == [
        (f"CG-PHI-{name}", *span) for span in spans
    ]
    assert all(hit.placeholder is None and hit.score >= 0.8 for hit in find(plain))


@pytest.mark.parametrize("text", NOTHING)
def test_what_looks_like_it_is_left_alone(text: str) -> None:
    assert [
        (hit.rule, text[hit.start : hit.end]) for hit in find(text) if not hit.placeholder
    ] == []


@settings(max_examples=25)
@given(
    cases=st.lists(st.sampled_from(FOUND), min_size=1, max_size=8),
    between=st.lists(st.sampled_from(NOTHING), max_size=4),
    filling=st.integers(0, 400),
)
def test_in_a_log_each_is_found_where_it_stands(
    cases: list[tuple[str, str]], between: list[str], filling: int
) -> None:
    """Whatever stands around it, and wherever the pieces are cut in which a log is searched."""
    wanted, log = set(), ""
    for name, text in cases:
        log += "\n".join([*between, "the worker is waiting for work now\n" * filling])
        before, value, after = text.replace("»", "«").split("«")
        wanted.add((f"CG-PHI-{name}", len(log) + len(before), len(log + before + value)))
        log += f"{before}{value}{after}\n"
    found = {(h.rule, h.start, h.end) for h in find_in_pieces(log, find) if not h.placeholder}
    assert found == wanted


def test_every_rule_has_an_id_a_letter_and_a_score_that_can_be() -> None:
    for row in RECOGNIZERS:
        assert row.id.startswith("CG-PHI-")
        assert row.letter.clause == f"45 CFR 164.514(b)(2)(i)({row.letter.name})"
        assert all(0 < each.score <= 1 for each in row.forms)
    assert len(BY_ID) >= 45


def test_presidio_runs_the_same_table(engine: Find, marked: Marked) -> None:
    texts = [marked(text)[0] for _, text in FOUND] + NOTHING
    differing = [text for text in texts if engine(text) != find(text)]
    assert differing == []


def test_a_bare_number_counts_at_a_lower_threshold_only() -> None:
    text = "order 2128675309"
    assert find(text) == []
    assert [hit.score for hit in find(text, threshold=0.4) if hit.rule == "CG-PHI-PHONE"] == [0.4]


def test_a_uuid_is_off_by_default() -> None:
    text = "550e8400-e29b-41d4-a716-446655440000"
    assert find(text) == []
    assert [hit.rule for hit in find(text, threshold=0.4)] == ["CG-PHI-UUID"]


def test_presidios_own_recognizers_are_heard_below_their_ceiling() -> None:
    pytest.importorskip("presidio_analyzer")
    from clinigate.phi.engine import presidio_find

    text = "on 2024-03-05 and bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
    low = {hit.rule: hit.score for hit in presidio_find(0.4)(text)}
    assert low["CG-PHI-DATE"] <= 0.6
    assert low["CG-PHI-WALLET"] == 1.0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SSN 078-05-1120", "sample"),
        ("SSN 222-22-2222", "repeated"),
        ("call 212-555-0123", "fiction"),
        ("call 1-800-273-8255", "toll-free"),
        ("phone 1234567890", ""),
        ("zelda@example.com", "RFC 2606"),
        ("zelda@clinic.test", "RFC 2606"),
        ("security@mercy-clinic.org", "role"),
        ("4111 1111 1111 1111", "test card"),
        ("1EG4-TE5-MK73", "sample"),
        ("dob 1970-01-01", "absence"),
        ("client 203.0.113.7", "documentation"),
        ("client 192.168.1.7", "private"),
        ("00-00-5E-00-53-01", "documentation"),
        ("https://www.example.org/patients/4711", "RFC 2606"),
        ("MRN 00000000", "repeated"),
    ],
)
def test_what_is_nobodys_is_a_placeholder(text: str, why: str) -> None:
    hits = find(text)
    assert all(hit.placeholder is not None and why in hit.placeholder for hit in hits), hits
    assert hits or not why


def test_a_word_in_a_field_name_counts_and_one_on_another_line_does_not() -> None:
    assert find('{"contactMobile_no": "2128675309"}')
    assert find('"telephone":\n    "2128675309"')
    assert not find("telephone\nis down\nticket 2128675309 open")
