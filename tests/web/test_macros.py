"""Every macro renders to sound markup: tags closed, ids once, labels and descriptions that lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, render_template_string
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from app import assets
from app.core import text
from app.core.errors import RuleBroken
from app.core.languages import direction
from tests.web.house import TEMPLATES, Everything, built
from tests.web.test_looks import faults

START = datetime(2027, 3, 11, 13, 0, tzinfo=UTC)
END = START + timedelta(minutes=90)
HOSTILE = '<script>alert(1)</script>" onload="x'


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The templates with the names they ask for, in English unless a test says otherwise."""
    app = built(tmp_path_factory.mktemp("build"))
    with app.test_request_context():
        yield app


def piece(source: str, **facts: Any) -> str:
    """A piece of a page; sound markup, or the test fails."""
    html = render_template_string(source, **facts)
    assert faults(html) == []
    return html


def filled(**answers: str) -> Everything:
    """The form as it comes back with these answers, checked."""
    form = Everything(formdata=MultiDict(answers), meta={"csrf": False})
    form.validate()
    return form


FIELDS = '{% import "components/fields.html" as ui %}'


def test_every_field_has_its_label(house: Flask) -> None:
    form = Everything(formdata=None, meta={"csrf": False})
    html = piece(
        FIELDS + "{{ ui.error_summary(form) }}{% for f in form if f.short_name not in ('title', 'places', 'website') %}"
        "{{ ui.field(f, hint='Short.' if f.type != 'HiddenField' else none, count=none) }}{% endfor %}"
        "{{ ui.texts(form.title, hint='One is enough.') }}{{ ui.honeypot(form.website) }}{{ ui.saved('/save') }}"
        "{{ ui.files([('letter.pdf', '12 kB', '/f/1', '/f/1/remove')]) }}",
        form=form,
    )
    for shown in re.findall(r'<(?:input|select|textarea)[^>]*\sid="([^"]+)"', html):
        if shown != "key":
            assert f'for="{shown}"' in html, shown
    assert "summary-err" not in html
    assert "aria-invalid" not in html
    assert "maxlength" not in html  # a browser would cut what is pasted without a word
    assert "Monday 5 April 2027" in html


def test_optional_fields_are_marked_and_needed_ones_are_not(house: Flask) -> None:
    form = Everything(formdata=None, meta={"csrf": False})
    assert "(optional)" in piece(FIELDS + "{{ ui.field(form.name) }}", form=form)
    assert "(optional)" not in piece(FIELDS + "{{ ui.field(form.mail) }}", form=form)
    assert 'aria-required="true"' in piece(FIELDS + "{{ ui.field(form.mail) }}", form=form)
    assert "(optional)" not in piece(FIELDS + "{{ ui.field(form.name, optional=false) }}", form=form)


def test_an_error_stands_between_hint_and_field_and_is_tied_to_it(house: Flask) -> None:
    html = piece(FIELDS + "{{ ui.field(form.aim, hint='Two sentences.', count=800) }}", form=filled(mode="seek"))
    assert html.index("aim-hint") < html.index("aim-error") < html.index("<textarea")
    assert 'aria-describedby="aim-hint aim-error aim-below"' in html
    assert 'aria-invalid="true"' in html
    assert "Say what you seek." in html


def test_the_summary_lists_every_error_and_leads_to_its_field(house: Flask) -> None:
    form = filled(**{"title-fr": "x" * 11, "places-0": "four"})
    form.refuse(RuleBroken("The call is closed."))
    html = render_template_string(FIELDS + "{{ ui.error_summary(form) }}", form=form)
    assert re.findall(r'<li>(?:<a href="(#[^"]+)">)?', html) == ["", "#mode-0", "#aim", "#mail", "#agree", "#title-fr", "#places-0"]
    assert "There are 7 things to fix" in html
    assert "<li>The call is closed.</li>" in html
    assert 'role="alert"' in html
    assert 'tabindex="-1"' in html


