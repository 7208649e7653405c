"""Style and script of the page, kept inside it. Colours follow the reader's setting."""

__all__ = ["SCRIPT", "STYLE"]

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881;
  --dim: #777; --accent: #1a7f5a; }
@media (prefers-color-scheme: dark) { :root { --dim: #999; --accent: #4cc79a; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.7rem; margin: 0; }
h2 { margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--line); }
h3 { margin: 1.4rem 0 .2rem; font-size: 1rem; }
.state, .source { color: var(--dim); margin: .2rem 0 .6rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; width: 100%;
  font-variant-numeric: tabular-nums; }
th, td { padding: .22rem .55rem; text-align: right; white-space: nowrap; }
th { border-bottom: 1px solid var(--line); vertical-align: bottom; }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button:focus-visible { outline: 2px solid var(--accent); }
th[aria-sort=ascending] button::after { content: " \\2191"; }
th[aria-sort=descending] button::after { content: " \\2193"; }
tbody tr:nth-child(odd) { background: var(--soft); }
td:nth-child(2), th:nth-child(2) { text-align: left; }
.failures td, .failures th { text-align: left; } .failures td:last-child { white-space: normal; }
tr.best { font-weight: 700; } tr.best td:nth-child(2) { color: var(--accent); }
figure { margin: 1.2rem 0; } figure svg { width: 100%; height: auto; max-width: 54rem; }
figcaption { font-weight: 600; }
.facts { display: flex; flex-wrap: wrap; gap: 0 3rem; } .facts > div { flex: 1 1 18rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .3rem 0; }
dt { color: var(--dim); } dd { margin: 0; }
.empty { font-size: 1.1rem; }
"""

# A click sorts ascending, a second one descending. Numbers compare as numbers; cells without a
# value stay at the end.
SCRIPT = """
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    heads.forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const value = row => row.cells[column].dataset.value;
    const compare = (a, b) => {
      const x = value(a), y = value(b);
      if (x === "" || y === "") return (x === "") - (y === "");
      const order = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
      return up ? order : -order;
    };
    const body = table.tBodies[0];
    body.append(...[...body.rows].sort(compare));
  }));
}
"""
