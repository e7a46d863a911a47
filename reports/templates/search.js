"use strict";
(() => {
  // What can be found: rows of tables, test records, findings. Without a script all of it is there.
  const ITEMS = "tbody tr, article.measure, .finding, .fix, .deviation";
  const box = document.getElementById("search");
  const find = document.getElementById("find");
  const outcome = document.getElementById("with");
  const found = document.getElementById("found");
  const sections = [...document.querySelectorAll("section[id]")];
  let items = null;
  let unfolded = [];
  let waiting = 0;

  const collect = () => [...document.querySelectorAll(ITEMS)]
    .filter((each) => !each.parentElement.closest("article.measure, .finding, .fix, .deviation, figure"))
    .map((each) => ({ each, text: each.textContent.toLowerCase().replace(/\s+/g, " ") }));

  const fold = () => {
    unfolded.forEach((each) => { each.open = false; });
    unfolded = [];
  };

  const unfold = (each) => {
    for (let at = each.closest("details"); at; at = at.parentElement.closest("details")) {
      if (!at.open) { at.open = true; unfolded.push(at); }
    }
  };

  const search = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const status = outcome.value;
    const asked = words.length > 0 || status !== "";
    items ??= collect();
    fold();
    let number = 0;
    for (const { each, text } of items) {
      const fits = words.every((word) => text.includes(word))
        && (!status || each.querySelector(`.status.${status}`) !== null);
      each.toggleAttribute("data-out", asked && !fits);
      if (asked && fits && each.getClientRects) { number += 1; unfold(each); }
    }
    for (const section of sections) {
      const within = section.querySelectorAll(ITEMS);
      const left = [...within].some((each) => !each.closest("[data-out]"));
      section.toggleAttribute("data-out", asked && !left);
    }
    found.textContent = !asked ? "" : number === 0 ? "nothing found"
      : number === 1 ? "1 place" : `${number} places`;
  };

  const soon = () => { clearTimeout(waiting); waiting = setTimeout(search, 120); };
  find.addEventListener("input", soon);
  outcome.addEventListener("change", search);
  find.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { find.value = ""; outcome.value = ""; search(); }
  });
  addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      find.focus();
    }
  });
  box.hidden = false;
})();