def test_one_error_is_one_thing(house: Flask) -> None:
    form = filled(mode="seek", aim="a", mail="a@b.example")
    html = render_template_string(FIELDS + "{{ ui.error_summary(form) }}", form=form)
    assert "There is 1 thing to fix" in html


def test_what_was_typed_comes_back_escaped(house: Flask) -> None:
    form = filled(mode=HOSTILE, aim=HOSTILE, name=HOSTILE)
    html = piece(FIELDS + "{{ ui.field(form.aim) }}{{ ui.field(form.name) }}{{ ui.choices(form.mode) }}", form=form)
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34; onload=&#34;x" in html


def test_choices_keep_what_was_chosen(house: Flask) -> None:
    form = Everything(formdata=MultiDict([("mode", "offer"), ("grounds", "1"), ("grounds", "2")]), meta={"csrf": False})
    html = piece(
        FIELDS + "{{ ui.choices(form.mode, cards={'offer': 'We share.'}) }}{{ ui.choices(form.grounds, columns=2) }}", form=form
    )
    assert re.findall(r'<input type="(\w+)" id="([\w-]+)"[^>]* checked>', html) == [
        ("radio", "mode-1"), ("checkbox", "grounds-0"), ("checkbox", "grounds-1"),
    ]  # fmt: skip
    assert "<span>We share.</span>" in html
    assert html.count("<fieldset") == 2


def test_a_field_with_many_answers_is_checkboxes_before_any_is_chosen(house: Flask) -> None:
    form = Everything(formdata=None, meta={"csrf": False})
    html = piece(FIELDS + "{{ ui.choices(form.grounds) }}{{ ui.choices(form.mode) }}", form=form)
    assert re.findall(r'<input type="(\w+)"', html) == ["checkbox", "checkbox", "radio", "radio"]


def test_texts_show_the_readers_language_and_those_with_errors_first(house: Flask) -> None:
    form = filled(**{"title-fr": "x" * 11, "title-ar": "عنوان"})
    html = piece(FIELDS + "{{ ui.texts(form.title) }}", form=form)
    first, others = html.split("<details", 1)
    assert re.findall(r'<input[^>]*id="title-(\w\w)"', first) == ["en", "fr"]
    assert re.findall(r'<input[^>]*id="title-(\w\w)"', others) == ["ar", "zh", "ru", "es"]
    assert others.startswith(' class="disc" open')  # something is written in there
    assert re.search(r'<input[^>]*dir="rtl"[^>]*id="title-ar"', others)


def test_a_refused_text_says_so_at_its_legend(house: Flask) -> None:
    form = Everything(formdata=None, meta={"csrf": False})
    form.refuse(RuleBroken("Enter a title in one language at least.", field="title"))
    html = piece(FIELDS + "{{ ui.error_summary(form) }}{{ ui.texts(form.title, hint='One is enough.') }}", form=form)
    assert '<li><a href="#title">Enter a title in one language at least.</a></li>' in html
    assert 'aria-describedby="title-hint title-error"' in html
    assert "There is 1 thing to fix" in html


def test_buttons_carry_a_token_and_say_what_they_are_about(house: Flask) -> None:
    html = piece(
        '{% from "components/buttons.html" import submit, post_button, post_link, confirm_button, link_button %}'
        "{{ post_button('/a', 'Assign', about='EOI-1', fields={'x': hostile}, sign='check') }}{{ post_link('/b', 'Sign out') }}"
        "{{ confirm_button('/c', 'Cancel', 'Tell 12 people?', 'Cancel it', about='Session 2') }}"
        "{{ link_button('/d', 'Open', sign='arrow') }}{{ submit('Save', name='later') }}",
        hostile=HOSTILE,
    )
    assert html.count('name="csrf_token"') == html.count("<form") == html.count('method="post"') == 3
    assert '<span class="vh">: EOI-1</span>' in html
    assert 'name="later" value="1"' in html
    assert "<script" not in html


