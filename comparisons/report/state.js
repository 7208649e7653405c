"use strict";
// What all scripts share: the data of the cells, the view that the address names, making elements;
// and the page's head: the list of sections, and the switch between light and dark.

const data = JSON.parse(document.getElementById("data").textContent);

// The view is kept behind the # of the address, so that a link leads to it.
const view = () => new URLSearchParams(location.hash.slice(1));

function remember(change) {
  const params = view();
  change(params);
  const address = params.size ? "#" + params : location.pathname + location.search;
  history.replaceState(null, "", address);
}

// Texts become text nodes: nothing that a record says is taken for HTML.
function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// ---- sections ----------------------------------------------------------------------------------

const nav = document.querySelector("nav");
const headings = [...document.querySelectorAll("h2")];
const slug = heading => heading.textContent.toLowerCase().replaceAll(/[^a-z]+/g, "-");

function go(at) {
  const heading = headings.find(h => slug(h) === at);
  if (heading === undefined) return;
  heading.tabIndex = -1;
  heading.scrollIntoView();
  heading.focus({ preventScroll: true });
}

for (const heading of headings) {
  const link = make("a", { href: "#at=" + slug(heading) }, heading.textContent);
  link.addEventListener("click", event => {
    event.preventDefault(); // else the filters would be forgotten
    remember(params => params.set("at", slug(heading)));
    go(slug(heading));
  });
  nav.append(link);
}
nav.hidden = headings.length < 3;

// ---- light and dark ----------------------------------------------------------------------------

const THEMES = ["system", "light", "dark"];
const themes = document.getElementById("theme");

function kept() {
  try {
    return localStorage.getItem("theme") ?? "system";
  } catch {
    return "system"; // a browser that keeps nothing
  }
}

function wear(theme) {
  document.documentElement.dataset.theme = theme;
  themes.textContent = "Theme: " + theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // for this visit only
  }
}

themes.addEventListener("click", () => {
  const now = THEMES.indexOf(document.documentElement.dataset.theme);
  wear(THEMES[(now + 1) % THEMES.length]);
});
themes.hidden = false;
wear(THEMES.includes(kept()) ? kept() : "system");
