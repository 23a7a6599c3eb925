import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from make_study import make_study, with_posteriors

from raison.report import report_html, write_report

SECTIONS = [
    "answer",
    "flip",
    "cannot",
    "timeline",
    "explanations",
    "weights",
    "seen",
    "claims",
    "parameters",
    "scope",
    "method",
    "sources",
    "run",
]


class Reader(HTMLParser):
    """Collects tags, links and ids, and whether every table has a caption."""

    def __init__(self):
        super().__init__()
        self.tags, self.hrefs, self.ids, self.loads = [], [], [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self.ids += [attrs["id"]] if "id" in attrs else []
        if tag == "a":
            self.hrefs.append(attrs.get("href", ""))
        self.loads += [attrs[name] for name in ("src", "srcset", "data", "poster") if name in attrs]
        if tag in ("use", "image", "link"):
            self.loads += [value for name, value in attrs.items() if name.endswith("href")]


@pytest.fixture(scope="module")
def study():
    return make_study()


@pytest.fixture(scope="module")
def html(study):
    return report_html(study)


@pytest.fixture(scope="module")
def reader(html):
    reader = Reader()
    reader.feed(html)
    return reader


def test_the_sections_stand_in_their_order(reader):
    assert [each for each in reader.ids if each in SECTIONS] == SECTIONS


def test_the_page_loads_nothing_from_anywhere(html, reader):
    assert all(load.startswith("#") for load in reader.loads)
    assert not re.search(r"@import|url\(\s*['\"]?(?!#)", html)
    assert not {"script", "iframe", "link", "object", "embed"} & set(reader.tags)


def test_links_go_to_the_page_itself_or_to_the_web(reader):
    assert all(href.startswith(("#", "https://")) for href in reader.hrefs)
    assert all(href[1:] in reader.ids for href in reader.hrefs if href.startswith("#"))


def test_ids_are_unique(reader):
    assert len(reader.ids) == len(set(reader.ids))


def test_names_and_notes_are_escaped(html):
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "Bluff to &lt;press&gt;" in html
    assert "javascript:" not in html


def test_every_claim_and_item_is_there(html, study):
    assert all(f'id="claim-{claim.id}"' in html for claim in study.claims)
    assert html.count('<tr class="claim ') == 69


def test_numbers_say_what_kind_they_are(html):
    for text in (
        "[at the mode]",
        "[integrated over the parameters]",
        "averaged over the explanations and the posterior",
    ):
        assert text in html


def test_the_same_study_gives_the_same_bytes(html):
    assert report_html(make_study()) == html


def test_the_timeline_comes_before_any_chart_of_scores(html):
    places = [html.index(f'id="{name}-figure_1"') for name in ("timeline", "posterior", "weights", "forecasts")]
    assert places == sorted(places)


def test_a_report_is_written_where_it_was_asked_for(tmp_path, study, html):
    path = write_report(study, tmp_path / "out" / "report.html")
    assert path.read_text(encoding="utf-8") == html


def test_one_explanation_alone_makes_a_report():
    html = report_html(make_study(listed=1, items=5, claims=2))
    assert "1\u00a0listed explanation " in html
    assert "No motives" in html


def test_a_null_may_win(study):
    assert "None of the listed explanations" in report_html(
        with_posteriors(study, [0.01] * 6 + [0.94], is_provisional=False)
    )


def test_a_study_that_decides_nothing_makes_a_report(study):
    claims = tuple(replace(claim, verdict="undecided", value=0.5) for claim in study.claims)
    flat = with_posteriors(replace(study, claims=claims), [1 / 7] * 7, indistinct=(), share_near_focus=float("nan"))
    html = report_html(flat)
    assert "no listed explanation is more likely than not" in html
    assert "0 supported, 0 contradicted, 69 undecided" in html.replace("\u00a0", " ")


def test_an_almost_empty_study_makes_a_report():
    small = make_study(listed=1, items=1, claims=0)
    case = replace(small.case, sources=(), leaves_out=(), question="", summary="")
    explanations = tuple(replace(each, paths={}, forecasts=(), parameters=()) for each in small.explanations)
    fragility = replace(small.fragility, runner_up="", largest_item=-1)
    html = report_html(
        replace(small, case=case, explanations=explanations, fragility=fragility, stages=(), cannot_tell=())
    )
    assert "There is no rival to compare with." in html