def test_tables_say_on_phones_what_each_cell_is(house: Flask) -> None:
    html = piece(
        '{% from "components/tables.html" import rows, datatable %}{% from "components/status.html" import tag %}'
        "{{ rows('Queue', ['Reference', 'State', ('Days', 'num'), 'Action'], [['EOI-1', tag('New', 'good'), 0, '']]) }}"
        "{{ datatable('Figures', ['Month', 'Yes'], [['March', 3]]) }}"
    )
    assert '<th scope="row" role="rowheader">EOI-1</th>' in html
    assert re.findall(r'data-head="([^"]+)"', html) == ["State", "Days"]
    assert html.count("<caption") == 2


def test_hours_name_their_place(house: Flask) -> None:
    html = piece(
        '{% import "components/dates.html" as dates %}{{ dates.your_time_bar() }}{{ dates.when(start, end) }}'
        "{{ dates.world(start, 90, ['America/New_York', 'Pacific/Kiritimati']) }}{{ dates.moment(start) }}{{ dates.day(start) }}"
        "{{ dates.hours(start, end) }}{{ dates.datebox(start) }}",
        start=START, end=END,
    )  # fmt: skip
    assert "Times are in <b>Nairobi</b> time" in html
    assert '<time datetime="2027-03-11T13:00Z">16:00</time> <small>to 17:30</small>' in html
    assert "Thursday 11 March 2027, Nairobi time" in html
    assert "(13:00 to 14:30 UTC)" in html
    assert re.findall(r'<bdi dir="ltr">(\d\d:\d\d)</bdi>', html) == ["08:00", "16:00", "03:00"]
    assert "Clocks in New York change" in html
    assert 'hidden data-device-zone="Africa/Nairobi"' in html


def test_small_pieces_are_sound(house: Flask) -> None:
    html = piece(
        '{% import "components/nav.html" as nav %}{% from "components/status.html" import tag, note, person, facts, history %}'
        '{% from "components/empty.html" import empty %}{% from "components/paging.html" import pager %}'
        '{% from "components/steps.html" import steps, step_top %}'
        '{% from "components/localtext.html" import localtext, localmarkdown, typed %}'
        "{{ nav.crumbs([('/x', hostile)]) }}{{ nav.back('/x', 'Back') }}{{ nav.tabs([('/x', 'Open', true)], 'View') }}"
        "{{ nav.chips([('/x', 'Family', true)]) }}{% call nav.filters('Filters') %}<p>x</p>{% endcall %}"
        "{{ tag(hostile, 'bad') }}{% call note('warn') %}<p>x</p>{% endcall %}{{ person(hostile, 'Line') }}{{ person('', '') }}"
        "{{ facts([('A', 'b')], one=true) }}{{ history([('Monday', 'Accepted', 'by X')]) }}{{ empty('None.', '/x', 'Go') }}"
        "{{ pager('/a', none) }}{{ pager(none, none) }}"
        "{{ steps([('One', '/1', 'done'), ('Two', none, ''), ('Three', none, '')], 2) }}"
        "{{ step_top(2, 3, 'Two') }}{{ localtext(other) }}{{ localmarkdown(other) }}{{ typed(hostile) }}",
        hostile=HOSTILE, other=text.LocalText("إلمارا", "ar", "rtl"),
    )  # fmt: skip
    assert "<script" not in html
    assert '<bdi lang="ar" dir="rtl">إلمارا</bdi>' in html
    assert '<li class="now" aria-current="step">' in html
    assert html.count('class="pager"') == 1


