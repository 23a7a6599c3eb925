"""What a notebook shows of an object that is the last line of a cell."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence


def html_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], note: str = "") -> str:
    """Return a table as HTML. All texts are escaped.

    Args:
        title: above the table.
        columns: heads of the columns.
        rows: as many cells each.
        note: below the table.
    """
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    below = f"<p>{html.escape(note)}</p>" if note else ""
    return (
        f"<div><p><b>{html.escape(title)}</b></p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}</div>"
    )
