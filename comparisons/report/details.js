"use strict";
// The details of a cell: what was measured, the errors at every size, earlier records, its texts and
// the environment. A dialog of the browser's own: Esc closes it, and the focus goes back.

const dialog = make("dialog", { "aria-labelledby": "what" });
document.body.append(dialog);

const list = facts => make("dl", {}, ...facts.flatMap(
  ([name, value]) => [make("dt", {}, name), make("dd", {}, value)],
));

function table(caption, names, rows) {
  const head = make("tr", {}, ...names.map(name => make("th", { scope: "col" }, name)));
  const body = rows.map(row => make("tr", {}, ...row.map(cell => make("td", {}, cell))));
  const filled = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
  const box = { class: "wide", tabindex: "0", role: "region", "aria-label": caption };
  return [make("h3", {}, caption), make("div", box, filled)];
}

function fill(cell) {
  const same = data.cells.filter(c => c.problem === cell.problem && c.method === cell.method);
  const close = make("button", { type: "button", class: "close" }, "Close");
  close.addEventListener("click", () => dialog.close());
  const verdict = make("b", { class: "verdict" }, cell.outcome);
  const parts = [
    close,
    make("h2", { id: "what" }, `${cell.method} on ${cell.problem}, size ${cell.size}`),
    make("p", { class: "state" }, data.methods[cell.method] ?? ""),
    make("p", {}, verdict, cell.reason && `: ${cell.reason}`),
    list(cell.facts),
    ...table(
      "Errors of this method at every size",
      ["size", "outcome", "relative error", "ulps", "derivative"],
      same.map(c => c.history),
    ),
  ];
  if (cell.earlier.length) {
    const names = ["finished", "settings", "status", "relative error", "derivative"];
    parts.push(...table("Earlier records of this cell", names, cell.earlier));
  }
  for (const [title, body] of cell.texts) {
    const box = { tabindex: "0", role: "region", "aria-label": title };
    parts.push(make("h3", {}, title), make("pre", box, body));
  }
  for (const [name, facts] of data.environment) parts.push(make("h3", {}, name), list(facts));
  dialog.replaceChildren(...parts);
  return close;
}

const nameOf = cell => `${cell.problem}/${cell.size}/${cell.method}`;

function open(place) {
  const cell = data.cells[place];
  if (cell === undefined || dialog.open) return;
  const close = fill(cell);
  const from = document.activeElement;
  dialog.addEventListener("close", () => {
    remember(params => params.delete("cell"));
    from?.focus?.();
  }, { once: true });
  remember(params => params.set("cell", nameOf(cell)));
  dialog.showModal();
  close.focus();
  dialog.scrollTop = 0;
}

document.addEventListener("click", event => {
  if (event.target === dialog) dialog.close(); // beside it
  const place = event.target.closest?.(".matrix .mark[data-cell], .matrix [data-cell] > button");
  if (place) open(place.dataset.cell ?? place.parentNode.dataset.cell);
});
document.addEventListener("keydown", event => {
  const mark = event.target.closest?.(".matrix .mark[data-cell]");
  if (mark && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    open(mark.dataset.cell);
  }
});

// A link may name a cell.
const linked = view().get("cell");
if (linked) open(data.cells.findIndex(cell => nameOf(cell) === linked));
