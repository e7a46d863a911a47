"""presidio runs the table as recognizers of its own kind, beside a language model of the user's."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinigate.config.phi_rows import NlpTable
from clinigate.errors import ConfigError
from clinigate.phi.engine import presidio_find
from clinigate.phi.finding import find
from clinigate.phi.table import BY_ID, RECOGNIZERS

pytest.importorskip("presidio_analyzer")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of spaCy that knows one person and one place."""
    spacy = pytest.importorskip("spacy")
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([
        {"label": "PERSON", "pattern": "Zelda Quist"},
        {"label": "GPE", "pattern": "Duluth"},
    ])  # fmt: skip
    folder = tmp_path_factory.mktemp("model")
    nlp.to_disk(folder)
    return folder


def test_a_users_model_finds_names_and_the_table_the_rest(model: Path) -> None:
    search = presidio_find(0.4, nlp=NlpTable(model=str(model)))
    text = "Yesterday Zelda Quist of Duluth wrote her MRN: 48291377"
    found = {(hit.rule, text[hit.start : hit.end]): hit.score for hit in search(text)}
    assert found[("CG-PHI-PERSON", "Zelda Quist")] == 0.75
    assert found[("CG-PHI-PLACE", "Duluth")] == 0.75
    assert found[("CG-PHI-MRN", "48291377")] == 0.9


def test_a_model_alone_does_not_gate(model: Path) -> None:
    assert presidio_find(0.8, nlp=NlpTable(model=str(model)))("Zelda Quist of Duluth") == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"model": "en_core_web_none"}, "nothing is downloaded"),
        ({"engine": "stanza", "model": "en"}, "stanza is not installed"),
        ({"model": __file__}, "does not load"),
    ],
)
def test_a_model_that_is_not_there_is_refused(given: dict[str, str], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        presidio_find(0.8, nlp=NlpTable.model_validate(given))


def test_each_row_is_a_recognizer_of_presidios_own_kind() -> None:
    from presidio_analyzer import PatternRecognizer

    from clinigate.phi.presidio import recognizers

    made = recognizers()
    assert all(isinstance(each, PatternRecognizer) for each in made)
    assert {each.supported_entities[0] for each in made} == set(BY_ID) & {
        row.id for row in RECOGNIZERS if row.forms
    }
    (mrn,) = [each for each in made if each.supported_entities == ["CG-PHI-MRN"]]
    assert "CG-PHI-MRN-1" in {pattern["name"] for pattern in mrn.to_dict()["patterns"]}
    assert [(r.start, r.end) for r in mrn.analyze("MRN: 48291377", ["CG-PHI-MRN"])] == [(5, 13)]


#: What presidio's recognizers take for an identifier at 0.4, as their documentation writes it.
_ITS_OWN = [
    "4012888888881881", "4012 8888 8888 1881", "5019717010103742", "30569309025904",
    "3/5/1980", "05/03/80", "1980/3/5", "3-5-1980", "1980-03-05", "05.03.1980", "5-MAR-1980",
    "MAR-1980", "5-MAR", "1980-03-05T10:11:12Z", "1980-03-05T10:11:12.123+02:00",
    "dana@inbox-mail.net", "dana.w+x@sub.inbox-mail.co.uk", "IL150120690000003111111",
    "GB33 BUKB 2020 1555 5555 55", "192.168.0.1", "10.9.8.7",
    "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
    "fe80::1ff:fe23:4567:890a", "00:1A:2B:3C:4D:5E", "00-1A-2B-3C-4D-5E", "001A.2B3C.4D5E",
    "(425) 882-9090", "425-882-9090", "425.882.9090", "4258829090", "+1 425 882 9090",
    "+44 20 7946 0018", "020 7946 0018", "030 901820", "+972-3-123-4567", "01 42 68 53 00",
    "https://www.inbox-mail.net/a?b=c", "inbox-mail.net", "www.inbox-mail.health",
    "078-05-1121", "078 05 1121", "078.05.1121", "550e8400-e29b-41d4-a716-446655440000",
    "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "943 476 5919",
]  # fmt: skip


@pytest.mark.parametrize("template", ["{}", "see {} there", '{{"x": "{}"}}', "a={}, b=1"])
def test_what_presidio_finds_at_its_least_the_table_covers(template: str) -> None:
    """Of each find of presidio's own recognizers at 0.4, 80 % of the letters."""
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    nlp = NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "no_op"}])
    nlp.load()
    analyzer = AnalyzerEngine(nlp_engine=nlp)
    missed = []
    for value in _ITS_OWN:
        text = template.format(value)
        marks = bytearray(len(text))
        for hit in find(text, threshold=0.4):
            marks[hit.start : hit.end] = b"\1" * (hit.end - hit.start)
        for result in analyzer.analyze(text, language="en", score_threshold=0.4):
            if sum(marks[result.start : result.end]) < 0.8 * (result.end - result.start):
                missed.append((result.entity_type, text[result.start : result.end]))
    assert missed == []
