"""The four instruments as they are published. No item's wording stands here.

Wrong values are common in what is found on the web; `golden.py` holds sheets that tell them apart.
Where sources disagree, each rule has a name and the first is the usual one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from clinigate.clinical.instruments.definition import Band, ChangeRule, Definition, Screen
from clinigate.core.scoring import Instrument

__all__ = ["DEFINITIONS"]

_PHQ9 = Definition(
    instrument=Instrument.PHQ9,
    title="PHQ-9",
    source="Kroenke, Spitzer & Williams 2001",
    bands=(
        Band("minimal", 0),
        Band("mild", 5),
        Band("moderate", 10),
        Band("moderately severe", 15),
        Band("severe", 20),
    ),
    screens=(Screen("at-least-10", "Kroenke 2001: sensitivity .88, specificity .88; IAPT >9", 10),),
    changes=(ChangeRule("reliable-6", "IAPT", 6),),
    # An answer above 0 calls for somebody at once, whatever the total.
    follow_up_item=8,
    may_prorate=True,
    remission_below=5,
)

_GAD7 = Definition(
    instrument=Instrument.GAD7,
    title="GAD-7",
    source="Spitzer, Kroenke, Williams & Löwe 2006",
    bands=(Band("minimal", 0), Band("mild", 5), Band("moderate", 10), Band("severe", 15)),
    screens=(
        Screen("at-least-10", "Spitzer 2006", 10),
        Screen("at-least-8", "IAPT caseness, >7", 8),
    ),
    changes=(ChangeRule("reliable-4", "IAPT", 4), ChangeRule("reliable-6", "Bischoff 2020", 6)),
    may_prorate=True,
)

_WHO5 = Definition(
    instrument=Instrument.WHO5,
    title="WHO-5",
    source="WHO 1998; Topp et al. 2015",
    screens=(
        Screen("below-13-or-low-item", "WHO: under 13, or 0 or 1 for any item", 13, True, 1),
        Screen("below-13", "total alone: 50 or less of 100", 13, True),
    ),
    # 10 points on the scale of 0 to 100.
    changes=(ChangeRule("ten-of-100", "WHO-5 user guides: 10 of 100", 2.5),),
    higher_is_better=True,
    percent_factor=4,
)

_UCLA3 = Definition(
    instrument=Instrument.UCLA3,
    title="UCLA-3",
    source="Hughes, Waite, Hawkley & Cacioppo 2004",
    screens=(
        Screen("at-least-4", "Health and Retirement Study: any item at 2 or more", 4),
        Screen("at-least-6", "in common use; its origin is not confirmed", 6),
    ),
)

DEFINITIONS: Mapping[Instrument, Definition] = MappingProxyType(
    {each.instrument: each for each in (_PHQ9, _GAD7, _WHO5, _UCLA3)}
)
