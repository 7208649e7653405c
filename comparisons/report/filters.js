"use strict";
// Filters: whatever names a problem, size, method or outcome that is not asked for is hidden, be it
// a row, a column, a plot or a mark in one.

const form = document.getElementById("filters");
const boxes = form ? [...form.querySelectorAll("[name=method]")] : [];

const sizes = {};
for (const { problem, size } of data.cells) (sizes[problem] ??= new Set()).add(size);
const least = problem => Math.min(...sizes[problem]);
const most = problem => Math.max(...sizes[problem]);

function wanted() {
  return {
    problem: form.elements.problem.value,
    size: form.elements.size.value,
    outcome: form.elements.outcome.value,
    methods: new Set(boxes.filter(box => box.checked).map(box => box.value)),
  };
}

// `of` has some of problem, size, method and outcome; what it has not is no reason to hide it.
function passes(of, want) {
  const { problem, size, method, outcome } = of;
  if (want.problem && problem !== undefined && problem !== want.problem) return false;
  if (method !== undefined && !want.methods.has(method)) return false;
  if (want.outcome && outcome !== undefined && outcome !== want.outcome) return false;
  if (!want.size || size === undefined) return true;
  if (want.size === "smallest") return Number(size) === least(problem);
  if (want.size === "largest") return Number(size) === most(problem);
  return String(size) === want.size;
}

const NAMED = "[data-problem], [data-method], [data-outcome]";
const filtered = [...document.querySelectorAll(".matrix :is(" + NAMED + ")")];
const groups = [...document.querySelectorAll("[data-group]")];

function apply() {
  const want = wanted();
  for (const one of filtered) one.toggleAttribute("hidden", !passes(one.dataset, want));
  for (const group of groups) {
    const left = group.querySelector("tbody tr:not([hidden])");
    group.toggleAttribute("hidden", left === null || !passes(group.dataset, want));
  }
  const left = data.cells.filter(cell => passes(cell, want)).length;
  form.querySelector("output").textContent = `${left} of ${data.cells.length} cells`;
  document.dispatchEvent(new Event("filtered"));
}

function write() {
  const want = wanted();
  remember(params => {
    for (const name of ["problem", "size", "outcome"]) {
      if (want[name]) params.set(name, want[name]);
      else params.delete(name);
    }
    params.delete("method");
    if (want.methods.size < boxes.length) {
      for (const method of want.methods) params.append("method", method);
      if (want.methods.size === 0) params.append("method", "");
    }
  });
}

function read() {
  const params = view();
  for (const name of ["problem", "size", "outcome"]) {
    form.elements[name].value = params.get(name) ?? "";
    // An address of another run may name what is not here.
    if (form.elements[name].selectedIndex < 0) form.elements[name].value = "";
  }
  const methods = params.getAll("method");
  for (const box of boxes) box.checked = methods.length === 0 || methods.includes(box.value);
  apply();
}

if (form) {
  form.hidden = false;
  const changed = () => {
    write();
    apply();
  };
  form.addEventListener("change", changed);
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(changed)); // the fields are reset after the event
  document.getElementById("none").addEventListener("click", () => {
    for (const box of boxes) box.checked = false;
    changed();
  });
  addEventListener("hashchange", read);
  read();
}
go(view().get("at"));
