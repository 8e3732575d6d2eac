"""The static files: named after their content, made once, made without npm too."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from flask import Flask

from app import assets

STATIC = Path(__file__).parents[2] / "app" / "static"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of our sources that a test may change."""
    for kind in ("css", "js", "img"):
        shutil.copytree(STATIC / kind, tmp_path / "static" / kind)
    return tmp_path / "static"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """The npm packages as far as a build reads them, with a square island for land."""
    folder = tmp_path / "node_modules"
    for path in assets.FONTS.values():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"wOF2" + path.encode())
    island = {
        "transform": {"scale": [1, 1], "translate": [0, 0]}, "arcs": [[[0, 0], [40, 0], [0, 40], [-40, 0], [0, -40]]],
        "objects": {"land": {"geometries": [{"type": "Polygon", "arcs": [[0]]}]}},
    }  # fmt: skip
    (folder / assets.LAND).parent.mkdir(parents=True)
    (folder / assets.LAND).write_text(json.dumps(island))
    return folder


def test_every_name_carries_the_hash_of_its_content(sources: Path, packages: Path, tmp_path: Path) -> None:
    out = tmp_path / "build"
    built = assets.build(sources, packages, out)
    assert set(built.names) == {*assets.FONTS, "site.css", "lighter.css", "site.js", "mark.svg"}
    assert (built.missing, built.fresh) == ((), True)
    for name, hashed in built.names.items():
        stem, ending = name.rsplit(".", 1)
        data = (out / hashed).read_bytes()
        assert hashed == f"{stem}-{hashlib.sha256(data).hexdigest()[:12]}.{ending}"
        if ending in ("css", "js", "svg"):
            assert gzip.decompress((out / f"{hashed}.gz").read_bytes()) == data
    assert len(json.loads((out / "land.json").read_text())) > 10
    assert not list(out.glob(".new-*"))


def test_the_style_sheet_points_to_the_fonts_that_are_there(sources: Path, packages: Path, tmp_path: Path) -> None:
    (packages / assets.FONTS["vazirmatn.woff2"]).unlink()
    out = tmp_path / "build"
    built = assets.build(sources, packages, out)
    site, lighter = ((out / built.names[n]).read_text() for n in ("site.css", "lighter.css"))
    linked = re.findall(r'url\("([^"]+)"\)', site)
    assert sorted(linked) == sorted(h for n, h in built.names.items() if n.endswith(".woff2"))
    assert len(linked) == 2
    assert "@font-face" not in lighter
    assert site.endswith(lighter)
    assert built.missing == (assets.FONTS["vazirmatn.woff2"],)


def test_building_twice_makes_nothing_new(sources: Path, packages: Path, tmp_path: Path) -> None:
    out = tmp_path / "build"
    first = assets.build(sources, packages, out)
    stamps = {p.name: p.stat().st_mtime_ns for p in out.iterdir()}
    second = assets.build(sources, packages, out)
    assert (second.names, second.fresh) == (first.names, False)
    assert {p.name: p.stat().st_mtime_ns for p in out.iterdir()} == stamps


def test_a_change_makes_a_new_name_and_keeps_the_old_file_for_open_pages(sources: Path, packages: Path, tmp_path: Path) -> None:
    out = tmp_path / "build"
    names = [assets.build(sources, packages, out).names["site.css"]]
    for size in (1, 2):
        with (sources / "css" / "extras.css").open("a") as sheet:
            sheet.write(f".x{size} {{ order: {size}; }}\n")
        names.append(assets.build(sources, packages, out).names["site.css"])
    assert len(set(names)) == 3
    assert [(out / name).exists() for name in names] == [False, True, True]


def test_a_lost_file_is_made_again(sources: Path, packages: Path, tmp_path: Path) -> None:
    out = tmp_path / "build"
    built = assets.build(sources, packages, out)
    (out / built.names["site.js"]).unlink()
    assert assets.build(sources, packages, out).fresh
    assert (out / built.names["site.js"]).is_file()


def test_without_npm_the_pages_have_system_faces_and_no_map(sources: Path, tmp_path: Path) -> None:
    out = tmp_path / "build"
    built = assets.build(sources, tmp_path / "nowhere", out)
    assert set(built.missing) == {*assets.FONTS.values(), assets.LAND}
    assert "@font-face" not in (out / built.names["site.css"]).read_text()
    app = Flask("bare")
    assets.init_app(app, out)
    assert app.jinja_env.globals["land_map"]() == ""
    assert app.jinja_env.globals["asset_url"]("site.css") == f"/static/{built.names['site.css']}"
    with pytest.raises(KeyError):
        app.jinja_env.globals["asset_url"]("other.css")


def test_where_nobody_built_and_nothing_can_be_written_one_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(assets.NotBuiltError, match="flask assets build"):
        assets.init_app(Flask("bare"), tmp_path / "file" / "build")


@pytest.mark.parametrize(
    ("css", "short"),
    [
        ("a { color : red ; }\n\n b,\n c > d { margin: 0 auto }", "a{color : red}b,c > d{margin: 0 auto}"),
        ('a::before { content: "  /* no comment */ ;  "; }', 'a::before{content: "  /* no comment */ ;  "}'),
        ("/* x */ a { /* y { */ b: url(a;b.png) ; } /* } */", "a{b: url(a;b.png)}"),
        ("a { width: calc( 1px + 2 * 3px ) }", "a{width: calc( 1px + 2 * 3px )}"),
        ("a:not(.b) :is(c, d) {}", "a:not(.b) :is(c,d){}"),
        ("@media (min-width: 4em) and (x: y) { a { b: c } }", "@media (min-width: 4em) and (x: y){a{b: c}}"),
    ],
)
def test_minifying_changes_no_rule(css: str, short: str) -> None:
    assert assets.minify(css) == short


def test_the_command_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sources: Path) -> None:
    bound = assets.build
    monkeypatch.setattr(assets, "build", lambda: bound(sources, tmp_path / "nowhere", tmp_path / "build"))
    said = Flask("bare").test_cli_runner().invoke(assets.assets_cli, ["build"])
    assert said.exit_code == 0
    assert f"Not there: node_modules/{assets.LAND}" in said.stderr
    assert "4 static files made." in said.stdout


def test_the_lock_file_names_no_registry() -> None:
    lock = (STATIC.parents[1] / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert set(re.findall(r"https?://([^/\"]+)", lock)) <= {"github.com"}
