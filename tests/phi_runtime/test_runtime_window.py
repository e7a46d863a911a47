"""A window knows line and column of what it finds, and tells it as soon as its line has ended."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi.canaries import make_patients
from clinigate.phi.runtime.redactor import Redactor
from clinigate.phi.runtime.window import SLICE, Spot, Window

SSN = b"219-53-" + b"8841"


@settings(max_examples=30)
@given(
    lines=st.lists(
        st.sampled_from([b"", b"ok", b"x" * 700, b"see ssn %s" % SSN, b"y" * SLICE]), max_size=30
    ),
    cuts=st.lists(st.integers(0, 60_000), max_size=5),
    settles=st.booleans(),
)
def test_places_are_those_of_the_whole(lines: list[bytes], cuts: list[int], settles: bool) -> None:
    data = b"\n".join(lines) + b"\n"
    spots: list[Spot] = []
    window = Window(Redactor(), on_find=spots.append)
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(data)], strict=True):
        window.feed(data[begin:end])
        if settles:
            window.settle()
    window.finish()
    wanted = [(number, 9) for number, line in enumerate(lines, start=1) if line.endswith(SSN)]
    assert [(spot.line, spot.column) for spot in spots] == wanted
    assert all(spot.value == SSN == data[spot.find.start : spot.find.end] for spot in spots)


def test_a_line_that_has_not_ended_is_told_when_it_has() -> None:
    spots: list[Spot] = []
    window = Window(Redactor(), on_find=spots.append)
    window.feed(b"ssn 219-53-88")
    window.settle()
    assert spots == []
    window.feed(b"41\nfine")
    window.settle()
    assert [spot.value for spot in spots] == [SSN]
    window.settle()
    window.finish()
    assert len(spots) == 1


def test_canaries_say_whose_they_are() -> None:
    patients = make_patients(7, 2)
    spots: list[Spot] = []
    window = Window(Redactor(patients=patients), on_find=spots.append)
    window.feed(b"id " + patients[1].values["mrn"].encode().hex().encode() + b"\n")
    window.finish()
    assert [spot.find.note for spot in spots] == ["mrn of canary-2, hex"]
