"use strict";
(() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;

  const themes = ["auto", "light", "dark"];
  const button = byId("theme");
  const show = (theme) => {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    button.lastElementChild.textContent = theme;
  };
  const remember = (theme) => { try { localStorage.setItem("perfkit-theme", theme); } catch { /* files may have no storage */ } };
  const remembered = () => { try { return localStorage.getItem("perfkit-theme"); } catch { return null; } };
  let theme = themes.includes(remembered()) ? remembered() : "auto";
  show(theme);
  button.hidden = false;
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    show(theme);
    remember(theme);
  });

  const rows = all(".finding");
  const chips = all(".chip");
  all(".tools, .chips").forEach((control) => { control.hidden = false; });
  const filter = () => {
    const text = byId("search").value.trim().toLowerCase();
    const words = new Set(chips.filter((chip) => chip.ariaPressed === "true").map((chip) => chip.dataset.word));
    let shown = 0;
    for (const row of rows) {
      row.hidden = !(words.has(row.dataset.word) && row.dataset.name.toLowerCase().includes(text));
      shown += row.hidden ? 0 : 1;
    }
    byId("none").hidden = shown > 0;
  };
  byId("search").addEventListener("input", filter);
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.ariaPressed = String(chip.ariaPressed !== "true");
      filter();
    });
  }

  const orders = {
    order: (a, b) => a.dataset.order - b.dataset.order,
    name: (a, b) => a.dataset.name.localeCompare(b.dataset.name, undefined, { numeric: true }),
    change: (a, b) => (b.dataset.change || -Infinity) - (a.dataset.change || -Infinity),
  };
  byId("sort").addEventListener("change", (event) => {
    byId("rows").append(...rows.toSorted(orders[event.target.value]));
  });
  const unfold = byId("unfold");
  unfold.addEventListener("click", () => {
    const open = !rows.every((row) => row.open || row.hidden);
    rows.forEach((row) => { row.open = open; });
    unfold.textContent = open ? "Close all" : "Open all";
  });
  addEventListener("beforeprint", () => {
    rows.forEach((row) => { if (row.querySelector("summary .word.bad, summary .word.unsure")) row.open = true; });
  });
  const reveal = () => {
    const target = location.hash.length > 1 && byId(location.hash.slice(1));
    const finding = target && target.closest(".finding");
    if (finding) { finding.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", reveal);
  reveal();

  const tip = byId("tip");
  let ring = null;
  const leave = () => { tip.hidden = true; if (ring) ring.remove(); };
  const hover = (event) => {
    const svg = event.target.closest && event.target.closest(".chart svg");
    if (!svg) { leave(); return; }
    const figure = svg.closest("figure");
    const title = svg.querySelector("title");
    if (title) { svg.setAttribute("aria-label", title.textContent); title.remove(); }
    const frame = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / frame.width;
    const at = [(event.clientX - frame.left) * scale, (event.clientY - frame.top) * scale];
    let best = null;
    figure.dataset.points.split(" ").forEach((pair, index) => {
      const [x, y] = pair.split(",").map(Number);
      const away = Math.hypot(x - at[0], (y - at[1]) * 0.5);
      if (best === null || away < best.away) best = { x, y, index, away };
    });
    if (!best || best.away > 40 || Number.isNaN(best.x)) { leave(); return; }
    const cells = byId(figure.dataset.table).querySelector("tbody").rows[best.index].cells;
    tip.textContent = [...cells].map((cell) => cell.textContent).filter(Boolean).join(" · ");
    tip.hidden = false;
    const left = frame.left + best.x / scale + scrollX;
    tip.style.left = `${Math.max(4, Math.min(left + 10, scrollX + root.clientWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${frame.top + best.y / scale + scrollY - tip.offsetHeight - 10}px`;
    ring = ring || document.createElementNS("http://www.w3.org/2000/svg", "circle");
    ring.setAttribute("class", "hit");
    ring.setAttribute("r", "6");
    ring.setAttribute("cx", best.x);
    ring.setAttribute("cy", best.y);
    svg.append(ring);
  };
  document.addEventListener("pointermove", hover);
  document.addEventListener("pointerleave", leave);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") leave(); });
})();
