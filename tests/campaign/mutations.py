"""Changes to the files of a case, each told in a few words."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Callable

from campaign import oddities
from campaign.trees import Entries, Raw, Slot, Tree, copy_of, put, slots, text_of, value_at

Files = dict[str, bytes]

csv.field_size_limit(2**30)

TEXTS = {
    "number": oddities.NUMBERS,
    "range": oddities.RANGES,
    "date": oddities.DATES,
    "word": oddities.WORDS,
    "file": oddities.FILES,
    "condition": oddities.CONDITIONS,
}


def mutate(files: Files, trees: dict[str, Tree], rng: random.Random) -> tuple[Files, str]:
    """Return changed files and what was changed: entries first, then letters and bytes, then whole files.

    Args:
        files: the files of a case.
        trees: the content of those that are YAML.
        rng: chooses the changes.
    """
    files, trees, told = dict(files), dict(trees), []
    changes = rng.choices(CHANGES, [change[1] for change in CHANGES], k=rng.choices((1, 2, 3, 6), (75, 15, 6, 4))[0])
    for change, _ in sorted(changes, key=CHANGES.index):
        told.append(change(files, trees, rng))
    return files, "; ".join(told)


def _some_file(files: Files, rng: random.Random, ending: str = "") -> str:
    names = sorted(name for name in files if name.endswith(ending))
    return rng.choice(names) if names else ""


def short(text: object) -> str:
    """Return a text as it can be told."""
    shown = ascii(text)
    return shown if len(shown) <= 70 else f"{shown[:50]}... ({len(str(text))} letters)"


# Entries of YAML files


def change_entry(files: Files, trees: dict[str, Tree], rng: random.Random) -> str:
    """Change one or two entries of a YAML file."""
    name = rng.choice(sorted(trees))
    tree = trees[name] = copy_of(trees[name])
    places = list(slots(tree))
    if not places:
        return f"{name}: nothing is left"
    told = [rng.choice(ENTRY_CHANGES)(rng.choice(places), places, rng) for _ in range(rng.choice((1, 1, 1, 2)))]
    files[name] = text_of(tree).encode("utf-8", "surrogatepass")
    return f"{name}: {', '.join(told)}"


def _odd(rng: random.Random, like: Tree = "") -> Tree:
    """Return an odd value, three times in four of the kind that it stands for."""
    if isinstance(like, str) and rng.random() < 0.75:
        return rng.choice(TEXTS[_kind(like)])
    if rng.random() < 0.5:
        return Raw(rng.choice(oddities.RAW))
    return rng.choice(TEXTS[rng.choice(sorted(TEXTS))])


def _kind(text: str) -> str:
    kinds = {
        r"\d{4}-\d\d-\d\d": "date",
        r"-?[\d.]+": "number",
        r".*(\d|\b(month|year|day)s?)": "range",
        r"[\w-]+\.(csv|yaml)": "file",
        r".*[=<>].*": "condition",
    }
    return next((kind for pattern, kind in kinds.items() if re.fullmatch(pattern, text)), "word")


def _replace(slot: Slot, _: list[Slot], rng: random.Random) -> str:
    odd = _odd(rng, value_at(slot))
    put(slot, odd)
    return f"{slot[2]} is {short(odd)}"


def _swap(slot: Slot, places: list[Slot], rng: random.Random) -> str:
    other = rng.choice(places)
    mine, theirs = value_at(slot), value_at(other)
    put(slot, copy_of(theirs))
    put(other, copy_of(mine))
    return f"{slot[2]} and {other[2]} change places"


def _copy(slot: Slot, places: list[Slot], rng: random.Random) -> str:
    other = rng.choice(places)
    put(slot, copy_of(value_at(other)))
    return f"{slot[2]} is a copy of {other[2]}"


def _like(slot: Slot, places: list[Slot], rng: random.Random) -> str:
    kind = _kind(str(value_at(slot)))
    return _copy(slot, [place for place in places if _kind(str(value_at(place))) == kind], rng)


def _delete(slot: Slot, _: list[Slot], rng: random.Random) -> str:
    holder, index, path = slot
    del holder[index : index + 1]
    return f"{path} is gone"


def _repeat(slot: Slot, _: list[Slot], rng: random.Random) -> str:
    holder, index, path = slot
    part = holder[index : index + 1]
    holder[index:index] = [list(entry) if isinstance(holder, Entries) else copy_of(entry) for entry in part]
    return f"{path} stands twice"


def _rename(slot: Slot, places: list[Slot], rng: random.Random) -> str:
    holder, index, path = slot
    if not isinstance(holder, Entries) or index >= len(holder):
        return _replace_if_there(slot, places, rng)
    others = [place for place in places if isinstance(place[0], Entries) and place[1] < len(place[0])]
    near = f"{holder[index][0]}s"
    key = rng.choice((near, _odd(rng), rng.choice(others)[2].rpartition(".")[2]))
    holder[index] = [key, holder[index][1]]
    return f"{path} is called {short(key)}"


def _insert(slot: Slot, places: list[Slot], rng: random.Random) -> str:
    holder, index, path = slot
    key, value = _odd(rng), _odd(rng)
    holder.insert(index, [key, value] if isinstance(holder, Entries) else value)
    return f"{short(key)}: {short(value)} stands before {path}"


def _wrap(slot: Slot, places: list[Slot], rng: random.Random) -> str:
    value = value_at(slot)
    depth = rng.choice((1, 1, 1, 2, 30))
    for _ in range(depth):
        value = rng.choice(([value], [value, value] if depth < 30 else [value], Entries([["a", value]])))
    put(slot, value)
    return f"{slot[2]} is wrapped {depth} times"


def _retouch(slot: Slot, places: list[Slot], rng: random.Random) -> str:
    value = value_at(slot)
    if not isinstance(value, str):
        return _replace(slot, places, rng)
    at = rng.randrange(len(value) + 1)
    until = min(len(value), at + rng.choice((0, 0, 1, 3)))
    found = re.search(r"[\d.]+", value)
    if found and rng.random() < 0.5:
        at, until = found.span()
        new = rng.choice(oddities.NUMBERS)
    else:
        new = rng.choice(
            ("", " ", ",", ".", "=", "<", "(", ")", "|", "-", "x", "1", "not ", " to ", rng.choice(oddities.WORDS))
        )
    changed = value[:at] + new + value[until:]
    put(slot, changed)
    return f"{slot[2]} is {short(changed)}"


def _if_there(
    change: Callable[[Slot, list[Slot], random.Random], str],
) -> Callable[[Slot, list[Slot], random.Random], str]:
    """Skip the change where an earlier one has taken the place away."""

    def careful(slot: Slot, places: list[Slot], rng: random.Random) -> str:
        left = [place for place in places if place[1] < len(place[0])]
        return change(slot, left, rng) if slot[1] < len(slot[0]) else "nothing more"

    return careful


_replace_if_there = _if_there(_replace)
REWRITES = (_replace, _replace, _retouch, _retouch, _like, _like, _like, _swap, _copy)
MOVES = (_delete, _repeat, _rename, _insert, _wrap)
ENTRY_CHANGES = tuple(map(_if_there, (*REWRITES, *MOVES)))


# Cells of CSV files


def change_cell(files: Files, trees: dict[str, Tree], rng: random.Random) -> str:
    """Change one or two cells, rows or columns of a CSV file; entries where there is no such file."""
    name = _some_file(files, rng, ".csv")
    if not name:
        return change_entry(files, trees, rng)
    rows = list(csv.reader(io.StringIO(files[name].decode("utf-8", "surrogatepass"))))
    told = [rng.choice(CELL_CHANGES)(rows, rng) for _ in range(rng.choice((1, 1, 1, 2)))]
    files[name] = "".join(",".join(map(_cell, row)) + "\n" for row in rows).encode("utf-8", "surrogatepass")
    return f"{name}: {', '.join(told)}"


def _cell(text: str) -> str:
    return f'"{text}"' if "," in text and not isinstance(text, Raw) else text


def _place(rows: list[list[str]], rng: random.Random) -> tuple[int, int]:
    row = rng.choice([index for index, row in enumerate(rows) if row] or [0])
    return row, rng.randrange(len(rows[row]) or 1)


def _odd_cell(rows: list[list[str]], rng: random.Random) -> str:
    row, column = _place(rows, rng)
    odd = _odd(rng, rows[row][column])
    rows[row][column] = odd if isinstance(odd, str) else ""
    return f"cell {column + 1} of row {row + 1} is {short(odd)}"


def _other_cell(rows: list[list[str]], rng: random.Random) -> str:
    row, column = _place(rows, rng)
    other, there = _place(rows, rng)
    there = column if column < len(rows[other]) and rng.random() < 0.7 else there
    rows[row][column] = rows[other][there]
    return f"cell {column + 1} of row {row + 1} is that of {there + 1} of {other + 1}"


def _cells(rows: list[list[str]], rng: random.Random) -> str:
    row, column = _place(rows, rng)
    if rng.random() < 0.5:
        del rows[row][column]
        rows[row] = rows[row] or [""]
        return f"cell {column + 1} of row {row + 1} is gone"
    rows[row].insert(column, rng.choice(rows[row]))
    return f"row {row + 1} has one cell more"


def _column(rows: list[list[str]], rng: random.Random) -> str:
    _, column = _place(rows, rng)
    for row in rows:
        if len(row) > 1:
            del row[column : column + 1]
    return f"column {column + 1} is gone"


def _rows(rows: list[list[str]], rng: random.Random) -> str:
    row, _ = _place(rows, rng)
    if rng.random() < 0.3 and len(rows) > 1:
        del rows[row]
        return f"row {row + 1} is gone"
    if rng.random() < 0.3:
        rng.shuffle(rows)
        return "the rows are shuffled"
    times = rng.choice((1, 2, 30))
    rows[row:row] = [list(rows[row]) for _ in range(times)]
    return f"row {row + 1} stands {times + 1} times"


CELL_CHANGES = (_odd_cell, _odd_cell, _odd_cell, _other_cell, _other_cell, _cells, _column, _rows)


# Letters and bytes of any file


def change_bytes(files: Files, trees: dict[str, Tree], rng: random.Random) -> str:
    """Change a file without a look at what it means."""
    name = _some_file(files, rng)
    files[name], told = rng.choice(BYTE_CHANGES)(files[name], rng)
    return f"{name}: {told}"


def _put_bytes(content: bytes, rng: random.Random) -> tuple[bytes, str]:
    at, new = rng.randrange(len(content) + 1), rng.choice(oddities.BYTES)
    return content[:at] + new + content[at:], f"{short(new)} at byte {at}"


def _cut_bytes(content: bytes, rng: random.Random) -> tuple[bytes, str]:
    at, length = rng.randrange(len(content) + 1), rng.choice((1, 1, 2, 5, 40, 10**6))
    return content[:at] + content[at + length :], f"{length} bytes are gone from byte {at}"


def _copy_bytes(content: bytes, rng: random.Random) -> tuple[bytes, str]:
    at, to, length = rng.randrange(len(content) + 1), rng.randrange(len(content) + 1), rng.choice((1, 5, 40, 400))
    return content[:to] + content[at : at + length] + content[to:], f"{length} bytes from byte {at} again at {to}"


def _turn_bytes(content: bytes, rng: random.Random) -> tuple[bytes, str]:
    changed = bytearray(content)
    places = [rng.randrange(len(content)) for _ in range(rng.choice((1, 1, 3, 20)))] if content else []
    for at in places:
        changed[at] ^= 1 << rng.randrange(8)
    return bytes(changed), f"a bit is turned in bytes {short(places)}"


def _line(content: bytes, rng: random.Random) -> tuple[bytes, str]:
    lines = content.splitlines(keepends=True) or [b""]
    at = rng.randrange(len(lines))
    new = rng.choice(
        (b"\t" + lines[at], b" " + lines[at], lines[at].lstrip(), lines[at] * 2, b"", lines[at].rstrip(b"\n"))
    )
    lines[at] = new
    return b"".join(lines), f"line {at + 1} is {short(new)}"


def _whole(content: bytes, rng: random.Random) -> tuple[bytes, str]:
    text = content.decode("utf-8", "replace")
    changed, told = rng.choice(
        (
            (b"\xef\xbb\xbf" + content, "a byte order mark"),
            (b"\xef\xbb\xbf" * 2 + content, "two byte order marks"),
            (content.replace(b"\n", b"\r\n"), "CRLF"),
            (content.replace(b"\n", b"\r"), "bare CR"),
            (content.replace(b"\n", b"\n\r"), "LFCR"),
            (content.replace(b"\n", b"\xe2\x80\xa8"), "line separators"),
            (content.replace(b" ", b"\xc2\xa0"), "spaces that do not break"),
            (content.replace(b"  ", b"\t"), "tabs"),
            (content.replace(b",", b";"), "semicolons"),
            (text.encode("utf-16"), "UTF-16"),
            (text.encode("utf-16-le"), "UTF-16 without a mark"),
            (content.replace(b"e", b"\xe9"), "Latin-1"),
            (b"", "empty"),
            (b"\n \n", "blank"),
            (content + b"\n---\n" + content, "two documents"),
            (content * 30, "thirty times"),
            (content.replace(b"\n", b" "), "one line"),
            (content.upper(), "capitals"),
            (content[::-1], "backwards"),
            (bytes(rng.randrange(256) for _ in range(200)), "random bytes"),
        )
    )
    return changed, f"the whole file: {told}"


BYTE_CHANGES = (_put_bytes, _put_bytes, _put_bytes, _cut_bytes, _copy_bytes, _turn_bytes, _line, _whole)


# Whole files


def change_file(files: Files, trees: dict[str, Tree], rng: random.Random) -> str:
    """Take a file away, or put another in its place."""
    name, other = _some_file(files, rng), _some_file(files, rng)
    if rng.random() < 0.5 and len(files) > 1:
        del files[name]
        return f"{name} is gone"
    files[name] = files[other]
    return f"{name} holds {other}"


CHANGES = ((change_entry, 55), (change_cell, 28), (change_bytes, 15), (change_file, 2))
"""Kinds of change and how often each is made; those that need the files as they were come first."""
