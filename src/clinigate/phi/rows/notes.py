"""How notes of a clinic write it, where no field says what follows."""

from __future__ import annotations

from clinigate.phi import placeholders as nobody
from clinigate.phi.model import Letter
from clinigate.phi.numbers import is_led_phone, is_ssn
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import DATE, DAY, END, IS, MONTH, led, words
from clinigate.phi.values import is_day

__all__ = ["ROWS"]

#: What happens to patients, not to files.
_HAPPENED = (
    "admitted", "discharged", "hospitali[sz]ed", "transferred (?:from|to)",
    "evaluated (?:by|in|at|for)", "re-?evaluated", "seen (?:by|in|at|for)",
    "presented (?:to|with)", "diagnosed", "operated", "underwent", "surgery", "procedure", "biopsy",
    "colonoscopy", "fell", "passed away", "delivered (?:by|at|a)",
)  # fmt: skip
_THEN = r"[^0-9\n]{0,60}[ (](?:on|since|until|dated)[ ](?:the )?"
_STATE = (
    "(?:Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia"
    "|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts"
    "|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New (?:Hampshire|Jersey"
    "|Mexico|York)|(?:North|South) (?:Carolina|Dakota)|Ohio|Oklahoma|Oregon|Pennsylvania"
    "|Rhode Island|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin"
    "|Wyoming|Puerto Rico)"
)
_WORD = r"[A-Z\xc3][A-Za-z'\x80-\xff.-]{1,20}"
_FACILITY = (
    r"(?:Hospitals?|Medical Cent(?:er|re)|Health Cent(?:er|re)|Clinics?|Nursing Home|Hospice"
    r"|Infirmary|Rehabilitation Cent(?:er|re)|Surgery Cent(?:er|re)|Cancer Cent(?:er|re)"
    r"|Assisted Living|Healthcare|Health System)"
)
_LEADING = (
    r"(?:Hospital|Cl(?:i|\xc3\xad|\xed)nica|Centro (?:de Salud|M(?:e|\xc3\xa9|\xe9)dico)"
    r"|Residencia|Sanatorio|Ambulatorio)"
)
_VIA = (
    r"(?:Calle|C/|C\.|Avda\.?|Avenida|Plaza|Pza\.?|Paseo|Camino|Ronda|Carretera|Ctra\.?"
    r"|Traves(?:i|\xc3\xad|\xed)a|Urbanizaci(?:o|\xc3\xb3|\xf3)n|Rambla)"
)
_OF = r"(?:de la |de los |de las |del |de |el |la |los |las )?"

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-EVENT-DATE",
        Letter.C,
        "A date of admission, discharge, service or death",
        Tier.IDENTIFIER,
        (
            form(led(*_HAPPENED) + _THEN + DATE, 0.8),
            form(led(*_HAPPENED) + _THEN + rf"(?P<v>{DAY})(?:$|[^0-9/])", 0.8),
        ),
        accept=is_day,
        placeholder=nobody.of_date,
    ),
    Recognizer(
        "CG-PHI-DATE",
        Letter.C,
        "A date",
        Tier.CONTEXTUAL,
        (
            form(led("on", "since", "until", "from", "by", "before", "after", "dated?", "through")
                 + r" (?P<v>(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01]))(?:$|[^\w/.]|\.(?:$|\D))",
                 0.45),
            form(rf"(?:^|[^0-9A-Za-z_])(?P<v>{MONTH} \d{{1,2}}(?:st|nd|rd|th)?):(?:$|\D)", 0.45),
        ),
        accept=is_day,
    ),
    Recognizer(
        "CG-PHI-PHONE",
        Letter.D,
        "A telephone number",
        Tier.IDENTIFIER,
        (
            form(led(r"tel(?:ephone|(?:e|\xc3\xa9|\xe9)fono|\.)?", "tfno", "tlf[no]?", "phone",
                     "cell(?:ular|phone)?", "mobile", r"m(?:o|\xc3\xb3|\xf3)vil", "pager")
                 + r"\.?" + IS + r"(?P<v>\+?\(?\d[\d ().-]{5,18}\d)(?:$|[^\w.-]|[.-](?:$|\D))",
                 0.8),
            form(led("fax(?:ed)?(?: (?:records|results|report|it|them|this))? (?:to|at)")
                 + r" (?P<v>\+?\(?\d[\d ().-]{5,18}\d)(?:$|[^\w.-]|[.-](?:$|\D))", 0.8),
        ),
        accept=is_led_phone,
        placeholder=nobody.of_phone,
    ),
    Recognizer(
        "CG-PHI-PHONE",
        Letter.D,
        "A telephone number",
        Tier.IDENTIFIER,
        (form(r"(?:^|[^\w.+)(-])(?P<v>[2-9]\d\d-\d{4})(?:$|[^\w.-]|[.-](?:$|\D))", 0.05),),
        context=words("phone tel telephone cell mobile call called contact reached reach dial pager"
                      " fax"),
        placeholder=nobody.of_phone,
    ),
    Recognizer(
        "CG-PHI-SSN",
        Letter.G,
        "A social security number",
        Tier.IDENTIFIER,
        (
            form(led("ss ?#", r"ss[ _-]?(?:no|num|number)\.?", r"soc\.? ?sec\w{0,5}\.?") + IS
                 + r"(?P<v>\d{3}[ -]?\d\d[ -]?\d{4})" + END, 0.85),
        ),
        accept=is_ssn,
        placeholder=nobody.of_ssn,
        severity="critical",
    ),
    Recognizer(
        "CG-PHI-ADDRESS",
        Letter.B,
        "A street address",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^\w.-])(?P<v>\d{1,6} (?:[NSEW]\.? )?(?:County Road|County Rd|State Route"
                 r"|Rural Route|State Highway|Route|Rte|Highway|Hwy|RR|CR|SR|FM|US)"
                 r" ?\d{1,4}(?: (?:North|South|East|West|[NSEW]))?)(?:$|\W)", 0.45),
            form(r"(?:^|[^\w.-])(?P<v>\d{1,6} (?:[NSEW]\.? )?\d{1,3}(?:st|nd|rd|th)"
                 r" (?:Street|St|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Place|Pl|Court|Ct|Terrace)\.?"
                 r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit)\.? ?#?\w{1,6}|,? #\w{1,6})?)(?:$|\W)",
                 0.45),
            form(rf"(?:^|[^\w.-])(?P<v>{_VIA} ?{_OF}{_WORD}(?: {_OF}{_WORD}){{0,3}}"
                 r",? (?:n\.?\xc2?[\xba\xb0]\.? ?)?(?:\d{1,4}|s/n))(?:$|[^\w/])", 0.45),
        ),
        context=words("address addr street lives living resides residence home mailing shipping "
                      "billing city zip patient located moved domicilio vive"),
        placeholder=nobody.of_place,
    ),
    Recognizer(
        "CG-PHI-ZIP",
        Letter.B,
        "A ZIP code",
        Tier.IDENTIFIER,
        (form(rf"(?:^|[^A-Za-z]){_STATE},? {{1,2}}(?P<v>\d{{5}}(?:-\d{{4}})?){END}", 0.5),),
        context=words("address addr street lives resides residence home mailing zip patient"),
        placeholder=nobody.of_place,
    ),
    Recognizer(
        "CG-PHI-PLACE",
        Letter.B,
        "A place in prose",
        Tier.NAME,
        (
            form(rf"(?:^|[^\w.])(?P<v>{_WORD} (?:{_WORD} |of |the |for ){{0,4}}{_FACILITY})"
                 r"(?:$|[^\w-])", 0.55),
            form(rf"(?:^|[^\w.])(?P<v>{_LEADING} (?:{_WORD} ){{0,2}}{_OF}{_WORD}(?: {_WORD}){{0,2}}"
                 r")(?:$|[^0-9A-Za-z_-])", 0.55),
        ),
    ),
)  # fmt: skip
