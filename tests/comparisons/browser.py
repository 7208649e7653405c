"""A real browser for the tests: headless Chromium, started once for a module, and what a reader
sees in it: what overflows, what is drawn, and whether its colours can be read."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Visit", "browser", "visit"]

NAMES = ("chromium", "chromium-browser", "google-chrome")
# No sandbox: tests may run as root in a container, and open nothing but a file of their own.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

# Every text that is drawn, with its colour and the colours behind it up to the first solid one;
# those whose contrast (W3C, WCAG 2.2, 1.4.3) is less than asked for come back.
CONTRAST = """least => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((c, k) => a * c + (1 - a) * under[k]);
  const behind = node => {
    if (node === null) return parse(getComputedStyle(document.documentElement).backgroundColor);
    const own = parse(getComputedStyle(node).backgroundColor);
    return own[3] === 1 ? own : [...over(own, behind(node.parentElement)), 1];
  };
  const light = rgb => {
    const [r, g, b] = rgb.map(c => c / 255)
      .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = new Map();
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !parent.checkVisibility()) continue;
    if (parent.getBoundingClientRect().width === 0) continue;
    seen += 1;
    const style = getComputedStyle(parent);
    const ground = behind(parent);
    const ink = over(parse(parent instanceof SVGElement ? style.fill : style.color), ground);
    const [a, b] = [light(ink), light(ground.slice(0, 3))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < least) found.set(parent.className + ": " + parent.textContent.slice(0, 40), ratio);
  }
  return { seen, low: [...found] };
}"""
HIDDEN_TABLES = """() => [...document.querySelectorAll("table")].filter(
  table => !table.checkVisibility() || table.getBoundingClientRect().height === 0
).length"""


@dataclass
class Visit:
    """An open page, and everything that it complained about or asked for."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def contrast(self, least: float) -> dict[str, Any]:
        """How many texts are drawn, and those with less contrast than `least`."""
        return self.page.evaluate(CONTRAST, least)

    def hidden_tables(self) -> int:
        """How many tables can not be seen."""
        return self.page.evaluate(HIDDEN_TABLES)

    def press(self, *keys: str) -> None:
        """One key after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def focused(self) -> str:
        """The accessible name of what has the focus, or its text."""
        return self.page.evaluate(
            "document.activeElement.ariaLabel ?? document.activeElement.textContent"
        )


@contextmanager
def browser() -> Iterator[Any]:
    """A running browser; skips the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as running:
        launched = running.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield launched
        finally:
            launched.close()


@contextmanager
def visit(launched: Any, path: Path, hash: str = "", width: int = 1280, **options: Any) -> Any:
    """A page in a context of its own, opened from its file with nothing else to load."""
    context = launched.new_context(viewport={"width": width, "height": 900}, **options)
    try:
        page = context.new_page()
        seen = Visit(page)
        page.on("console", lambda message: seen.complaints.append(message.text))
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on("dialog", lambda dialog: seen.complaints.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: seen.requests.append(request.url))
        page.goto(path.as_uri() + hash)
        yield seen
    finally:
        context.close()
