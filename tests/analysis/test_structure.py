import pathlib

from raison.analysis.structure import structure_of
from raison.cases import open_case

CASE = """
title: Who acts on what
time: {unit: month, from: 2020-01-01, until: 2021-01-01}
variables:
  price: {levels: [low, high], at start: low}
  tariff: {levels: [low, high], at start: high}
  mood: {levels: [calm, angry], at start: calm}
nature:
  price rises: {every: 8 months, when: {tariff: {low: x0.3}}, basis: assumed}
  mood rises: {every: 6 months, if: price = high, basis: assumed}
players:
  ministry:
    acts: once a month
    looks ahead: 1 year
    basis: assumed
    actions:
      cut: {changes: {tariff: low}, if: tariff = high, costs: {base: 2, when: {mood: {angry: 1}}}}
      soothe: {outcomes: [{chance: 0.5, changes: {mood: calm, price: low}}, {chance: rest}], costs: 1}
features: {cheap: price = low, open: tariff = low, quiet: mood = calm and price = low}
explanations:
  voters: {wants: {ministry: {cheap: 1, quiet: 1}}, basis: assumed}
  lenders: {wants: {ministry: {open: 1}}, basis: assumed}
record: [{date: 2020-10-05, kind: move, who: ministry, what: cut}]
"""


def test_what_moves_a_variable_and_what_looks_at_it_is_read_off_the_game(tmp_path: pathlib.Path) -> None:
    (tmp_path / "case.yaml").write_text(CASE)
    price, tariff, mood = structure_of(open_case(tmp_path / "case.yaml"))
    assert (price.variable, tariff.variable, mood.variable) == ("price", "tariff", "mood")
    assert price.acts == {"ministry": ("soothe",)}
    assert tariff.acts == {"ministry": ("cut",)}
    assert mood.acts == {"ministry": ("soothe",)}
    assert (price.drives, tariff.drives, mood.drives) == (("tariff",), (), ("price",))
    assert (price.allows, tariff.allows, mood.allows) == ({}, {"ministry": ("cut",)}, {"ministry": ("cut",)})
    assert price.wants == {"ministry": ("cheap", "quiet")}
    assert tariff.wants == {"ministry": ("open",)}
    assert mood.wants == {"ministry": ("quiet",)}
