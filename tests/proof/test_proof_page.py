"""A report in a browser says of itself whether it is whole, and never more than it can know."""

from __future__ import annotations

import base64
import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from clinigate.core.canonical import canonical_bytes
from clinigate.evidence.bundle import export_zip
from clinigate.evidence.envelope import sign_envelope
from clinigate.evidence.names import PAYLOAD_TYPE
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.pipeline.examine import examine
from clinigate.pipeline.publish import report_of
from clinigate.reports.html import render_html
from clinigate.reports.pagesign import sign_page

Show = Callable[..., Any]
NO_CRYPTO = "Object.defineProperty(globalThis, 'crypto', {value: {}});"
OLD_BASE64 = "delete Uint8Array.fromBase64;"


def give_key(opened: Any, text: str) -> None:
    opened.page.fill("#proof-key", text)
    opened.page.click("#proof-give")


def give_files(opened: Any, *paths: Path) -> None:
    opened.page.set_input_files("#proof-files", [str(path) for path in paths])


def trust_toml(signer: LocalSigner, more: str = "") -> str:
    return (
        "# keys that count\n[[key]]\n"
        f'name = "CI <b>pipeline</b>"\nrole = "machine"\nkeyid = "{signer.keyid}"\n'
        f'public_key = "{base64.b64encode(signer.public.spki).decode()}"\n{more}'
    )


def embedded(page: str) -> dict[str, Any]:
    found = re.search(r'id="proof-data">(.*?)</script>', page)
    assert found is not None
    return json.loads(found[1])  # type: ignore[no-any-return]


def test_it_is_intact_and_no_more_before_a_key_is_given(made: Any, show: Show) -> None:
    """Amber: the key came with the page, and anybody can make a page with a key."""
    opened = show(made.page())
    assert opened.state == "intact"
    assert "Compare it with the fingerprint" in opened.told
    assert "All 6 sealed files are in this page" in opened.told
    assert made.signer.keyid in opened.told.replace(" ", "")
    assert opened.console == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("kind", ["pem", "toml", "file"])
def test_it_is_green_with_the_key_that_the_reader_trusts(
    made: Any, show: Show, tmp_path: Path, kind: str
) -> None:
    opened = show(made.page())
    if kind == "pem":
        give_key(opened, made.signer.public.pem.decode())
    elif kind == "toml":
        give_key(opened, trust_toml(made.signer))
    else:
        (tmp_path / "ci.pem").write_bytes(made.signer.public.pem)
        give_files(opened, tmp_path / "ci.pem")
    opened.waits_for("trusted")
    assert opened.page.locator("#proof-result b").count() == 0
    assert opened.console == []


def test_another_key_is_no_green(made: Any, foreign: LocalSigner, show: Show) -> None:
    opened = show(made.page())
    give_key(opened, foreign.public.pem.decode())
    opened.waits_for("foreign")
    assert "None of the keys that you gave" in opened.told


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("revoked_at = 2026-09-01T00:00:00Z", "was revoked at 2026-09-01"),
        ("not_before = 2027-01-01T00:00:00Z", "is not valid before 2027-01-01"),
        ("not_after = 2026-01-01T00:00:00Z", "is not valid from 2026-01-01"),
        ('not_after = "tomorrow"', "is not valid from tomorrow"),
    ],
)
def test_a_key_that_does_not_count_then_is_no_green(
    ed25519_run: Any, show: Show, more: str, why: str
) -> None:
    opened = show(ed25519_run.page())
    give_key(opened, trust_toml(ed25519_run.signer, more))
    opened.waits_for("foreign")
    assert why in opened.told


