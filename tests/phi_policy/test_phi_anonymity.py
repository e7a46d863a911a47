"""k-anonymity, l-diversity and who stands alone, against counting by hand and by brute force."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import UsageError
from clinigate.phi.deidentification.anonymity import measure, quasi_columns
from clinigate.phi.deidentification.table import Row, Table


def table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    return Table(
        "d.csv", columns, lambda: iter([Row(n, cells) for n, cells in enumerate(rows, start=1)])
    )


#: After the example of Machanavajjhala et al.: three cells of four, one with a single diagnosis.
ROWS = [
    *(("130**", "<30", each) for each in ("heart", "heart", "viral", "viral")),
    *(("1485*", ">=40", each) for each in ("cancer", "heart", "viral", "viral")),
    *(("130**", "3*", "cancer") for _ in range(4)),
]
EXAMPLE = table(("zip", "age", "condition"), ROWS)


def test_the_example_of_the_literature() -> None:
    found = measure(EXAMPLE, ("zip", "age"), ("condition",))
    assert (found.rows, found.classes, found.smallest, found.alone) == (12, 3, 4, 0)
    assert found.average_risk == 0.25
    assert found.bands() == [("1", 0), ("2 to 4", 12), ("5 to 10", 0), ("11 and more", 0)]
    (diversity,) = found.diversity
    assert (diversity.distinct, diversity.rows) == (1, 4)
    assert diversity.effective == 1.0
    assert measure(EXAMPLE, ("zip",)).smallest == 4
    even = measure(table(("q", "s"), [("a", "x"), ("a", "y"), ("A ", "z")]), ("q",), ("s",))
    assert even.smallest == 3
    assert math.isclose(even.diversity[0].effective, 3)


def test_which_column_singles_rows_out() -> None:
    rows = [("F", str(n), "x") for n in range(6)]
    found = measure(table(("sex", "age", "s"), rows), ("sex", "age"))
    assert found.alone == 6
    assert dict(found.alone_without) == {"sex": 6, "age": 0}


def test_quasi_identifiers_are_guessed_from_names() -> None:
    columns = ("AgeBand", "zip3", "birth_year", "PATIENT_SEX", "phq9", "percentage", "note")
    assert quasi_columns(table(columns, []), ()) == (columns[:4], True)
    assert quasi_columns(table(columns, []), ("phq9", "other")) == (("phq9",), False)


def test_nothing_to_measure_is_said() -> None:
    with pytest.raises(UsageError, match="needs a quasi-identifier"):
        measure(EXAMPLE, ())
    with pytest.raises(UsageError, match="has no column 'sex'; its columns are zip, age"):
        measure(EXAMPLE, ("sex",))
    assert measure(table(("age",), []), ("age",)).smallest == 0


values = st.sampled_from(["a", "b", "c", ""])
rows = st.lists(st.tuples(values, values, values), max_size=30)


@given(rows, st.integers(2, 12))
def test_counting_agrees_with_brute_force(given_rows: list[tuple[str, ...]], k: int) -> None:
    found = measure(table(("p", "q", "s"), given_rows), ("p", "q"), ("s",))
    size = [sum(row[:2] == other[:2] for other in given_rows) for row in given_rows]
    assert found.smallest == min(size, default=0)
    assert found.rows_below(k) == sum(each < k for each in size)
    assert found.alone == sum(each == 1 for each in size)
    assert sum(count for _, count in found.bands()) == len(given_rows)
    by_q = Counter(row[1] for row in given_rows)
    by_p = Counter(row[0] for row in given_rows)
    assert found.alone_without["p"] == sum(n == 1 for n in by_q.values())
    assert found.alone_without["q"] == sum(n == 1 for n in by_p.values())
    kinds = {key: {row[2] for row in given_rows if row[:2] == key} for key in
             {row[:2] for row in given_rows}}  # fmt: skip
    (diversity,) = found.diversity
    assert diversity.distinct == min(map(len, kinds.values()), default=0)
    assert diversity.effective <= diversity.distinct + 1e-9


@given(rows)
def test_a_coarser_question_singles_out_fewer(given_rows: list[tuple[str, ...]]) -> None:
    fine = measure(table(("p", "q", "s"), given_rows), ("p", "q", "s"))
    coarse = measure(table(("p", "q", "s"), given_rows), ("p",))
    assert coarse.smallest >= fine.smallest
    assert coarse.alone <= fine.alone
