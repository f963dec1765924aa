"""Which tables of a page show data, and their rows as lines of text.

Old sites lay out whole pages with tables, so that a table is one of data only where it is small in every cell.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pipeline.extract.layout import CELL, Layout
from pipeline.records import BAR, CELL_BAR

CELL_LONGEST = 300
"""Code points of the longest cell of a table of data; what holds more lays out a page."""

CELL_LINES = 8
"""Lines in such a cell."""

ROWS = 2
"""Rows of two and more cells that make a table of data."""

MOST_COLUMNS = 100
"""Columns of a row up to which cells that reach over others are heeded."""

NO_CELL = -1

ROW_KEPT = 0.5
"""Share of a row's characters that must stay for the whole row to: a row without a cell is another row."""


def rows_of(layout: Layout, table: int, kept: Collection[int]) -> dict[int, list[int]] | None:
    """Row → its cells, of the rows of a table that stay as such; None for a table that is not one of data.

    A row that loses most of what it says to the rules (`kept` are the lines that stay) is no row, nor is one of a
    single cell. NO_CELL stands in a column that a cell above or to the left reaches over.
    """
    boxes = layout.boxes
    rows: dict[int, list[int]] = {}
    for index in range(table + 1, len(boxes)):
        box = boxes[index]
        if box.parent < table:
            break
        if box.tag == "table" or (box.tag in CELL and not _is_cell(layout, index)):
            return None
        if box.tag == "tr":
            rows[index] = []
        elif box.tag in CELL and box.parent in rows:
            rows[box.parent].append(index)
    if sum(sum(boxes[cell].first < boxes[cell].last for cell in row) > 1 for row in rows.values()) < ROWS:
        return None
    grid = _grid(layout, rows)
    return {row: cells for row, cells in grid.items() if len(cells) > 1 and _stays(layout, row, kept)}


def row_text(layout: Layout, cells: Sequence[int]) -> tuple[str, list[tuple[str, int, int]]]:
    """A row as one line, its cells parted by bars, and the marks in it; a bar in a cell is a full-width one."""
    text = ""
    marks: list[tuple[str, int, int]] = []
    for number, cell in enumerate(cells):
        text += (BAR if text and text[-1] != " " else BAR.lstrip()) if number else ""
        if cell == NO_CELL:
            continue
        box = layout.boxes[cell]
        for inside, line in enumerate(layout.lines[box.first : box.last]):
            text += " " if inside else ""
            marks += [(kind, start + len(text), end + len(text)) for kind, start, end in line.marks]
            text += line.text.replace(BAR.strip(), CELL_BAR)
    return text.rstrip(), marks


def _is_cell(layout: Layout, box: int) -> bool:
    """Whether an element is as small as a cell of data is."""
    lines = layout.lines[layout.boxes[box].first : layout.boxes[box].last]
    return len(lines) <= CELL_LINES and sum(len(line.text) for line in lines) <= CELL_LONGEST


def _grid(layout: Layout, rows: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    """The rows with NO_CELL where a cell reaches over, so that columns stay columns."""
    grid: dict[int, list[int]] = {}
    from_above: list[int] = []
    for row, cells in rows.items():
        waiting, line = list(reversed(cells)), list[int]()
        reach: list[int] = []
        while len(line) < MOST_COLUMNS and (waiting or any(from_above[len(line) :])):
            left = from_above[len(line)] if len(line) < len(from_above) else 0
            if left or not waiting:
                line.append(NO_CELL)
                reach.append(max(left - 1, 0))
                continue
            cell = waiting.pop()
            box = layout.boxes[cell]
            line += [cell, *[NO_CELL] * (box.columns - 1)]
            reach += [box.rows - 1] * box.columns
        grid[row], from_above = [*line, *reversed(waiting)], reach
    return grid


def _stays(layout: Layout, row: int, kept: Collection[int]) -> bool:
    lines = range(layout.boxes[row].first, layout.boxes[row].last)
    sizes = {i: len(layout.lines[i].text) for i in lines}
    return sum(size for i, size in sizes.items() if i in kept) >= ROW_KEPT * sum(sizes.values())
