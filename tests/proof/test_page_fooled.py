"""Ways to make a page show, or call good, what nobody signed."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.evidence.signing import LocalSigner
from clinigate.reports.pagesign import sign_page, words_digest

Show = Callable[..., Any]
GOLDEN = Path(__file__).parents[1] / "reports" / "golden"

#: What is put before and behind a part of the page; no script of it and no attribute is changed.
WRAPPED = {
    "list": ("<datalist>", "</datalist>"),
    "folded": ("<details>", "</details>"),
    "struck": ("<s>", "</s>"),
    "canvas": ("<canvas>", "</canvas>"),
    "shadow": ('<template shadowrootmode="open">all well</template>', ""),
    "closed": ('<template shadowrootmode="closed">all well</template>', ""),
    "script": ('<script type="text/plain" class="card open">all well</script>', ""),
    "noscript": ('<noscript class="block">all well</noscript>', ""),
}


@pytest.fixture(scope="module")
def signed(make: Callable[..., Any]) -> tuple[str, LocalSigner]:
    run = make()
    return sign_page(run.page(), run.signer), run.signer


def test_the_page_itself_is_intact(signed: tuple[str, LocalSigner], show: Show) -> None:
    opened = show(signed[0])
    assert opened.state == "intact", opened.told


@pytest.mark.parametrize("how", WRAPPED)
def test_what_hides_the_words_is_red(signed: tuple[str, LocalSigner], show: Show, how: str) -> None:
    before, behind = WRAPPED[how]
    page = re.sub(
        r"(<main[^>]*>)(.*?)(</main>)", rf"\1{before}\2{behind}\3", signed[0], count=1, flags=re.S
    )
    assert page != signed[0]
    assert show(page).state == "broken"


@pytest.mark.parametrize(
    "more",
    [
        '<p class="card good">all well</p>',
        "all well",
        '<template shadowrootmode="open">all well</template>',
        '<script class="card" type="text/plain">all well</script>',
    ],
)
def test_what_is_added_behind_the_scripts_is_red(
    signed: tuple[str, LocalSigner], show: Show, more: str
) -> None:
    """The script that verifies runs before the parser has read this."""
    for end in ("</body>", "</html>"):
        page = signed[0].replace(end, f"{more}{end}")
        assert show(page).state == "broken"


def test_python_and_browser_digest_the_same_words(browser: Any) -> None:
    """On large pages too, which hold every kind of element that reports have."""
    templates = GOLDEN.parents[2] / "reports" / "templates"
    words = (templates / "proof_words.js").read_text(encoding="utf-8")
    words = words[: words.index("  // What the page shows as verdicts")]
    code = (templates / "proof_bytes.js").read_text(encoding="utf-8") + words
    # No script of the page changes it before it is looked at.
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for path in sorted(GOLDEN.glob("*.html")):
        page.goto(path.as_uri())
        found = page.evaluate(f"() => {{ {code} return text.decode(pageWords()); }}")
        digest = hashlib.sha256(found.encode()).hexdigest()
        assert digest == words_digest(path.read_text(encoding="utf-8")), path.name
    context.close()


def test_the_digest_knows_where_an_element_ends() -> None:
    one = words_digest("<details><summary>a</summary>b</details>c")
    other = words_digest("<details><summary>a</summary>bc</details>")
    assert one != other
    assert words_digest("<p>a</p><s>b</s>") != words_digest("<p>a</p>b")


def forged(tmp_path: Path, make: Callable[..., Any]) -> Any:
    """A bundle and a page of somebody else, with his own key and trust file in its folder."""
    other = make()
    folder = tmp_path / "given"
    shutil.copytree(other.bundle.path, folder)
    (folder / "ci.pem").write_bytes(other.signer.public.pem)
    coded = base64.b64encode(other.signer.public.spki).decode()
    (folder / "trust.toml").write_text(f'[[key]]\nname = "CI"\npublic_key = "{coded}"\n')
    return other, folder


@pytest.mark.parametrize("how", ["folder", "files"])
def test_a_key_that_came_with_the_bundle_is_no_trust(
    make: Callable[..., Any], show: Show, tmp_path: Path, how: str
) -> None:
    other, folder = forged(tmp_path, make)
    opened = show(other.page())
    assert opened.state == "intact"
    if how == "folder":
        opened.page.set_input_files("#proof-folder", str(folder))
    else:
        files = [str(each) for each in sorted(folder.iterdir()) if each.is_file()]
        opened.page.set_input_files("#proof-files", files)
    opened.waits_for("broken")
    assert "ci.pem: was not sealed with this run" in opened.told


@pytest.mark.parametrize(
    "line",
    [
        '"revoked_at" = 2026-01-01T00:00:00Z',
        "revoked_at=2026-01-01T00:00:00Z",
        "'revoked_at' = 2026-01-01T00:00:00Z",
        "not_before = 2999-01-01 12:00:00Z",
        "not_after = 2020-01-01 12:00:00Z",
    ],
)
def test_no_spelling_of_a_trust_file_lets_an_ended_key_count(
    signed: tuple[str, LocalSigner], show: Show, line: str
) -> None:
    page, signer = signed
    coded = base64.b64encode(signer.public.spki).decode()
    opened = show(page)
    entry = f'[[key]]\nname = "C\\"I"\nrole = "machine"\npublic_key = "{coded}"\n'
    opened.page.fill("#proof-key", entry + line + "\n")
    opened.page.click("#proof-give")
    opened.page.wait_for_function(
        "document.documentElement.dataset.proof !== 'intact'"
        " || document.getElementById('proof-note').textContent"
    )
    assert opened.state in ("foreign", "intact")
    opened.page.fill("#proof-key", entry)
    opened.page.click("#proof-give")
    opened.waits_for("trusted")
