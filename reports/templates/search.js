"use strict";
(() => {
  // What can be found: rows of tables, test records, findings. Without a script all of it is there.
  const ITEMS = "tbody tr, article.measure, .finding, .fix, .deviation, figure.exhibit";
  const INSIDE = "tbody tr, article.measure, .finding, .fix, .deviation, figure";
  const box = document.getElementById("search");
  const find = document.getElementById("find");
  const outcome = document.getElementById("with");
  const found = document.getElementById("found");
  const sections = [...document.querySelectorAll("section[id]")];
  let items = null;
  let unfolded = [];
  let waiting = 0;

  const collect = () => [...document.querySelectorAll(ITEMS)]
    .filter((each) => !each.parentElement.closest(INSIDE))
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

  // A table or a chapter of which nothing is left would be an empty frame.
  const holders = [...document.querySelectorAll("section table, section details, section .card, section[id]")];

  const search = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const status = outcome.value;
    const asked = words.length > 0 || status !== "";
    items ??= collect();
    fold();
    document.querySelectorAll("[data-out]").forEach((each) => each.removeAttribute("data-out"));
    found.textContent = "";
    if (!asked) { return; }
    const shown = new Set(sections.filter((each) => getComputedStyle(each).display !== "none"));
    const known = new Set(items.map(({ each }) => each));
    const live = new Set();
    let number = 0;
    for (const { each, text } of items) {
      const fits = words.every((word) => text.includes(word))
        && (!status || each.querySelector(`.status.${status}`) !== null);
      each.toggleAttribute("data-out", !fits);
      if (!fits) { continue; }
      for (let at = each; at; at = at.parentElement) { live.add(at); }
      if (shown.has(each.closest("section"))) { number += 1; unfold(each); }
    }
    for (const holder of holders) {
      const within = known.has(holder) || holder.parentElement.closest(INSIDE) !== null;
      if (!within && !live.has(holder)) { holder.setAttribute("data-out", ""); }
    }
    found.textContent = number === 0 ? "nothing found" : number === 1 ? "1 place" : `${number} places`;
  };

  const soon = () => { clearTimeout(waiting); waiting = setTimeout(search, 120); };
  find.addEventListener("input", soon);
  outcome.addEventListener("change", search);
  document.querySelectorAll("input[name=view]").forEach((each) => {
    each.addEventListener("change", search);
  });
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