def test_the_attributes_of_a_field_are_written_as_the_form_library_writes_them() -> None:
    from wtforms import widgets as theirs

    from app.core.forms import attributes

    given = {
        "id": "a<b", "class_": 'x "y"', "data_of_x": 1, "aria_label": Markup('&lt;"&gt;'), "required": True, "hidden": False,
        "value": "it's & <so>", "rows": 3, "dir": None,
    }  # fmt: skip
    made = attributes(**given)
    assert made == theirs.html_params(**given) and isinstance(made, Markup)
    assert made == (
        'aria-label="&lt;&quot;&gt;" class="x &#34;y&#34;" data-of-x="1" dir="None" id="a&lt;b" required rows="3"'
        ' value="it&#39;s &amp; &lt;so&gt;"'
    )


def test_an_unknown_icon_is_an_error(house: Flask) -> None:
    with pytest.raises(Exception, match="no-such"):
        render_template_string('{% from "components/icons.html" import icon %}{{ icon("no-such") }}')


def test_every_icon_draws_and_is_told(house: Flask) -> None:
    source = (TEMPLATES / "components" / "icons.html").read_text(encoding="utf-8")
    drawn = set(re.findall(r'^  "([a-z-]+)": ', source, flags=re.M))
    told = set(re.findall(r"[a-z-]+", source[source.index('cls="")') + 8 : source.index("mark()")]))
    assert drawn == told
    for name in drawn:
        piece('{% from "components/icons.html" import icon %}{{ icon(name) }}', name=name)


@pytest.mark.parametrize("lang", ["en", "ar", "zh"])
@pytest.mark.parametrize("signed_in", [True, False], ids=["in", "out"])
@pytest.mark.parametrize("layout", ["base.html", "office.html"])
def test_layouts_are_sound(house: Flask, lang: str, signed_in: bool, layout: str) -> None:
    house.config.update(LANG=lang, SIGNED_IN=signed_in)
    try:
        html = piece("{% extends layout %}{% block title %}T{% endblock %}{% block main %}<h1>T</h1>{% endblock %}", layout=layout)
    finally:
        house.config.update(LANG="en", SIGNED_IN=True)
    assert f'<html lang="{lang}" dir="{direction(lang)}" data-theme="dark">' in html
    assert html.count("<main") == html.count("<h1") == html.count('id="main"') == 1
    assert ("Adaeze &lt;Morrow&gt;" in html) is signed_in
    assert ('href="/sign-in"' in html) is not signed_in
    assert ("csrf_token" in html) is signed_in  # a page without a form stays the same for everyone


def test_the_title_says_when_the_form_has_errors(house: Flask) -> None:
    source = "{% extends 'base.html' %}{% block title %}Step 2{% endblock %}"
    assert "<title>Error: Step 2 – Regular" in piece(source, form=filled())
    assert "<title>Step 2 – Regular" in piece(source, form=Everything(formdata=None, meta={"csrf": False}))
    assert "<title>Error: Step 2 – Regular" in piece("{% set has_errors = true %}" + source)


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 410, 413, 429, 500, 503])
def test_error_pages_say_what_happened_and_the_way_on(house: Flask, code: int) -> None:
    html = piece(
        "{% include page %}", page=f"errors/{code}.html", message=HOSTILE, changes=[("Title", HOSTILE, "b")], request_id="r1"
    )
    assert html.count("<h1") == 1
    assert "<script>alert" not in html
    assert re.search(r'<a class="btn[^"]*" href="/en/"', html) or code == 401
    assert ("<nav" in html) is (code < 500)  # when the house is on fire, nobody asks the database for a menu


def test_a_form_that_expired_tells_how_to_save_what_was_typed(house: Flask) -> None:
    assert "your text is still there" in piece("{% include 'errors/400.html' %}", stale_form=True)


def test_the_day_map_names_its_hours_or_is_not_there(house: Flask) -> None:
    source = '{% import "components/maps.html" as maps %}{{ maps.daymap(start) }}'
    html = piece(source, start=START)
    if (assets.PACKAGES / assets.LAND).is_file():
        assert re.findall(r">([A-Z][a-z]+ \d\d:\d\d)</text>", html) == ["Lisbon 13:00", "Bangkok 20:00", "Nairobi 16:00"]
    else:
        assert html == ""
