import pytest

from raison.case.text.places import Places
from raison.case.text.yaml_text import read_yaml
from raison.errors import CaseError

TEXT = """\
title: "One file"
time: {unit: day, from: 2020-01-01}
variables:
  door: {levels: [no, yes], at start: 'no'}
players:
  cat:
    acts: once a day
    actions:
      - {push: {door: yes}}
      - wait
about: >-
  Folded
  text.
"""


def messages(text: str) -> list[str]:
    try:
        read_yaml(text, "f.yaml", Places())
    except CaseError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize("put", ["", *":{}[],\"'-#&*!|>%@` \t?"])
def test_whatever_one_sign_breaks_is_told_in_words_of_ours(put: str) -> None:
    broken = [TEXT[:index] + put + TEXT[index + (not put) :] for index in range(len(TEXT))]
    told = [message for text in broken for message in messages(text)]
    assert told
    assert [message for message in told if "cannot be read as YAML" in message] == []


def test_what_no_words_are_found_for_is_told_in_the_parsers_own() -> None:
    assert messages("%YAML 3.0\n---\na: b\n") == [
        "f.yaml:1:1: this cannot be read as YAML: found incompatible YAML document (version 1.* is required); "
        "mend it here or just above."
    ]
