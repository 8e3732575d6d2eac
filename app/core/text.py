"""Words that people typed: cleaned, chosen by language, turned from Markdown into safe HTML, folded for search."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from app.core.languages import direction

SCHEMES = frozenset({"http", "https", "mailto"})
TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "blockquote", "a", "code", "pre"}

# Characters that change how other characters are read: the bidi embeddings, overrides and isolates, the
# invisible separators and the tag characters. Joiners and the plain direction marks stay: Arabic and Persian need them.
_HIDDEN = re.compile("[\u00ad\u180e\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
_PROSE = re.compile(r"[^\W\d_](?:[^\W_]|[ .,:;?!’«»()-])*(?<! )")
_UNWRITABLE = frozenset({"Cc", "Cs", "Co", "Cn"})
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Letters that no decomposition brings back to the one people type.
_SAME = str.maketrans({
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "œ": "oe", "æ": "ae", "þ": "th",
    "ـ": "", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ٱ": "ا",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class LocalText:
    """A text with the language it is written in, so that a page can say so. False when there is none."""

    text: str
    lang: str
    dir: str

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return bool(self.text)


def best(texts: Mapping[str, str] | None, locale: str, order: Iterable[str]) -> LocalText:
    """The text in the reader's language, else the first there is in the installation's order, else any."""
    texts = texts or {}
    text = texts.get(locale)
    if text and text.strip():
        return LocalText(text, locale, direction(locale))
    for lang in (locale, *order, *sorted(texts)):
        text = texts.get(lang)
        if text and text.strip():
            return LocalText(text, lang, direction(lang))
    return LocalText("", locale, direction(locale))


def in_running(found: LocalText, page: str) -> Markup:
    """A text in running text; its language and direction are said where they differ from the page's."""
    if found.lang == page:
        return escape(found.text)
    return Markup(f'<bdi lang="{found.lang}" dir="{found.dir}">{escape(found.text)}</bdi>')  # noqa: S704 - codes of ours


def clean(text: str) -> str:
    """What was typed, without control, bidi-override and other invisible characters; line ends as ``\\n``; NFC."""
    if text.isascii() and text.isprintable():
        return text
    text = _HIDDEN.sub("", _BREAKS.sub("\n", text))
    # what is printable holds none of the unwritable kinds; French spaces are writable, and called unprintable
    if not text.replace("\n", "").replace("\u00a0", "").replace("\u202f", "").isprintable():
        text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in _UNWRITABLE)
    return unicodedata.normalize("NFC", text)


def from_left(text: str, language: str) -> str:
    """What is read from left to right, a telephone number, held together in plain text of a language that is not.

    Without the marks the groups of digits would stand in the order of the line: the last one first.
    """
    return f"\u200e{text}\u200e" if text and direction(language) == "rtl" else text


def dialled(number: str) -> str:
    """A telephone number as a ``tel:`` link dials it: digits of any script, plus, star, hash and pauses; the rest is for eyes."""
    kept = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in clean(number) if c.isdigit() or c in "+*#,;")
    return kept.replace("#", "%23")


def line(text: str) -> str:
    """``clean`` for one line: every run of white space becomes one space."""
    if " " not in text and text.isascii() and text.isprintable():  # addresses are
        return text
    return " ".join(clean(text).split())


def is_address(text: str) -> bool:
    """Is this an e-mail address by syntax? No network is asked."""
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def fold(text: str) -> str:
    """The form of a text that searches compare: no case, no accents, no Arabic vowel signs or tatweel."""
    if text.isascii() and text.isprintable():  # nothing to clean, no accents to take away
        return " ".join(text.casefold().split())
    parted = unicodedata.normalize("NFKD", clean(text).casefold())
    bare = "".join(c for c in parted if unicodedata.category(c) != "Mn").translate(_SAME)
    return " ".join(bare.casefold().split())


def size_words(size: int) -> str:
    """A file's size as people read it."""
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(1, size // 1024)} kB"


@cache
def _parser() -> MarkdownIt:
    """CommonMark without raw HTML, pictures, rules and code fences; a link needs a scheme we know."""
    parser = MarkdownIt("commonmark", {"html": False, "typographer": False, "linkify": False})
    parser.disable(["html_block", "html_inline", "image", "hr", "code", "fence"])
    parser.validateLink = _allowed  # type: ignore[method-assign]
    return parser


def _allowed(url: str) -> bool:
    scheme, colon, rest = url.strip().partition(":")
    return bool(colon and rest) and scheme.lower() in SCHEMES


def _tokens(text: str) -> list[Token]:
    """The parsed text, headings turned into strong paragraphs: a page's outline is not the writer's to change."""
    tokens = _parser().parse(clean(text))
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type in ("heading_open", "heading_close"):
            token.tag = "p"
        elif before is not None and before.type == "heading_open" and token.children is not None:
            token.children = [Token("strong_open", "strong", 1), *token.children, Token("strong_close", "strong", -1)]
    return tokens


@lru_cache(maxsize=256)
def markdown(text: str) -> Markup:
    """Markdown in, safe HTML out: a small set of tags, links to http, https and mailto only."""
    parser = _parser()
    html = parser.renderer.render(_tokens(text), parser.options, {})
    return Markup(  # noqa: S704 - this is the one place that may say so: nh3 has just cleaned it
        nh3.clean(
            html,
            tags=TAGS,
            attributes={"a": {"href", "title"}},
            url_schemes=set(SCHEMES),
            link_rel="nofollow noopener noreferrer",
            url_relative="deny",
        )
    )


def _inline(children: Iterable[Token]) -> str:
    """The words of one paragraph; a link is followed by its address in brackets when its words differ from it."""
    out: list[str] = []
    starts: list[tuple[int, str]] = []
    for child in children:
        if child.type == "link_open":
            starts.append((len(out), str(child.attrs.get("href", ""))))
        elif child.type == "link_close":
            start, href = starts.pop()
            words = "".join(out[start:])
            if words not in (href, href.removeprefix("mailto:")):
                out.append(f" ({href})")
        elif child.type in ("softbreak", "hardbreak"):
            out.append("\n")
        else:
            out.append(child.content)
    return "".join(out)


def plain(text: str) -> str:
    """Markdown as plain text, for mails, calendar entries and summaries."""
    if _PROSE.fullmatch(text := clean(text)):  # one line in which nothing means more to Markdown than it says
        return text
    blocks: list[str] = []
    counters: list[int | None] = []
    mark = ""
    close = False  # does the next item follow the one before it without an empty line?
    for token in _tokens(text):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            close = bool(counters)
            counters.append(int(token.attrs.get("start", 1)) if token.type.startswith("ordered") else None)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            counters.pop()
        elif token.type == "list_item_open":
            number = counters[-1]
            mark = "- " if number is None else f"{number}. "
            counters[-1] = None if number is None else number + 1
        elif token.type == "inline":
            indent = "  " * (len(counters) - 1)
            joint = "" if not blocks else "\n" if close and mark else "\n\n"
            blocks.append(joint + indent + mark + _inline(token.children or ()).replace("\n", "\n" + indent))
            mark, close = "", True
    return "".join(blocks).strip()
