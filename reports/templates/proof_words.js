  // The words of the page as they were sent, digested as `reports/pagesign.py` does.
  const squeezed = (each) => each.replace(/[\x00-\x20\x7f]+/g, "");
  const UNREAD = "script, noscript, template";
  const pageWords = () => {
    const parts = [];
    const walker = document.createTreeWalker(document, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT,
      (node) => (node.nodeType === 1 && node.matches(UNREAD) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.nodeType === 3) {
        parts.push(squeezed(node.data));
      } else {
        const told = [...node.attributes].map((each) => [each.name.toLowerCase(), squeezed(each.value)])
          .filter(([name]) => name !== "open").sort(([a], [b]) => (a < b ? -1 : 1));
        if (told.length) {
          parts.push(`\x01${node.localName.toLowerCase()}${told.map(([n, v]) => `\x02${n}\x03${v}`).join("")}\x04`);
        }
      }
    }
    return utf8.encode(parts.join(""));
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
