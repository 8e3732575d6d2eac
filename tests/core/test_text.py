"""Text that people typed: cleaned, chosen, made safe, folded."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.text import LocalText, best, clean, dialled, fold, line, markdown, plain

ORDER = ("en", "fr", "es", "ar", "ru", "zh")


def test_best_takes_the_readers_language_then_the_installations_order() -> None:
    texts = {"fr": "Bonjour", "ar": "مرحبا", "en": "  "}
    assert best(texts, "ar", ORDER) == LocalText("مرحبا", "ar", "rtl")
    assert best(texts, "ru", ORDER) == LocalText("Bonjour", "fr", "ltr")
    assert best({"pt": "Olá"}, "ru", ORDER) == LocalText("Olá", "pt", "ltr")


@pytest.mark.parametrize("texts", [None, {}, {"en": ""}, {"en": " \n"}])
def test_best_of_nothing_is_false_and_prints_nothing(texts: dict[str, str] | None) -> None:
    found = best(texts, "ar", ORDER)
    assert not found
    assert str(found) == ""
    assert (found.lang, found.dir) == ("ar", "rtl")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\u202eb\u202c", "ab"),  # override
        ("a\u2066b\u2069", "ab"),  # isolate
        ("a\u200bb\ufeffc\u00add", "abcd"),  # zero width, byte order mark, soft hyphen
        ("a\x00b\x07c\x1bd", "abcd"),
        ("a\r\nb\rc\u2028d\x85e", "a\nb\nc\nd\ne"),
        ("a\ud800b", "ab"),  # half a character
        ("a\ue000b", "ab"),  # private use
        ("می\u200cخواهم", "می\u200cخواهم"),  # Persian needs its non-joiner
        ("e\u0301", "é"),
        ("\t x", "\t x"),
        ("👩\u200d👧", "👩\u200d👧"),
    ],
)
def test_clean_takes_out_what_cannot_be_seen(typed: str, kept: str) -> None:
    assert clean(typed) == kept


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_clean_text_can_be_stored_and_is_clean_for_good(typed: str) -> None:
    kept = clean(typed)
    kept.encode("utf-8")
    assert "\0" not in kept
    assert clean(kept) == kept
    assert not {unicodedata.bidirectional(c) for c in kept} & {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def test_a_line_stays_one_line() -> None:
    assert line("  Bcc: a@b\r\n\tx\u2029y ") == "Bcc: a@b x y"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ÉCOLE", "ecole"), ("Łódź", "lodz"), ("STRASSE", "straße"), ("Müller", "muller"), ("İstanbul", "istanbul"),
        ("مُحَـــمَّد", "محمد"), ("إلمارا", "المارا"), ("مكتبة", "مكتبه"), ("Ёлка", "елка"), ("ﬁne", "fine"), (" a  b ", "a b"),
    ],
)  # fmt: skip
def test_searches_find_a_word_however_it_is_typed(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(st.text())
def test_folding_twice_changes_nothing(typed: str) -> None:
    assert fold(fold(typed)) == fold(typed)


def test_markdown_makes_the_small_set_of_tags() -> None:
    html = markdown("Hello **all**, *please* `read`\n\n- one\n- two\n\n1. first\n\n> said\n\nA line\\\nbroken")
    assert html == (
        "<p>Hello <strong>all</strong>, <em>please</em> <code>read</code></p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"
        "<ol>\n<li>first</li>\n</ol>\n<blockquote>\n<p>said</p>\n</blockquote>\n<p>A line<br>\nbroken</p>\n"
    )


def test_a_heading_of_the_writer_is_no_heading_of_the_page() -> None:
    assert markdown("# Title *x*\n\nUnder\n---") == "<p><strong>Title <em>x</em></strong></p>\n<p><strong>Under</strong></p>\n"


def test_links_go_to_known_schemes_only_and_give_nothing_away() -> None:
    html = markdown("[a](https://x.example/?a=1&b=2) <mailto:a@b.example> [H](HTTP://x.example)")
    assert html.count('rel="nofollow noopener noreferrer"') == 3
    assert 'href="https://x.example/?a=1&amp;b=2"' in html


@pytest.mark.parametrize(
    "hostile",
    [
        "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](java\nscript:alert(1))", "[x](&#106;avascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)", "[x](vbscript:x)", "[x](/admin)", "[x](//evil.example)", "[x](admin)",
        "<javascript:alert(1)>", "[x]: javascript:alert(1)\n[x]", "[x](\x01javascript:alert(1))", "[x](https:)", "[x](file:///etc/passwd)",
    ],
)  # fmt: skip
def test_other_addresses_are_no_links(hostile: str) -> None:
    assert "href" not in markdown(hostile)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "![x](https://x.example/y.png)",
        "**<b onmouseover=alert(1)>x</b>**", "<iframe src=//x>", "<!-- x -->", "<style>*{}</style>", "`<script>`", "    <script>",
        '[x](https://x.example "\\" onclick=\\"alert(1)")', "```html\n<script>\n```",
    ],
)  # fmt: skip
def test_markup_in_the_text_stays_text(hostile: str) -> None:
    html = str(markdown(hostile))
    tags = re.findall(r"<(/?\w+)([^>]*)>", html)
    assert {name.strip("/") for name, _ in tags} <= {"p", "strong", "code", "a", "em", "pre"}
    assert all(re.fullmatch(r'( (?:href|rel|title)="[^"]*")*', rest) for _, rest in tags)


@given(st.text(alphabet="<>[]()!#*_`&;:\"'/\\ \njavscriptonlhref=x-1."))
def test_no_text_makes_another_tag(typed: str) -> None:
    for name, rest in re.findall(r"<(/?\w+)([^>]*)>", str(markdown(typed))):
        assert name.strip("/") in {"p", "br", "strong", "em", "ul", "ol", "li", "blockquote", "a", "code", "pre"}
        assert re.fullmatch(r'( (?:href|rel|title|start)="[^"]*")*', rest)


def test_plain_text_keeps_the_facts() -> None:
    lists = "\n\n- one\n  - inner\n- two\n\n3. three\n4. four\n\n"
    text = f"# Agenda\n\nWe *meet* at [the page](https://x.example/a) or <https://y.example>.{lists}> said\n> so"
    assert plain(text) == f"Agenda\n\nWe meet at the page (https://x.example/a) or https://y.example.{lists}said\nso"


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_nothing_stays_nothing(text: str) -> None:
    assert plain(text) == ""
    assert markdown(text) == ""


@pytest.mark.parametrize(
    ("number", "tel"),
    [
        ("+254 (20) 555-0100", "+254205550100"), ("+254 20 000 0000, 1234#", "+254200000000,1234%23"),
        ("٠٢٠ ٥٥٥", "020555"), ('"><script>', ""), ("ext. 12", "12"), ("\u202e+33 1", "+331"),
    ],
)  # fmt: skip
def test_a_number_is_dialled_by_its_digits_alone(number: str, tel: str) -> None:
    assert dialled(number) == tel


@given(st.text(alphabet="aZé١ж中9 .,:;?!’«»()-\u00a0\n*_[#>`"))
def test_prose_is_taken_as_it_is_only_where_markdown_says_the_same(typed: str) -> None:
    kept = plain(typed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.core.text._PROSE", re.compile("(?!)"))
        assert kept == plain(typed)
