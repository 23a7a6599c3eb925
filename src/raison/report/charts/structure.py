"""Who acts on what, and what moves what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.patches import FancyArrowPatch

from raison.report.charts import canvas
from raison.report.names import two_lines
from raison.report.palette import FAINT, INK
from raison.report.parts import Chart
from raison.study import Study, VariableLinks

_ROW = 46
_PLAYER, _VARIABLE, _WANT = 250.0, 480.0, 610.0
"""Where lines leave players, where they reach the names of variables, and where marks of who wants them begin."""

_COLUMN, _BEND, _MORE = 215.0, 0.4, 0.1
"""From the bows of nature to those of players, how much a bow is bent, and how much more that of each next player."""


def structure_chart(study: Study) -> Chart:
    """Return players on the left, variables in the middle, and on the right how variables move each other."""
    labels = study.case.labels
    rows = study.structure
    players = [name for name in labels if any(name in row.acts or name in row.wants for row in rows)]
    colours = {name: canvas.COLOURS[place % len(canvas.COLOURS)] for place, name in enumerate(players)}
    heights = {name: (place + 0.5) * len(rows) / len(players) for place, name in enumerate(players)}
    places = {row.variable: place + 0.5 for place, row in enumerate(rows)}
    bows = _WANT + max(16 * len(players), 80) + 24
    with canvas.drawing():
        figure = canvas.sheet(canvas.WIDTH, 60 + _ROW * len(rows) + 20)
        axes = canvas.panel(figure, 0, 50, canvas.WIDTH, _ROW * len(rows))
        canvas.bare(axes)
        axes.set_xlim(0, canvas.WIDTH)
        axes.set_ylim(len(rows), 0)
        axes.set_xticks([])
        axes.set_yticks([])
        for name in players:
            text = two_lines(labels[name], 30)
            axes.text(_PLAYER - 12, heights[name], text, ha="right", va="center", color=colours[name], weight="bold")
        for row in rows:
            here = places[row.variable]
            label = labels.get(row.variable, row.variable)
            axes.text(_VARIABLE + 12, here, label, ha="left", va="center", color=INK, weight="bold")
            for name in row.acts:
                axes.annotate(
                    "",
                    (_VARIABLE + 4, here),
                    (_PLAYER, heights[name]),
                    arrowprops={
                        "arrowstyle": "-|>",
                        "color": colours[name],
                        "linewidth": 1.4,
                        "alpha": 0.75,
                        "shrinkA": 0,
                        "shrinkB": 0,
                    },
                )
            for place, name in enumerate(each for each in players if each in row.wants):
                axes.plot([_WANT + 16 * place], [here], "o", color=colours[name], markersize=9)
            for cause in row.drives:
                axes.add_patch(_bow(bows, places[cause], here, _BEND, FAINT))
            for cause in rows:
                for name in _players_between(cause, row):
                    bend = _BEND + _MORE * players.index(name)
                    axes.add_patch(_bow(bows + _COLUMN, places[cause.variable], here, bend, colours[name]))
        heads = (
            (_PLAYER - 12, "right", "who acts"),
            (_VARIABLE + 12, "left", "on what"),
            (_WANT - 6, "left", "wanted by"),
            (bows - 6, "left", "moves what, by nature"),
            (bows + _COLUMN - 6, "left", "moves what, through acts"),
        )
        for at, side, text in heads:
            axes.text(at, -0.35, text, ha=side, va="bottom", color=FAINT, fontsize=10, clip_on=False)
        spoken = "; ".join(_spoken(row, rows, labels) for row in rows)
        text = canvas.svg_text(figure, name="structure", says=f"{spoken}.")
    return Chart(
        text,
        "Arrows from the left: whose acts may move a variable. Dots: whose motives look at it, under whichever "
        "explanation. Grey bows: from a variable to one that nature moves oftener or more rarely by it. Coloured bows: "
        "from a variable to one that a player's act may move, where the act hangs on it: its level allows the act, or "
        "makes it dearer, or likelier to work. What is read here is read off the game.",
    )


def _players_between(cause: VariableLinks, effect: VariableLinks) -> list[str]:
    """Return the players who have an act on one variable that hangs on another."""
    if cause.variable == effect.variable:
        return []
    return [name for name, acts in effect.acts.items() if set(acts) & set(cause.allows.get(name, ()))]


def _bow(at: float, begin: float, end: float, bend: float, colour: str) -> FancyArrowPatch:
    return FancyArrowPatch(
        (at, begin),
        (at, end),
        connectionstyle=f"arc3,rad={-bend if end > begin else bend}",
        arrowstyle="-|>",
        mutation_scale=11,
        color=colour,
        linewidth=1.2,
    )


def _spoken(row: VariableLinks, rows: Sequence[VariableLinks], labels: Mapping[str, str]) -> str:
    """Return in words what moves a variable."""
    movers = [labels.get(name, name) for name in (*row.acts, *row.drives)]
    behind = [labels.get(each.variable, each.variable) for each in rows if _players_between(each, row)]
    acts = f", by acts that hang on {', '.join(behind)}" if behind else ""
    return f"{labels.get(row.variable, row.variable)} is moved by {', '.join(movers) or 'nature alone'}{acts}"
