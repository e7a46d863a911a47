"""Each row of the table finds what it is for, leaves alone what looks like it, and costs nothing.

Rows that the older tests prove are proven there too. All values are invented.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi.expressions import linear_form
from clinigate.phi.finding import find, find_bytes
from clinigate.phi.recognizer import Form
from clinigate.phi.table import BY_ID, RECOGNIZERS

FOUND = [
    ("FHIR-NAME", '{"use": "usual", "family": "«Quist»"}'),
    ("FHIR-NAME", '"name": [{"family": "«Quist»"}]'),
    ("FHIR-NAME", '"given": [\n  "«Zelda»"'),
    ("RELATIVE", "next of kin: «Thomas Baker»,"),
    ("RELATIVE", "guardian_name=«Thomas Baker»;"),
    ("ADDRESS", 'home_address="«18 Cedar Ct, Apt 4»"'),
    ("PO-BOX", "to «P.O. Box 1147» only"),
    ("PO-BOX", "«PO Box 12»"),
    ("ZIP3", "zip3: «036»"),
    ("ZIP3", "zip code prefix «893»"),
    ("CITY", "patient_city: «Duluth»"),
    ("CITY", "birthplace: «Duluth»"),
    ("GEO", "geo:«27.950575,-82.457178»"),
    ("GEO", "home gps «27.950575, -82.457178»"),
    ("POSTCODE", "address «K1A 0B1»"),
    ("POSTCODE", "postal code «SW1A 1AA»"),
    ("EMAIL", "dana «dana [at] inbox-mail [dot] net»"),
    ("NHS", "NHS «943 476 5919»"),
    ("NHS", "nhs is «9434765919»"),
    ("HICN", "medicare «219-53-8841A»"),
    ("HICN", "HIC «219538841A»"),
    ("CLAIM", "referral number «4820913»"),
    ("CLAIM", "prior_auth_id=«PA-482913»"),
    ("ROUTING", "routing «021000021»"),
    ("ROUTING", "bank aba «011401533»"),
    ("WALLET", "«1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2»"),
    ("WALLET", "«bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq»"),
    ("VEHICLE", "vehicle id: «1M8GDM9AXKP04»"),
    ("VEHICLE", "chassis no. «JT2BF22K1W0»"),
    ("UDI", "(01)00844588003288(21)«S12345»"),
    ("UDI", "implant «(01)00844588003288(17)141120»"),
    ("HANDSET", "android_id=«9f8e7d6c5b4a3928»"),
    ("HANDSET", "idfa: «6D92078A-8246-4BA4-AE5B-76104861E7DC»"),
    ("PROFILE", "patient profile «https://www.facebook.com/dana.whitfield»"),
    ("PROFILE", "patient instagram: «@dana.whitfield»"),
    ("BIOMETRIC", "fingerprint_id=«FP-48291377»"),
    ("BIOMETRIC", "biometric fingerprint: «9f8e7d6c5b4a»"),
    ("PHOTO", "patient_photo=«/media/48213/face.jpg»"),
    ("PHOTO", '"photo":[{«"contentType":"image/jpeg","data":"abc"»}]'),
    ("ITIN", "itin «912-78-4821»"),
    ("ITIN", "taxpayer number «912784821»"),
    ("ENCOUNTER", "patient encounter_id=«ENC-4820913»"),
    ("ENCOUNTER", "admitted, visit number «V-4820913»"),
    ("ACCESSION", "accession no. «A-24-004820»"),
    ("ACCESSION", "specimen_id: «S4820913»"),
    ("PRESCRIPTION", "Rx #«4820913»"),
    ("PRESCRIPTION", "prescription number «4820913»"),
    ("SUBJECT", "subject id: «012-0045»"),
    ("SUBJECT", "randomization number «48213»"),
    ("UNIQUE", "patient reference_number=«48213»"),
    ("UNIQUE", "wristband barcode: «W48213»"),
    ("LOGIN", "portal_username=«dana1948»"),
    ("LOGIN", "MyChart ID: «dwhit77»"),
    ("EMPLOYEE", "edipi «1234567890»"),
    ("EMPLOYEE", "insured employee id «E48213»"),
    ("UUID", "patient_id=«550e8400-e29b-41d4-a716-446655440000»"),
    ("UUID", "Patient/«550e8400-e29b-41d4-a716-446655440000»"),
    ("DNI", "DNI «12345678Z»"),
    ("HL7-NAME", "PID|1||||«DOE^JANE^Q»|"),
    ("HL7-NAME", "NK1|1|«SMITH^ROBERT»|SPO"),
    ("HL7-ADDRESS", "PID|1||||||||||«12 MAIN ST^^BOSTON^MA»|"),
    ("HL7-ADDRESS", "NK1|1||SPO|«12 ELM ST^^OMAHA^NE^68102»"),
    ("HL7-BIRTH-DATE", "PID|1||||||«19481102»|F"),
    ("HL7-BIRTH-DATE", "PID|||||||«194811021530»|M"),
    ("HL7-PHONE", "PID|||||||||||||«(617)586-9071»|"),
    ("HL7-PHONE", "NK1|1||||«(617)586-9071»|"),
    ("HL7-SSN", "PID|||||||||||||||||||«219538841»|"),
    ("HL7-SSN", "PID|1||||||||||||||||||«219538841»\r"),
    ("HL7-ID", "PID|1||«482913»^^^MERCY^MR||"),
    ("HL7-ID", "PID|1|«A482913»|"),
    ("HL7-PLAN", "IN1|1|«904482013»|MEDI"),
    ("HL7-PLAN", "IN1|2|«W90448»^X"),
]

NOTHING = [
    "zip3: 606 and zip prefix 627",
    "zip3: 202, 204, 205, 369, 753, 772",
    '{"family": "Alpha", "model": "one"}, {"family": "Helvetica", "size": 9}',
    'fingerprint = "0123456789abcdef0123456789abcdef"',
    "fingerprint: sha256:0123456789abcdef",
    "city=name, county: None, town(x)",
    "# Copyright (c) Zelda Quist <zelda@quist.dev>",
    "  * @author Zelda Quist <zelda@quist.dev>",
    '"""A codec.\n\nWritten by Zelda Quist (zelda@quist.dev).\n"""',
    "# Author: Zelda Quist\n# Contact: codec-sig@quist.dev\n",
    '__author__ = ("Zelda <zelda@quist.dev>, "\n    "Yan <yan@quist.dev>")',
    '__email__ = "zelda@quist.dev"',
    "foo@bar.com, user@quist.dev, aperson@dom.ain, resolver 8.8.8.8 of the client",
    "# Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA",
    "names = {'pt': 'Nova Itaberaba', 'en': 'Old Town'}",
    "2024-03-01 fhir.client] 10.12.13.14 - GET /healthz",
    "creditor reference RF18 5390 0754 7034",
    "lead id 5, monitor id 7, case id 3",
    "photo = load(path); headshot: str",
    "iris = load_iris(); retina=True",
    "user name: alice, member name, login portal",
    "PID|1|| and PIDs: 12345, IN1 12345",
    "claim number: none; authorization: Bearer",
    "patient_id: uuid, patient uuid=None",
    "lat: 51, lon: 7, geo: x",
    "visit number 3 of 5 in the clinic",
]

_MISSING_WORDS = [
    ("RELATIVE", "guardian thomas baker"),
    ("ROUTING", "021000022 routing"),
    ("NHS", "nhs 943 476 5918"),
    ("ITIN", "itin 912-10-4821"),
    ("WALLET", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3"),
    ("WALLET", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdz"),
    ("HICN", "medicare 000-53-8841A"),
]


#: What tests/phi/test_phi_recognizers.py proves.
_OLDER = (
    "NAME", "ADDRESS", "ZIP", "BIRTH-DATE", "EVENT-DATE", "AGE", "PHONE", "FAX", "EMAIL", "SSN",
    "MRN", "PLAN", "MBI", "CARD", "IBAN", "ACCOUNT", "LICENCE", "DEA", "NPI", "VIN", "PLATE",
    "DEVICE", "IMEI", "MAC", "URL", "IP", "PASSPORT",
)  # fmt: skip


def _read(text: str) -> tuple[str, list[tuple[int, int]]]:
    plain, spans = "", []
    for number, part in enumerate(text.replace("»", "«").split("«")):
        if number % 2:
            spans.append((len(plain), len(plain) + len(part)))
        plain += part
    return plain, spans


@pytest.mark.parametrize("case", FOUND, ids=lambda case: case[0])
def test_it_is_found_to_the_character(case: tuple[str, str]) -> None:
    name, text = case
    plain, spans = _read(text)
    assert [(hit.rule, hit.start, hit.end) for hit in find(plain)] == [
        (f"CG-PHI-{name}", *span) for span in spans
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The letter was written by Zelda Quist (zelda@quist.dev), her daughter.",
        "Author of this note: Zelda Quist, zelda@quist.dev",
        "Copyright 2020.\n\nPatient: zelda@quist.dev",
        "# patients\nzelda@quist.dev",
    ],
)
def test_an_address_that_is_no_credit_of_a_program_is_somebodys(text: str) -> None:
    assert [hit.rule for hit in find(text) if not hit.placeholder] == ["CG-PHI-EMAIL"]


@pytest.mark.parametrize("text", NOTHING)
def test_what_looks_like_it_is_left_alone(text: str) -> None:
    assert [(h.rule, text[h.start : h.end]) for h in find(text) if not h.placeholder] == []


@pytest.mark.parametrize("case", _MISSING_WORDS, ids=lambda case: case[0])
def test_a_wrong_check_digit_or_form_is_none(case: tuple[str, str]) -> None:
    name, text = case
    assert f"CG-PHI-{name}" not in {hit.rule for hit in find(text)}


def _forms() -> list[Form]:
    return [form for row in RECOGNIZERS for form in row.forms]


def test_the_table_obeys_the_rules_that_it_sets_for_users() -> None:
    pytest.importorskip("re2")
    for form in _forms():
        assert "v" in form.exact.groupindex, form.pattern
        linear_form(form.pattern, form.score, where="the table")


@pytest.mark.acceptance
def test_hyperscan_compiles_every_form() -> None:
    hyperscan = pytest.importorskip("hyperscan")
    expressions = [form.pattern.encode() for form in _forms()]
    database = hyperscan.Database()
    database.compile(
        expressions=expressions,
        ids=list(range(len(expressions))),
        elements=len(expressions),
        flags=[hyperscan.HS_FLAG_MULTILINE] * len(expressions),
    )
    assert database.size() > 0


def test_there_are_more_than_45_kinds_and_every_one_that_may_count_is_proven() -> None:
    assert len(BY_ID) > 45
    ours = {f"CG-PHI-{name}" for name, _ in FOUND}
    older = {f"CG-PHI-{name}" for name in _OLDER}
    counting = {row.id for row in RECOGNIZERS if row.best >= 0.8}
    assert counting - ours - older == set()


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_make_a_row_fail(data: bytes) -> None:
    for hit in find_bytes(data, threshold=0.4):
        assert 0 <= hit.start < hit.end <= len(data)
