"""The catalogue: found by words in six languages, narrowed by facets with true counts, closed to whom it is closed."""

from __future__ import annotations

import uuid

import pytest

from app.accounts.access import Viewer
from app.accounts.models import Role
from app.core import lookup
from app.extensions import db
from app.practices.models import CatalogueEntry, Kind, LawStatus, PracticeType, ResourceType
from app.practices.queries import Filters, catalogue_page, facets
from tests.factories.accounts import make_state
from tests.factories.practices import make_practice, make_resource, make_tool

ANYBODY = Viewer()
OFFICE = Viewer(roles=frozenset({Role.SECRETARIAT}))


def everything(words="", viewer=ANYBODY, **filters):
    return [row.code for row in catalogue_page(viewer, Filters(words, **filters), size=500).rows]


def found(words="", viewer=ANYBODY, **filters):
    """Without the tools of the reference data, which are there in every test."""
    return [code for code in everything(words, viewer, **filters) if not code.islower() or code.startswith("tool_")]


SIX = {
    "ar": ("تسوية أوضاع الأسر التي فقدت وثائقها", ["أسرة", "الاسر", "وثائق", "تَسْوِيَة"], ["بحر"]),
    "zh": ("失去证件的家庭获得居留许可", ["家庭", "居留许可", "证件"], ["海洋", "庭家"]),
    "en": ("Residence for families who lost their papers", ["family", "FAMILIES", "paper", "resid"], ["ocean"]),
    "fr": (
        "Titres de séjour pour les familles sans papiers d'état civil",
        ["sejour", "séjours", "famille", "état civil"],
        ["océan"],
    ),
    "ru": ("Вид на жительство для семей, утративших документы", ["семья", "документами", "жительства"], ["океан"]),
    "es": ("Permisos de residencia para niños y familias sin documentos", ["niño", "NINOS", "familia", "documento"], ["océano"]),
}


@pytest.mark.parametrize("language", list(SIX))
def test_words_are_found_in_each_language_however_they_are_written(session, language):
    title, hits, misses = SIX[language]
    row = make_practice(titles={language: title}, summaries={})
    make_practice("Something else altogether", summaries={})
    for word in hits:
        assert found(word) == [row.code], word
    for word in misses:
        assert row.code not in found(word), word


def test_every_word_has_to_be_there_and_what_stands_in_the_title_comes_first(session):
    in_text = make_practice("Another", summaries={"en": "Kinship shown by letters"})
    in_title = make_practice("Kinship shown by more than papers", summaries={"en": "Letters count."})
    assert found("kinship") == [in_title.code, in_text.code]
    assert found("kinship papers") == [in_title.code]
    assert found("kinship zebra") == []


def test_states_are_found_by_any_of_their_names_and_grounds_by_their_labels(session):
    row = make_practice("Arraigo", states=["ES"], grounds=["ties"], summaries={})
    for words in ("Spain", "Испания", "إسبانيا", "西班牙", "Espagne", "españa", "Arraigo", row.code):
        assert row.code in found(words), words
    from app.topics.queries import grounds

    for label in grounds()["ties"].labels.values():
        assert row.code in found(label), label


@pytest.mark.parametrize(
    "typed",
    ["'", "''' OR 1=1 --", "a & | ! <-> b", "a:*", "(((", "\\", "%", "_", "\u202e\u0000x", "🙂", "'); DROP TABLE tools; --", "!" * 5000, "a " * 5000,
     "AND OR NOT", ":*", "'a':A", "\ud800"],
)  # fmt: skip
def test_hostile_words_find_nothing_and_break_nothing(session, typed):
    make_practice("Zzz", summaries={})
    assert isinstance(found(typed), list)
    facets(ANYBODY, Filters(typed))


def test_no_word_at_all_finds_nothing_rather_than_everything(session):
    make_practice("Zzz")
    assert found("?!") == [] and facets(ANYBODY, Filters("?!")).total == 0


def test_a_page_with_hostile_addresses_is_a_page(app, client, session):
    make_practice("Zzz")
    session.commit()
    for query in (
        "q=%27%20OR%201=1", "q=%00", "ground='&state=%25&type=_&region=1", "after=abc", "after=W10", "q=a&after=WyJhIiwiYiJd", "view=x",
        "ground=" + "&ground=".join("abcdefgh" for _ in range(500)), "q=" + "%F0%9F%99%82" * 300, "region=999", "q=%ED%A0%80",
    ):  # fmt: skip
        assert client.get(f"/en/practices?{query}").status_code == 200, query


def test_facets_narrow_and_count_what_they_would_leave(session):
    one, two = make_state("Alvania", code="XA"), make_state("Borania", code="XB")
    first = make_practice("First", states=[one.code], grounds=["family", "child"], type=PracticeType.PROGRAMME)
    second = make_practice("Second", states=[one.code, two.code], grounds=["family"])
    third = make_resource("Third", grounds=["child"], type=ResourceType.GUIDE)
    make_practice("Draft", states=[one.code], grounds=["family"], published=False)
    assert set(found(states=("XA",))) == {first.code, second.code}
    assert set(found(grounds=("child",))) == {first.code, third.code}
    assert set(found(grounds=("child", "family"))) == {first.code, second.code, third.code}
    assert found(grounds=("child",), states=("XA",)) == [first.code]
    assert found(types=("guide",)) == [third.code]
    counted = facets(ANYBODY, Filters("done", grounds=("child",)))  # a word of their summaries, and of no tool's
    assert counted.total == 2
    assert {c.value: c.number for c in counted.grounds} == {"family": 2, "child": 2}
    assert {c.value: c.number for c in counted.states} == {"XA": 1}
    assert {c.value: c.number for c in counted.types} == {"programme": 1, "guide": 1}


