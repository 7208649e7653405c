"use strict";
// Tables that sort by their headings; boxes and marks that are reached by Tab and the arrow keys;
// and the numbers of the mark that is pointed at.

// ---- sorting: a click sorts ascending, a second one descending; empty values stay at the end ----

function order(table, heads, column) {
  const head = heads[column];
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of heads) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const value = row => row.cells[column].dataset.value;
  const compare = (a, b) => {
    const x = value(a), y = value(b);
    if (x === "" || y === "") return (x === "") - (y === "");
    const sign = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
    return up ? sign : -sign;
  };
  const body = table.tBodies[0];
  body.append(...[...body.rows].sort(compare));
}

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = make("button", { type: "button" }, ...head.childNodes);
    button.addEventListener("click", () => order(table, heads, column));
    head.append(button);
  });
}

// ---- one stop of Tab for each table and plot; arrow keys within ---------------------------------

for (const place of document.querySelectorAll("span[data-cell]")) {
  const button = make("button", { type: "button" }, ...place.childNodes);
  const { problem, size, method, outcome } = data.cells[place.dataset.cell];
  const name = `${method}, ${problem} at size ${size}: ${outcome}; ${button.innerText}`;
  button.setAttribute("aria-label", name);
  button.setAttribute("aria-haspopup", "dialog");
  place.append(button);
}
for (const title of document.querySelectorAll(".mark > title")) {
  title.parentNode.setAttribute("aria-label", title.textContent);
  title.remove(); // the label says it, and a tip shows it at once
}

const STOPS = "thead button, td [data-cell] > button, .mark";
const SETS = "table.sortable, figure > svg";
const seen = stop => stop.closest("[hidden]") === null;
const sets = [...document.querySelectorAll(SETS)].filter(set => set.querySelector(STOPS) !== null);
const stops = set => [...set.querySelectorAll(STOPS)].filter(seen);

// One element of a set takes part in the order of Tab: the last one that was reached.
function settle(set, at) {
  for (const stop of set.querySelectorAll(STOPS)) stop.setAttribute("tabindex", "-1");
  (at ?? stops(set)[0])?.setAttribute("tabindex", "0");
}

function neighbour(set, at, key) {
  const all = stops(set);
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  const along = { ArrowLeft: -1, ArrowRight: 1 }[key];
  const across = { ArrowUp: -1, ArrowDown: 1 }[key];
  const cell = stop => stop.closest("th, td");
  if (cell(at) === null) return all[all.indexOf(at) + (along ?? across)];
  const beside = stop => stop.closest("tr") === at.closest("tr");
  const below = stop => cell(stop).cellIndex === cell(at).cellIndex;
  const line = all.filter(along ? beside : below);
  return line[line.indexOf(at) + (along ?? across)];
}

// The document listens for all: an SVG that listened itself would become a stop of its own.
const KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
for (const set of sets) settle(set);
document.addEventListener("focusin", event => {
  const stop = event.target.closest(STOPS);
  if (stop?.closest(SETS)) settle(stop.closest(SETS), stop);
});
document.addEventListener("keydown", event => {
  const at = event.target.closest(STOPS);
  if (!at?.closest(SETS) || !KEYS.includes(event.key)) return;
  event.preventDefault();
  neighbour(at.closest(SETS), at, event.key)?.focus();
});
document.addEventListener("filtered", () => {
  for (const set of sets) {
    const now = set.querySelector("[tabindex='0']");
    settle(set, now && seen(now) ? now : undefined);
  }
});

// ---- the numbers of a mark ----------------------------------------------------------------------

const tip = make("div", { class: "tip", "aria-hidden": "true", hidden: "" });
document.body.append(tip);

function tell(event) {
  const mark = event.target.closest?.(".mark[aria-label]");
  tip.hidden = !mark;
  if (!mark) return;
  tip.textContent = mark.getAttribute("aria-label");
  const box = mark.getBoundingClientRect();
  const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
  tip.style.left = Math.max(8, Math.min(box.left, room)) + "px";
  const above = box.top - tip.offsetHeight - 8;
  tip.style.top = (above > 0 ? above : box.bottom + 8) + "px";
}

// Among many methods, the one that is pointed at stands out; in a legend, too.
const coloured = [...document.querySelectorAll(".matrix :is(.mark, .line)[data-method]")];

function follow(event) {
  const method = event.target.closest?.(".mark[data-method], .legend [data-method]")?.dataset.method;
  for (const one of coloured) {
    one.classList.toggle("faint", method !== undefined && one.dataset.method !== method);
  }
}

for (const name of ["pointerover", "focusin"]) {
  document.addEventListener(name, tell);
  document.addEventListener(name, follow);
}
document.addEventListener("scroll", () => (tip.hidden = true), { passive: true });
