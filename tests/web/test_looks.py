"""What holds in every style sheet, script and template: one sheet for both directions, nothing inline, nothing heavy."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from app.assets import minify

HERE = Path(__file__).parents[2]
SHEETS = sorted((HERE / "app" / "static" / "css").glob("*.css"))
SCRIPTS = sorted((HERE / "app" / "static" / "js").glob("*.js"))
PAGES = sorted(p for p in (HERE / "templates").rglob("*.html") if "emails" not in p.parts)
TOKEN_SHEETS = {"tokens.css", "fonts.css"}


def without_comments(css: str) -> str:
    return re.sub(r"/\*.*?\*/", "", css, flags=re.S)


def without_jinja(template: str) -> str:
    """The markup of a template alone; what is printed into it becomes one mark."""
    return re.sub(r"\{\{.*?\}\}", "·", re.sub(r"\{#.*?#\}|\{%.*?%\}", "", template, flags=re.S), flags=re.S)


def environment() -> Environment:
    found = Environment(loader=FileSystemLoader(HERE / "templates"), extensions=["jinja2.ext.i18n"], autoescape=True)  # noqa: S701
    found.trim_blocks = found.lstrip_blocks = True
    found.filters |= {"markdown": str, "size": str}  # the house adds its own
    return found


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda p: p.name)
def test_styles_name_no_physical_side(sheet: Path) -> None:
    css = without_comments(sheet.read_text(encoding="utf-8"))
    assert re.findall(r"(?<![\w-])(?:(?:margin|padding|border|inset)-)?(?:left|right)(?![\w-])", css) == []
    assert re.findall(r"[;{]\s*(?:min-|max-)?(?:width|height)\s*:", css) == []


@pytest.mark.parametrize("sheet", [s for s in SHEETS if s.name not in TOKEN_SHEETS], ids=lambda p: p.name)
def test_components_take_their_colours_from_the_tokens(sheet: Path) -> None:
    css = without_comments(sheet.read_text(encoding="utf-8"))
    paper = r"#(?:fff|000|333|555|999|083d4f)\b"  # print, frames of foreign mail, and the one dark banner
    assert [c for c in re.findall(r"#[0-9a-fA-F]{3,8}\b", css) if not re.fullmatch(paper, c)] == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda p: p.name)
def test_styles_fetch_nothing_from_elsewhere(sheet: Path) -> None:
    css = without_comments(sheet.read_text(encoding="utf-8"))
    assert "@import" not in css
    assert re.findall(r"(?:https?:)?//[\w.]+", css) == []


def test_used_tokens_exist() -> None:
    css = "".join(without_comments(s.read_text(encoding="utf-8")) for s in SHEETS)
    defined = set(re.findall(r"(--[\w-]+)\s*:", css))
    assert set(re.findall(r"var\((--[\w-]+)", css)) <= defined


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(HERE / "templates")))
def test_templates_have_nothing_inline(page: Path) -> None:
    text = without_jinja(page.read_text(encoding="utf-8"))
    assert re.findall(r"\sstyle\s*=", text) == []
    assert re.findall(r"\son[a-z]+\s*=\s*[\"']", text) == []
    assert re.findall(r"<style[\s>]", text) == []
    assert re.findall(r"<script(?![^>]*\ssrc=)", text) == []
    assert "javascript:" not in text


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(HERE / "templates")))
def test_templates_compile_and_say_nothing_untranslated(page: Path) -> None:
    env = environment()
    source = page.read_text(encoding="utf-8")
    env.compile(source, str(page))
    words = re.findall(r"[A-Za-z]{3,}", re.sub(r"<[^>]*>|[a-z-]+=\"[^\"]*\"", " ", without_jinja(source)))
    assert [w for w in words if w not in ("UTC", "Pathways", "Exchange", "CSV", "JSON", "PDF")] == []


@pytest.mark.parametrize("page", [p for p in PAGES if p.parent.name == "components"], ids=lambda p: p.name)
def test_every_macro_file_says_how_it_is_used(page: Path) -> None:
    source = page.read_text(encoding="utf-8")
    for macro in re.findall(r"\{%-? macro ([a-z]\w*)\(", source):
        head = source[: source.index("#}")]
        assert re.search(rf"\b{macro}\(", head), f"{macro} is not told at the top of {page.name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(HERE / "templates")))
def test_templates_use_only_classes_of_the_style_sheets(page: Path) -> None:
    css = "".join(without_comments(s.read_text(encoding="utf-8")) for s in SHEETS)
    known = set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", css)) | {"links"}  # a list without marks, by having any class
    text = re.sub(r"\{#.*?#\}", "", page.read_text(encoding="utf-8"), flags=re.S)
    used: set[str] = set()
    for value in re.findall(r'\sclass="([^"{}]*)"', text):
        used |= set(value.split())
    assert used - known == set()


class Balance(HTMLParser):
    """Complains about tags that are not closed in order, doubled ids, and labels that point nowhere."""

    VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.wanted: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if len(found) != len(attrs):
            self.faults.append(f"an attribute twice in <{tag}>")
        self.faults += [f"{name} on <{tag}>" for name in found if name == "style" or name.startswith("on")]
        if found.get("id"):
            self.ids.append(found["id"] or "")
        for name in ("for", "aria-describedby", "aria-labelledby"):
            self.wanted += (found.get(name) or "").split()
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element of a drawing that closes itself."""

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")


def faults(html: str) -> list[str]:
    """What is wrong with a page or a piece of one."""
    parser = Balance()
    parser.feed(html)
    doubled = {i for i in parser.ids if parser.ids.count(i) > 1}
    lost = set(parser.wanted) - set(parser.ids)
    return [
        *parser.faults,
        *(f"<{t}> stays open" for t in parser.open),
        *(f"id {i} twice" for i in doubled),
        *(f"no {i}" for i in lost),
    ]


def test_the_checker_sees_faults() -> None:
    assert faults("<p><b>x</p></b>") == ["</p> closes nothing", "</b> closes nothing"]
    assert faults('<label for="x">y</label>') == ["no x"]
    assert faults('<p id="a"></p><p id="a"></p>') == ["id a twice"]
    assert faults('<p style="x"></p>') == ["style on <p>"]
    assert faults('<p><br><svg><path d="M0 0"/></svg></p>') == []


def test_all_scripts_together_weigh_less_than_five_kilobytes() -> None:
    assert len(gzip.compress(b"".join(s.read_bytes() for s in SCRIPTS))) < 5000


def test_the_styles_weigh_less_than_eleven_kilobytes() -> None:
    """As they are served."""
    served = minify("\n".join(s.read_text(encoding="utf-8") for s in SHEETS))
    assert len(gzip.compress(served.encode())) < 11000
