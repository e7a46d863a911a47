"""Numbers of accounts, cards and wallets: letter J."""

from __future__ import annotations

from clinigate.phi import placeholders as nobody
from clinigate.phi.model import Letter
from clinigate.phi.numbers import enough_digits, has_luhn, is_card, is_iban, is_routing
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import BARE, END, IS, NUMBER, NUMBER_END, led, separated, words
from clinigate.phi.wallets import is_wallet

__all__ = ["ROWS"]

_ACCOUNT = r"(?P<v>[A-Za-z]{0,4}-?\d[\d -]{3,22}\d|[A-Za-z]{1,4}-?[\d-]{5,20})" + END

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-CARD",
        Letter.J,
        "A payment card's number",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^\w.-])(?P<v>"
                 + separated(" -", r"\d{4}", r"\d{4}", r"\d{4}", r"\d{1,7}") + "|"
                 + separated(" -", r"\d{4}", r"\d{6}", r"\d{4,5}") + ")" + NUMBER_END, 0.9),
            form(BARE + r"\d{13,19})" + NUMBER_END, 0.8),
        ),
        context=words("card visa mastercard amex discover credit debit payment"),
        accept=is_card,
        placeholder=nobody.of_card,
    ),
    Recognizer(
        "CG-PHI-CARD",
        Letter.J,
        "A payment card's number",
        Tier.IDENTIFIER,
        (
            form(BARE + r"\d{12,19})" + NUMBER_END, 0.45),
            form(r"(?:^|[^\w.-])(?P<v>\d{4}[ -]?\d{3,4}[ -]?\d{3,4}[ -]?\d{3,5})" + NUMBER_END,
                 0.45),
        ),
        context=words("card visa mastercard maestro credit debit payment"),
        accept=has_luhn,
        placeholder=nobody.of_card,
    ),
    Recognizer(
        "CG-PHI-IBAN",
        Letter.J,
        "A bank account's number (IBAN)",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^\w-])(?P<v>[A-Z]{2}\d\d(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?)"
                 r"(?:$|[^0-9A-Za-z_])", 0.9),
            form(r"(?:^|[^\w-])(?P<v>(?i:[a-z]{2}\d\d(?:[ -]?[a-z0-9]{4}){2,7}"
                 r"(?:[ -]?[a-z0-9]{1,3})?))(?:$|[^0-9A-Za-z_])", 0.6),
        ),
        context=words("iban bank account"),
        accept=is_iban,
    ),
    Recognizer(
        "CG-PHI-ACCOUNT",
        Letter.J,
        "An account number",
        Tier.IDENTIFIER,
        (
            form(led(r"acc(?:oun)?t[ _.-]{0,2}(?:number|no\.?|num|nbr|#)",
                     *(f"{whose}[ _-]?acc(?:oun)?t{NUMBER}?" for whose in
                       ("bank", "patient", "hospital", "guarantor", "billing", "checking",
                        "savings")), "invoice[ _-]?(?:number|no|#)", "billing[ _-]?id",
                     "guarantor" + NUMBER) + IS + _ACCOUNT, 0.85),
            form(led("acc(?:oun)?t[ _-]ending(?:[ _-](?:in|with))?") + r"[ :]{1,2}(?P<v>\d{4})"
                 + END, 0.8),
            form(led("acct") + IS + r"(?P<v>\d[\d-]{5,20}\d)" + END, 0.8),
            form(led("account(?:[ _-]?id)?") + IS + r"(?P<v>[A-Z]{0,4}-?\d[\d-]{5,20}\d)" + END,
                 0.45),
        ),
        context=words("bank patient billing invoice hospital payment checking savings routing"),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-ROUTING",
        Letter.J,
        "A bank's routing number (ABA), which stands beside an account",
        Tier.IDENTIFIER,
        (form(BARE + r"[0-3]\d{8})" + NUMBER_END, 0.4),),
        context=words("routing aba rtn transit bank"),
        accept=is_routing,
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-WALLET",
        Letter.J,
        "A wallet's address",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^A-Za-z0-9])(?P<v>bc1[a-z0-9]{8,87})(?:$|[^A-Za-z0-9])", 0.8),
            form(r"(?:^|[^A-Za-z0-9])(?P<v>[13][A-HJ-NP-Za-km-z1-9]{25,34})(?:$|[^A-Za-z0-9])",
                 0.8),
        ),
        accept=is_wallet,
        severity="medium",
    ),
)  # fmt: skip