def test_what_is_no_key_is_told_and_changes_nothing(ed25519_run: Any, show: Show) -> None:
    opened = show(ed25519_run.page())
    for given, why in [
        ("", "no public key in it"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n", "this is a private key"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "wanted an Ed25519"),
    ]:
        give_key(opened, given)
        opened.page.get_by_role("alert").filter(has_text=why).wait_for()
        assert opened.state == "intact"


def test_a_page_without_the_key_still_checks_its_files(made: Any, show: Show) -> None:
    opened = show(made.page(trust=TrustStore(())))
    assert opened.state == "unknown"
    give_key(opened, made.signer.public.pem.decode())
    opened.waits_for("trusted")


def test_without_cryptography_it_says_so(ed25519_run: Any, show: Show) -> None:
    """Neither red nor green: nothing was looked at."""
    opened = show(ed25519_run.page(), before=NO_CRYPTO)
    assert opened.state == "unavailable"
    assert "Cannot be verified here" in opened.told
    assert not opened.page.locator("#proof-form").is_visible()


def test_without_scripts_it_claims_nothing(ed25519_run: Any, browser: Any, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    (tmp_path / "report.html").write_text(ed25519_run.page(), encoding="utf-8")
    page.goto((tmp_path / "report.html").as_uri())
    assert "Not verified" in page.inner_text("#proof-result")
    context.close()


def test_an_older_browser_reads_base64_too(made: Any, show: Show) -> None:
    assert show(made.page(), before=OLD_BASE64).state == "intact"


def edited(page: str, place: int) -> str:
    other = "B" if page[place] != "B" else "C"
    return page[:place] + other + page[place + 1 :]


def test_every_changed_byte_of_what_it_carries_is_red(ed25519_run: Any, show: Show) -> None:
    page = ed25519_run.page()
    start, end = (
        page.index('id="proof-data">') + 16,
        page.index('<script type="application/json" id="proof-page"'),
    )
    places = random.Random(8).sample(range(start, end - len("</script>\n")), 16)
    for place in places:
        assert show(edited(page, place)).state == "broken", page[place - 20 : place + 20]


def test_the_file_that_was_changed_is_named(ed25519_run: Any, show: Show) -> None:
    page = ed25519_run.page()
    data = embedded(page)
    named = [("statement.dsse.json", data["statement"]["data"])]
    named += [(each["name"], each["data"]) for each in data["files"]]
    for name, coded in named:
        opened = show(edited(page, page.index(coded) + len(coded) // 2))
        assert opened.state == "broken"
        assert f"{name}: was changed" in opened.told


def test_a_forger_gets_amber_with_his_own_key_and_red_with_the_true_one(
    make: Callable[..., Any], foreign: LocalSigner, show: Show
) -> None:
    made = make()
    payload = json.loads(made.bundle.envelope.payload)
    payload["predicate"]["sealedAt"] = "2026-08-21T11:00:00.000000Z"
    forged = sign_envelope(canonical_bytes(payload), PAYLOAD_TYPE, [foreign])
    (made.bundle.path / "statement.dsse.json").write_bytes(canonical_bytes(forged))
    his = TrustStore((TrustedKey(foreign.public, "him", "machine"),))
    opened = show(render_html(report_of(examine(made.bundle.path, trust=his), None)))
    assert opened.state == "intact"
    give_key(opened, made.signer.public.pem.decode())
    opened.waits_for("foreign")


def test_an_edited_key_id_is_told(make: Callable[..., Any], show: Show) -> None:
    made = make()
    envelope = json.loads(made.bundle.envelope_bytes)
    envelope["signatures"][0]["keyid"] = "0" * 64
    page = made.page()
    data = embedded(page)
    changed = base64.b64encode(canonical_bytes(envelope)).decode()
    opened = show(page.replace(data["statement"]["data"], changed))
    assert opened.state == "broken"
    assert "a key id does not name the key that signed" in opened.told


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('class="status pass">', 'class="status fail">'),
        ("PASS</span>", "FAIL</span>"),
        ('data-verdict="crisis.false_negative_rate"', 'data-verdict="another"'),
        ("data-verdict=", "data-nothing="),
    ],
)
def test_a_verdict_that_was_not_signed_is_red(
    ed25519_run: Any, show: Show, old: str, new: str
) -> None:
    page = ed25519_run.page()
    start = page.index('data-verdict="')
    head, tail = page[: start - 60], page[start - 60 :]
    if old == "data-verdict=":
        head, tail = "", page
    assert old in tail
    changed = head + tail.replace(old, new, -1 if old == "data-verdict=" else 1)
    opened = show(changed)
    assert opened.state == "broken"
    assert "verdict" in opened.told


def test_signed_words_are_told_and_any_other_word_is_red(made: Any, show: Show) -> None:
    page = sign_page(made.page(), made.signer)
    opened = show(page)
    assert opened.state == "intact"
    assert "The words of this page are signed too" in opened.told
    give_key(opened, made.signer.public.pem.decode())
    opened.waits_for("trusted")
    for old, new in [
        ("Evaluation of", "Evaluation or"),
        ("<h1>demo", "<h1>Demo"),
        ('class="card open"', 'class="card good"'),
        ('<section id="people"', '<section hidden id="people"'),
    ]:
        assert old in page
        changed = show(page.replace(old, new, 1))
        assert changed.state == "broken"
        assert "its words or their look" in changed.told


def test_unsigned_words_are_not_claimed(ed25519_run: Any, show: Show) -> None:
    opened = show(ed25519_run.page().replace("<h1>demo", "<h1>Demo", 1))
    assert opened.state == "intact"
    assert "The words of this page are not signed" in opened.told


def test_words_signed_by_another_are_no_green(
    ed25519_run: Any, foreign: LocalSigner, show: Show
) -> None:
    opened = show(sign_page(ed25519_run.page(), foreign))
    give_key(opened, ed25519_run.signer.public.pem.decode())
    opened.waits_for("foreign")
    assert "the words of this page by another one" in opened.told


def test_a_signature_of_other_words_is_red(ed25519_run: Any, show: Show) -> None:
    """The signature block of one page does not fit another one."""
    page = ed25519_run.page()
    other = sign_page(page.replace("<h1>demo", "<h1>Demo", 1), ed25519_run.signer)
    block = re.search(r'<script type="application/json" id="proof-page">.*?</script>', other)
    assert block is not None
    place = '<script type="application/json" id="proof-page">null</script>'
    assert show(page.replace(place, block[0])).state == "broken"


def test_given_files_are_held_against_the_statement(
    ed25519_run: Any, show: Show, tmp_path: Path
) -> None:
    opened = show(ed25519_run.page())
    bundle = ed25519_run.bundle
    give_files(opened, bundle.path / "results.json")
    opened.page.get_by_text("Of the files that you gave, 1 are as they were sealed").wait_for()
    changed = tmp_path / "results.json"
    changed.write_bytes(bundle.read("results.json").replace(b"PASS", b"FAIL", 1))
    give_files(opened, changed)
    opened.waits_for("broken")
    assert "results.json: was changed" in opened.told
    (tmp_path / "more.txt").write_text("x")
    give_files(opened, tmp_path / "more.txt")
    opened.page.get_by_text("more.txt: was not sealed with this run").wait_for()


def test_a_zip_is_checked_whole(ed25519_run: Any, show: Show, tmp_path: Path) -> None:
    opened = show(ed25519_run.page())
    bundle = ed25519_run.bundle
    sound = export_zip(bundle, tmp_path / "sound.zip")
    give_files(opened, sound)
    opened.page.get_by_text("Of the files that you gave, 7 are as they were sealed").wait_for()
    assert opened.state == "intact"
    data = bytearray(sound.read_bytes())
    (tmp_path / "cut.zip").write_bytes(data[: len(data) // 2])
    give_files(opened, tmp_path / "cut.zip")
    opened.page.get_by_role("alert").filter(has_text="not a zip, or cut off").wait_for()


@pytest.mark.parametrize("how", ["changed", "missing", "added"])
def test_a_folder_is_checked_whole(ed25519_run: Any, show: Show, tmp_path: Path, how: str) -> None:
    folder = tmp_path / "given"
    shutil.copytree(ed25519_run.bundle.path, folder)
    if how == "changed":
        (folder / "environment.json").write_text("{}")
    elif how == "missing":
        (folder / "environment.json").unlink()
    else:
        (folder / "environment2.json").write_text("{}")
    opened = show(ed25519_run.page())
    opened.page.set_input_files("#proof-folder", str(folder))
    opened.waits_for("broken")
    told = {
        "changed": "environment.json: was changed",
        "missing": "environment.json: missing",
        "added": "environment2.json: was not sealed",
    }[how]
    assert told in opened.told


@pytest.mark.parametrize("width", [320, 1280])
def test_it_is_accessible_and_fits(ed25519_run: Any, show: Show, width: int) -> None:
    for scheme in ("light", "dark"):
        opened = show(
            ed25519_run.page(), viewport={"width": width, "height": 800}, color_scheme=scheme
        )
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(opened.page, "#proof")
        assert found.violations_count == 0, found.generate_report()


def test_the_keyboard_reaches_the_form(ed25519_run: Any, show: Show) -> None:
    opened = show(ed25519_run.page())
    opened.page.focus("#proof-key")
    opened.page.keyboard.insert_text(ed25519_run.signer.public.pem.decode())
    opened.page.keyboard.press("Tab")
    opened.page.keyboard.press("Enter")
    opened.waits_for("trusted")
    assert opened.state == "trusted"


@pytest.fixture(scope="module")
def foreign() -> LocalSigner:
    return generate_signer()
