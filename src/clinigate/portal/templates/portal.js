"use strict";
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ?? (prefersDark.matches ? "dark" : "light")) === "dark";
  const show = () => { button.textContent = isDark() ? "Light theme" : "Dark theme"; };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    show();
  });
  prefersDark.addEventListener("change", show);
  button.hidden = false;
  show();

  const bar = document.getElementById("filter");
  if (!bar) return;
  const field = bar.querySelector("input");
  const told = bar.querySelector("output");
  const rows = [...document.querySelectorAll("[data-filtered] tbody tr")];
  const words = rows.map((row) => row.textContent.toLowerCase());
  const narrow = () => {
    const wanted = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let kept = 0;
    rows.forEach((row, index) => {
      row.hidden = !wanted.every((word) => words[index].includes(word));
      kept += row.hidden ? 0 : 1;
    });
    told.textContent = wanted.length ? `${kept} of ${rows.length} shown` : "";
  };
  field.addEventListener("input", narrow);
  bar.hidden = false;
  narrow();
})();
