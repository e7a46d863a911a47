  // The words of the page as they were sent, digested as `reports/pagesign.py` does.
  const squeezed = (each) => each.replace(/[\x00-\x20\x7f]+/g, "");
  const UNREAD = new Set(["script", "noscript", "template"]);
  const IMPLIED = new Set(["html", "head", "body", "tbody"]);
  const VOID = new Set("area base br col embed hr img input link meta source track wbr".split(" "));
  const startOf = (node, tag) => {
    const told = [...node.attributes].map((each) => [each.name.toLowerCase(), squeezed(each.value)])
      .filter(([name]) => name !== "open").sort(([a], [b]) => (a < b ? -1 : 1));
    if (!told.length && (IMPLIED.has(tag) || UNREAD.has(tag))) return "";
    return `\x01${tag}${told.map(([n, v]) => `\x02${n}\x03${v}`).join("")}\x04`;
  };
  const pageWords = () => {
    const parts = [];
    const ends = [];
    let node = document.documentElement;
    while (node) {
      const tag = node.nodeType === 1 ? node.localName.toLowerCase() : "";
      if (node.nodeType === 3) parts.push(squeezed(node.data));
      const start = tag ? startOf(node, tag) : "";
      const end = start && !VOID.has(tag) ? "\x05" : "";
      parts.push(start);
      if (tag && !UNREAD.has(tag) && node.firstChild) {
        ends.push(end);
        node = node.firstChild;
        continue;
      }
      parts.push(end);
      while (node && !node.nextSibling) {
        node = node.parentNode === document ? null : node.parentNode;
        if (node) parts.push(ends.pop());
      }
      node = node && node.nextSibling;
    }
    return utf8.encode(parts.join(""));
  };
  // The words are those that stood before this script; what follows it must be scripts alone.
  const laterProblems = (script) => {
    const isNothing = (node) => node.nodeType === 8 || (node.nodeType === 3 && !squeezed(node.data))
      || (node.nodeType === 1 && node.localName === "script" && !node.attributes.length);
    for (let node = script.nextSibling; node; node = node.nextSibling) {
      if (!isNothing(node)) return ["this page: something was added to its end"];
    }
    return [];
  };
  // A shadow tree shows something else than the words that are digested; this page has none.
  const shadowProblems = () => {
    const hidden = [...document.querySelectorAll("body, body *")].some((each) => each.shadowRoot
      || getComputedStyle(each).display === "");
    return hidden ? ["this page: shows other words in the place of its own"] : [];
  };

  // What the page shows as verdicts, held against what was signed.
  const WORDS = {
{% for status, word in words.items() %}
    "{{ status.value }}": "{{ word }}",
{% endfor %}
  };
  const verdictProblems = (verdicts) => {
    const problems = [];
    const signed = new Map();
    for (const { criterion, status } of verdicts) {
      signed.set(criterion, [...(signed.get(criterion) ?? []), status]);
    }
    const shown = new Set();
    for (const place of document.querySelectorAll("[data-verdict]")) {
      const criterion = place.dataset.verdict;
      const badges = place.querySelectorAll(".status");
      const wanted = signed.get(criterion) ?? [];
      const right = badges.length === 1 && wanted.some((status) => WORDS[status] === badges[0].textContent.trim()
        && badges[0].classList.length === 2 && badges[0].classList.contains(status.toLowerCase()));
      if (right) shown.add(criterion);
      else problems.push(`this page: shows another verdict for ${criterion || "a criterion"} than was signed`);
    }
    for (const criterion of signed.keys()) {
      if (!shown.has(criterion)) problems.push(`this page: does not show the signed verdict of ${criterion}`);
    }
    return problems;
  };
