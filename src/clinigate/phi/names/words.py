"""Small closed lists: titles, ties of family, kinds of streets, states. All folded."""

from __future__ import annotations

__all__ = ["FAMILY_TIES", "PARTICLES", "STATES", "STREETS", "TIMES", "TITLES"]

TITLES = frozenset(
    "mr mrs ms miss mx dr prof professor doctor sir madam dame lord lady judge justice senator "
    "president captain capt sgt sergeant lt lieutenant rev reverend father sister brother nurse rn "
    "np pa md phd do mme mlle herr frau sr sra srta don dona hr fru pt".split()
)
FAMILY_TIES = frozenset(
    "wife husband son daughter mother father sister brother aunt uncle cousin niece nephew "
    "grandmother grandfather grandson granddaughter spouse partner parent guardian friend "
    "boyfriend girlfriend fiance neighbor caregiver roommate mom dad".split()
)
#: Parts of names that are written small: van der Berg, de la Cruz, bin Ali.
PARTICLES = frozenset(
    "van von der den de del della di da dos das du la le el al bin ibn ben ter ten zu st mac mc "
    "jr sr ii iii iv".split()
)
#: What stands beside a street's own name, before or after it.
STREETS = frozenset(
    "street st avenue ave av road rd boulevard blvd drive dr lane ln court ct place pl square sq "
    "way parkway pkwy highway hwy circle cir terrace ter trail crescent close walk row alley "
    "plaza route turnpike expressway loop ridge heights hill hills hollow meadow meadows crossing "
    "strasse str platz gasse weg allee ring ufer damm rue chemin quai impasse allee via "
    "viale corso piazza piazzale vicolo calle carrera avenida avda plaza paseo camino callejon rua "
    "travessa praca largo estrada ul ulica aleja al os straat laan plein kade gracht gata gatan "
    "vagen vag vej gade veien vei gate katu tie kuja polku utca ut ter ulice trg cesta bulvar "
    "prospekt nabrezi namesti odos leoforos jalan lorong sokak caddesi cad apt apartment suite ste "
    "unit floor fl box po psc apo fpo dpo cmr no nr bldg building room rm".split()
)
STATES = (
    "al ak az ar ca co ct de fl ga hi ia id il in ks ky la ma md me mi mn mo ms mt nc nd ne nh nj "
    "nm nv ny oh ok or pa ri sc sd tn tx ut va vt wa wi wv wy dc pr aa ae ap"
).split()
TIMES = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june july august september october november december mon tue wed thu fri sat sun jan feb mar "
    "apr jun jul aug sep sept oct nov dec spring summer autumn winter today tomorrow "
    "yesterday".split()
)
