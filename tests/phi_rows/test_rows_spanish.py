"""Notes in Spanish: fields, months in words and numbers of the state are found, advice is not."""

from __future__ import annotations

import pytest

from clinigate.phi.finding import find, find_bytes
from clinigate.phi.numbers import is_dni

FOUND = [
    ("DNI", "DNI: «12345678Z»"),
    ("DNI", "Titular con NIF «12.345.678-Z»"),
    ("DNI", "NIE «X-1234567-L»"),
    ("DNI", "DNI: «48213907»"),
    ("MRN", "NHC: «482913»."),
    ("MRN", "N.H.C. «482913»"),
    ("MRN", "Nº Historia clínica: «482913»"),
    ("MRN", "Historia clinica nº «482913»"),
    ("MRN", "Número de historia: «NHC-482913»"),
    ("MRN", "CIPA: «CIPA-48291377»"),
    ("PLAN", "NASS: «26 63514095 31»."),
    ("PLAN", "Nº de afiliación a la Seguridad Social: «266351409531»"),
    ("LICENCE", "colegiada «28/2870973»"),
    ("LICENCE", "NºCol: «28 28 70973»."),
    ("ENCOUNTER", "Episodio: «48291377»."),
    ("BIRTH-DATE", "Fecha de nacimiento: «12 de marzo de 2019»."),
    ("BIRTH-DATE", "Nacida el «3 de mayo del 1961» en casa"),
    ("EVENT-DATE", "Fecha de ingreso: «12/06/2016»."),
    ("EVENT-DATE", "que ingresa el «12 de marzo» por dolor"),
]

CONTEXTUAL = [
    ("DATE", "desde el «12 de marzo de 2019» hasta"),
    ("DATE", "En «marzo del 2019» acude"),
    ("DATE", "el «1º de enero de 2020»,"),
    ("POSTCODE", "CP: «28016»."),
    ("DNI", "firmado «12345678Z» ayer"),
]

NOTHING = [
    "Paracetamol 1 g cada 8 horas durante 7 días, TA 130/80.",
    "En mayo se revisa; nacimiento a término, ingreso en planta.",
    "CP: dolor torácico, NIE negativo, historia clínica revisada",
    "12345678A firmado",
]


def _marked(text: str) -> tuple[str, str]:
    head, value, tail = text.replace("»", "«").split("«")
    return head + value + tail, value


@pytest.mark.parametrize(("name", "text"), FOUND)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_field_gates_in_either_encoding(name: str, text: str, encoding: str) -> None:
    plain, value = _marked(text)
    data = plain.encode(encoding)
    hits = find_bytes(data)
    assert [(h.rule, data[h.start : h.end].decode(encoding)) for h in hits] == [
        (f"CG-PHI-{name}", value)
    ]


@pytest.mark.parametrize(("name", "text"), CONTEXTUAL)
def test_by_form_alone_it_is_contextual(name: str, text: str) -> None:
    plain, value = _marked(text)
    found = [(h.rule, plain[h.start : h.end]) for h in find(plain, threshold=0.4)]
    assert found == [(f"CG-PHI-{name}", value)]
    assert find(plain) == []


@pytest.mark.parametrize("text", NOTHING)
def test_what_is_nobodys_is_left_alone(text: str) -> None:
    assert [(h.rule, text[h.start : h.end]) for h in find(text, threshold=0.4)] == []


@pytest.mark.parametrize(
    ("number", "good"),
    [("12345678Z", True), ("12345678A", False), ("X1234567L", True), ("00000000T", False)],
)
def test_the_letter_is_the_rest_by_23(number: str, good: bool) -> None:
    assert is_dni(number) is good
