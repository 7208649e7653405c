"""HTML and SVG as nested calls, in which a text can not be forgotten to be escaped.

`element("td", name)` escapes `name`; only what `element` itself has made (the type `Html`) goes in
as it is. So a method called `<script>` is shown by that name, wherever it appears.

Data for the script is JSON inside a `<script type="application/json">`. A browser looks for
`</script` and `<!--` there before it reads any JSON, so every `<` is written as an escape.
"""

import html
import json
from collections.abc import Container, Iterable, Sequence
from typing import Any

from comparisons.records import encode

__all__ = ["Html", "breakable", "data_island", "element", "join", "scrolling", "table"]

VOID = frozenset({"br", "input", "meta", "wbr"})


class Html(str):
    """Text that is HTML already, and is not escaped again."""

    __slots__ = ()


def element(name: str, /, *children: object, **attributes: object) -> Html:
    """An element with its children and attributes.

    Args:
        children: `Html` as it is, anything else as escaped text; None is left out.
        attributes: True gives a bare attribute; None and False none. An underscore stands for a
            hyphen, and one at the end of a Python keyword is dropped (`class_`).

    >>> element("td", "1 < 2", class_="best", data_value=1.0)
    '<td class="best" data-value="1.0">1 &lt; 2</td>'
    """
    opened = name
    for key, value in attributes.items():
        attribute = key.removesuffix("_").replace("_", "-")
        if value is True:
            opened += f" {attribute}"
        elif value is not None and value is not False:
            opened += f' {attribute}="{html.escape(str(value))}"'
    content = join(children)
    return Html(f"<{opened}>" if name in VOID else f"<{opened}>{content}</{name}>")


def join(children: Iterable[object]) -> Html:
    """Children one after another."""
    return Html(
        "".join(
            child if isinstance(child, Html) else html.escape(str(child))
            for child in children
            if child is not None
        )
    )


def breakable(name: str) -> Html:
    """A name that a narrow box may break behind an underscore."""
    first, *others = name.split("_")
    return join((first, *(join(("_", element("wbr"), part)) for part in others)))


def table(
    title: str,
    head: Sequence[str],
    rows: Iterable[Iterable[object]],
    level: str = "h3",
    words: Container[int] = (),
) -> Html:
    """A table under a heading, in a box of its own that scrolls if the page is narrow; `words` are
    the columns that stand left, as numbers do not."""

    def line(tag: str, cells: Iterable[object], **attributes: object) -> Html:
        kinds = (("word" if k in words else None, cell) for k, cell in enumerate(cells))
        return element("tr", *(element(tag, cell, class_=c, **attributes) for c, cell in kinds))

    top = element("thead", line("th", head, scope="col"))
    body = element("tbody", *(line("td", row) for row in rows))
    return join((element(level, title), scrolling(title, element("table", top, body))))


def scrolling(label: str, content: Html) -> Html:
    """A box that scrolls sideways, by keyboard too."""
    return element("div", content, class_="wide", role="region", aria_label=label, tabindex=0)


def data_island(name: str, data: Any) -> Html:
    """Data for the script, as JSON that no text in it can break out of."""
    content = json.dumps(encode(data), allow_nan=False, separators=(",", ":"))
    content = content.replace("<", "\\u003c")
    return Html(f'<script type="application/json" id="{name}">{content}</script>')