def test_a_continent_counts_a_practice_once_however_many_of_its_states_it_names(session):
    make_state("Alvania", code="XA", region_m49="202")
    make_state("Borania", code="XB", region_m49="015")
    row = make_practice("Two neighbours", states=["XA", "XB"])
    assert [(c.value, c.number) for c in facets(ANYBODY, Filters("neighbours")).regions] == [("002", 1)]
    assert found("neighbours", regions=("002",)) == [row.code]
    assert found("neighbours", regions=("150",)) == []


def test_drafts_are_the_offices_in_lists_and_in_counts(session):
    draft = make_practice("Hidden secret", published=False)
    assert found("secret") == [] and facets(ANYBODY, Filters("secret")).total == 0
    assert found("secret", OFFICE) == [draft.code] and facets(OFFICE, Filters("secret")).total == 1
    assert facets(OFFICE, Filters()).total == len(everything(viewer=OFFICE)) > 1  # also where nothing narrows the list
    signed_in = Viewer(roles=frozenset({Role.FOCAL_POINT, Role.CO_LEAD, Role.PARTICIPANT}))
    assert found("secret", signed_in) == []


def test_the_catalogue_follows_every_change(session):
    row = make_practice("Before")
    row.titles = {"en": "Afterwards"}
    row.grounds = ["student"]
    session.flush()
    assert found("before") == [] and found("afterwards", grounds=("student",)) == [row.code]
    row.published = False
    session.flush()
    assert found("afterwards") == []


def test_pages_by_key_hold_everything_once_with_words_and_without(session):
    codes = {make_practice(f"Quetzal {n}", summaries={"en": "quetzal " * (n % 3)}).code for n in range(11)}
    for words in ("", "quetzal"):
        seen, after = [], None
        for _turn in range(50):
            page = catalogue_page(ANYBODY, Filters(words), after, size=4)
            seen += [row.code for row in page.rows]
            after = page.after
            if after is None:
                break
        assert len(seen) == len(set(seen)) and codes <= set(seen)


def test_tools_of_the_reference_data_are_in_the_catalogue(session):
    assert "gap_checklist" in everything("checklist", types=("tool",))
    assert "gap_checklist" in everything("核对表")


def test_as_many_queries_for_thirty_records_as_for_three(session, statements):
    def page():
        session.expire_all()
        statements.clear()
        rows = catalogue_page(ANYBODY, Filters("quetzal"), size=50).rows
        facets(ANYBODY, Filters("quetzal"))
        return len(rows), len(statements)

    for make in (make_practice, make_tool, make_resource):
        make("quetzal", grounds=["family"])
    few = page()
    for _n in range(5):
        for make in (make_practice, make_tool, make_resource):
            make("quetzal", grounds=["family", "child"], **({"states": ["ES", "KE"]} if make is make_practice else {}))
    many = page()
    assert (few[0], many[0]) == (3, 18)
    assert many[1] == few[1] == 3  # the list, the counts, and the States that processes keep for a minute


def test_the_page_asks_as_much_for_ten_records_as_for_one(app, client, statements):
    counts = []
    for total in (1, 10):
        with app.app_context():
            for number in range(total):
                make_practice(f"Quetzal {number}", states=["ES", "KE"], grounds=["family"])
            db.session.commit()
            db.session.remove()
        client.get("/en/practices?q=quetzal")
        statements.clear()
        assert client.get("/en/practices?q=quetzal").text.count('<li class="practice">') == min(10, total + len(counts))
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 4, counts


def test_words_are_cut_alike_for_texts_and_for_what_is_typed():
    assert lookup.asked("儿童 Café-Été 10.7 x_b") == ["儿童", "cafe", "ete", "10", "7", "x", "b"]
    assert lookup.asked("the families of the State") == ["families", "state"] and lookup.asked("of the") == ["of", "the"]
    assert lookup.asked("人") == ["人"]
    assert list(lookup.words("最大 x")) == ["最", "大", "最大", "x"]
    assert len(lookup.asked(" ".join(f"w{n}" for n in range(99)))) == lookup.MOST_WORDS


def test_a_line_of_the_catalogue_says_what_the_record_says(session):
    row = make_practice(
        "Line", states=["KE"], grounds=["family"], law_status=LawStatus.IN_FORCE, titles={"en": "Line", "fr": "Ligne"}
    )
    line = session.get(CatalogueEntry, (Kind.PRACTICE, row.id))
    assert (line.type, line.states, line.grounds, line.languages, line.published) == (
        "policy",
        ["KE"],
        ["family"],
        ["en", "fr"],
        True,
    )
    assert session.get(CatalogueEntry, (Kind.PRACTICE, uuid.uuid4())) is None
