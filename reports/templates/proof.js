"use strict";
(() => {
{% include "proof_bytes.js" %}
{% include "proof_keys.js" %}
{% include "proof_words.js" %}
{% include "proof_check.js" %}
{% include "proof_files.js" %}

  // The page as it was sent: no script has touched it yet.
  const words = pageWords();
  const self = document.currentScript;
  const whole = new Promise((done) => document.addEventListener("DOMContentLoaded", done));
  const box = document.getElementById("proof-result");
  const form = document.getElementById("proof-form");
  const grouped = (keyid) => keyid.match(/.{8}/g).join(" ");
  const element = (kind, said, name) => {
    const made = document.createElement(kind);
    made.textContent = said;
    if (name) made.className = name;
    return made;
  };
  const TITLES = {
    broken: "Changed: do not rely on this page",
    foreign: "Not signed by a key that you gave",
    intact: "Intact; compare the key",
    trusted: "Intact, and signed by a key that you trust",
    unavailable: "Cannot be verified here",
    unknown: "Files intact; who signed is not verified",
  };
  const SIGNS = { broken: "fail", foreign: "fail", intact: "inconclusive", trusted: "pass", unavailable: "not_assessed", unknown: "inconclusive" };
  const badge = document.createElement("a");
  badge.href = "#proof";
  const icon = (state) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `#i-${SIGNS[state]}`);
    svg.append(use);
    return svg;
  };
  const show = (state, sentences) => {
    document.documentElement.dataset.proof = state;
    box.dataset.state = state;
    const title = element("p", "", "proof-title");
    title.append(icon(state), TITLES[state]);
    const list = element("ul", "");
    list.append(...sentences.slice(0, 20).map((each) => element("li", each)));
    if (sentences.length > 20) list.append(element("li", `and ${sentences.length - 20} more`));
    box.replaceChildren(title, list);
    badge.className = `proof-badge status ${SIGNS[state]}`;
    badge.replaceChildren(icon(state), TITLES[state]);
  };

  const shown = { proof: null, page: null, problems: [], keys: null, given: null };
  const spoken = (page, trusted) => {
    if (!page.signed) {
      return "The words of this page are not signed; its verdicts are those of the signed statement. For all else that it says, make it again from the bundle.";
    }
    return trusted
      ? "The words of this page are signed too, by a key that you gave, and unchanged."
      : "The words of this page are signed too, and unchanged.";
  };
  const counted = () => {
    const [held, all] = [shown.proof.data.files.length, shown.proof.files.size];
    const rest = all - held;
    return rest
      ? `${held} of ${all} sealed files are in this page and unchanged; give the others below, or the whole bundle.`
      : `All ${all} sealed files are in this page and unchanged.`;
  };
  const givenWords = () => {
    if (!shown.given) return [];
    const { good, beside } = shown.given;
    return [`Of the files that you gave, ${good} are as they were sealed${beside ? `; ${beside} lie outside of the seal and were not looked at` : ""}.`];
  };
  const pageSigners = async (keys) => (shown.page.opened ? signersOf(shown.page.opened, keys) : []);

  // Who signed, as far as the keys in the page tell: it is whole. Whose they are, they cannot tell.
  const judgeAlone = async () => {
    const { proof, page } = shown;
    const signers = await signersOf(proof.opened, proof.keys);
    const problems = signatureProblems(proof.opened, signers, proof.envelopeName);
    if (proof.keys.length && signers.length < proof.keys.length) {
      problems.push(`${proof.envelopeName}: was changed: the signature does not hold`);
    }
    if (page.opened) {
      const spoke = await pageSigners(page.keys);
      problems.push(...signatureProblems(page.opened, spoke, "this page"));
      if (spoke.length < page.keys.length || !page.keys.length) {
        problems.push("this page: the signature of its words does not hold");
      }
    }
    return { signers, problems };
  };
  const judge = async () => {
    const { proof, page } = shown;
    const alone = await judgeAlone();
    const problems = [...shown.problems, ...alone.problems, ...(shown.given?.problems ?? [])];
    if (problems.length) return show("broken", problems);
    if (!shown.keys) {
      if (!alone.signers.length) {
        return show("unknown", ["The key that signed is not in this page: give the signer's public key below.", counted(), ...givenWords()]);
      }
      return show("intact", [
        ...alone.signers.map(({ keyid }) => `Signed by key ${grouped(keyid)}, which came with this page. Compare it with the fingerprint that its owner published elsewhere, or give the public key below.`),
        counted(), spoken(page, false), ...givenWords(),
      ]);
    }
    const moment = proof.statement.predicate.sealedAt;
    const held = await signersOf(proof.opened, shown.keys);
    const counting = held.filter((key) => whyNot(key, moment) === null);
    if (!counting.length) {
      const why = held.map((key) => `Key ${grouped(key.keyid)}: ${whyNot(key, moment)}.`);
      return show("foreign", why.length ? why : ["None of the keys that you gave signed this statement. Ask its owner which key signs, and do not rely on this page."]);
    }
    if (held.some((key) => key.named !== key.keyid)) {
      return show("broken", [`${proof.envelopeName}: a key id does not name the key that signed; it was edited`]);
    }
    const spoke = (await pageSigners(shown.keys)).filter((key) => whyNot(key, moment) === null);
    if (page.signed && !spoke.length) {
      return show("foreign", ["The statement is signed by a key that you gave, but the words of this page by another one: make the page again from the bundle."]);
    }
    return show("trusted", [
      ...counting.map((key) => `Signed by key ${grouped(key.keyid)}${key.name ? `, ${key.name} in the file that you gave` : ""}.`),
      counted(), spoken(page, true), ...givenWords(),
    ]);
  };

  const note = document.getElementById("proof-note");
  const guarded = async (act) => {
    note.textContent = "";
    try {
      await act();
      await judge();
    } catch (error) {
      note.textContent = `${error.message}.`;
    }
  };
  const trust = async (given) => { shown.keys = await readTrust(given); };
  const take = async (given) => {
    // A key that lies in a folder, or beside the statement, came with the bundle: it is no trust.
    const isBundle = given.some(({ path }) => path.split("/").pop() === shown.proof.envelopeName);
    const isKey = ({ path }) => !isBundle && /^[^/]+\.(?:pem|pub|toml|crt|key)$/i.test(path);
    for (const { file } of given.filter(isKey)) await trust(await file.text());
    const rest = given.filter((each) => !isKey(each));
    if (rest.length) shown.given = await compareGiven(await unpacked(rest), shown.proof);
  };
  const listen = () => {
    form.hidden = false;
    document.getElementById("proof-give").addEventListener("click", () => {
      guarded(() => trust(document.getElementById("proof-key").value));
    });
    for (const id of ["proof-files", "proof-folder"]) {
      const input = document.getElementById(id);
      input.addEventListener("change", () => guarded(() => take(
        [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file })))));
    }
    form.addEventListener("dragover", (event) => event.preventDefault());
    form.addEventListener("drop", (event) => {
      event.preventDefault();
      const given = dropped(event.dataTransfer);
      guarded(async () => take(await given));
    });
  };

  const begin = async () => {
    await whole;
    document.querySelector(".bar > div")?.append(badge);
    if (!globalThis.crypto?.subtle) {
      return show("unavailable", ["This browser gives a page no cryptography here, as it does over plain http. Save the page and open it from your disk, or use clinigate verify."]);
    }
    try {
      shown.proof = await readProof();
      shown.page = await readPage(shown.proof, words);
      shown.problems = [
        ...await fileProblems(shown.proof),
        ...shown.page.problems,
        ...laterProblems(self),
        ...shadowProblems(),
        ...verdictProblems(shown.proof.statement.predicate.verdicts),
      ];
      await judge();
      listen();
    } catch (error) {
      if (error.name === "NotSupportedError") {
        return show("unavailable", ["This browser does not know the kind of key that signed. Use a newer one, or clinigate verify."]);
      }
      show("broken", [error instanceof SyntaxError || error instanceof TypeError
        ? "What this page carries to verify itself was changed." : error.message]);
    }
    return undefined;
  };
  begin();
})();
