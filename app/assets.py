"""The static files as they are served: one style sheet, one script, fonts; each with a hash in its name.

``flask assets build`` makes them from ``app/static`` and ``node_modules`` into ``app/static/build``. Without the npm
packages the pages use the system's faces and show no map; everything else is the same.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup
from markupsafe import Markup

from app.core import draw

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "static"
PACKAGES = HERE.parent / "node_modules"
OUT = SOURCES / "build"
PREFIX = "/static/"

FONTS = {
    "source-serif-4-latin.woff2": "@fontsource/source-serif-4/files/source-serif-4-latin-600-normal.woff2",
    "source-serif-4-cyrillic.woff2": "@fontsource/source-serif-4/files/source-serif-4-cyrillic-600-normal.woff2",
    "vazirmatn.woff2": "@fontsource-variable/vazirmatn/files/vazirmatn-arabic-wght-normal.woff2",
}
LAND = "world-atlas/land-110m.json"
SHEETS = ("tokens.css", "ui.css", "extras.css")
MAKER = 1  # raise it when this module makes something else from the same sources

_WHOLE = re.compile(r"""(?P<comment>/\*.*?\*/)|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|url\([^"')]*\)""", re.S)
_FACE = re.compile(r"@font-face\s*\{[^}]*\}")


class NotBuiltError(RuntimeError):
    """The static files are missing and cannot be made here."""


@dataclass(frozen=True)
class Built:
    """What a build made: names to hashed names, and what it had to do without."""

    names: dict[str, str]
    missing: tuple[str, ...]
    fresh: bool  # False when everything was there already


def minify(css: str) -> str:
    """The same rules without comments and needless white space. Strings and addresses stay as they are."""
    kept: list[str] = []

    def lift(match: re.Match[str]) -> str:
        if match["comment"] is not None:
            return " "
        kept.append(match[0])
        return "\0"

    bare = re.sub(r"\s+", " ", _WHOLE.sub(lift, css))
    bare = re.sub(r" ?([{};,]) ?", r"\1", bare).replace(";}", "}").strip()
    words = iter(kept)
    return re.sub("\0", lambda _match: next(words), bare)


def _read(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


def _ours(static_src: Path) -> dict[str, bytes]:
    """What we wrote ourselves."""
    css = _read(static_src / "css", ("fonts.css", *SHEETS))
    js = _read(static_src / "js", sorted(p.name for p in (static_src / "js").glob("*.js")))
    img = _read(static_src / "img", sorted(p.name for p in (static_src / "img").glob("*.svg")))
    groups = {"css": css, "js": js, "img": img}
    return {f"{kind}/{name}": data for kind, group in groups.items() for name, data in group.items()}


def _sources(static_src: Path, node_modules: Path) -> dict[str, bytes]:
    """Everything a build depends on, by a name that is the same on every machine."""
    packages = _read(node_modules, (*FONTS.values(), LAND))
    return {**_ours(static_src), **{f"npm/{name}": data for name, data in packages.items()}}


def _digest(sources: dict[str, bytes]) -> str:
    found = hashlib.sha256(f"{MAKER} {_brotli() is not None}".encode())
    for name in sorted(sources):
        found.update(f"{name} {len(sources[name])} ".encode() + sources[name])
    return found.hexdigest()


def _brotli() -> Any:
    return importlib.import_module("brotli") if importlib.util.find_spec("brotli") else None


def _script(sources: dict[str, bytes]) -> str:
    """All scripts as one module, each in its own block so that their names cannot meet."""
    parts = (data.decode() for name, data in sorted(sources.items()) if name.startswith("js/"))
    return "".join("{\n" + re.sub(r"^\s*//.*\n", "", part, flags=re.M) + "}\n" for part in parts)


class _Writer:
    """Writes files under their hashed names, whole or not at all, with compressed copies beside them."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.names: dict[str, str] = {}

    def add(self, name: str, data: bytes) -> str:
        """Keep this content under a name with its hash; answers that name."""
        stem, dot, ending = name.rpartition(".")
        hashed = f"{stem}-{hashlib.sha256(data).hexdigest()[:12]}{dot}{ending}"
        self.write(hashed, data)
        if ending in ("css", "js", "svg"):
            self.write(f"{hashed}.gz", gzip.compress(data, 9, mtime=0))
            if brotli := _brotli():
                self.write(f"{hashed}.br", brotli.compress(data, quality=11))
        self.names[name] = hashed
        return hashed

    def write(self, name: str, data: bytes) -> None:
        """One file, put in place in one step: two builds at once make the same thing."""
        handle, fresh = tempfile.mkstemp(dir=self.out, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(fresh, 0o644)
        os.replace(fresh, self.out / name)


def build(static_src: Path = SOURCES, node_modules: Path = PACKAGES, out: Path = OUT) -> Built:
    """Make all static files, unless the same sources made them before. The files of the build before stay for open pages."""
    sources = _sources(static_src, node_modules)
    inputs = _digest(sources)
    before = _manifest(out)
    missing = tuple(sorted(name for name in (*FONTS.values(), LAND) if f"npm/{name}" not in sources))
    if before.get("inputs") == inputs and all((out / hashed).is_file() for hashed in before["names"].values()):
        return Built(before["names"], missing, fresh=False)
    out.mkdir(parents=True, exist_ok=True)
    writer = _Writer(out)
    fonts = {path: writer.add(name, sources[f"npm/{path}"]) for name, path in FONTS.items() if f"npm/{path}" in sources}
    sheets = "\n".join(sources[f"css/{name}"].decode() for name in SHEETS)
    writer.add("site.css", minify(_faces(sources["css/fonts.css"].decode(), fonts) + sheets).encode())
    writer.add("lighter.css", minify(sheets).encode())
    writer.add("site.js", _script(sources).encode())
    for name, data in sources.items():
        if name.startswith("img/"):
            writer.add(name.removeprefix("img/"), data)
    dots = draw.land_dots(node_modules / LAND) if f"npm/{LAND}" in sources else []
    writer.write("land.json", json.dumps(dots, separators=(",", ":")).encode())
    found = {"inputs": inputs, "ours": _digest(_ours(static_src)), "names": writer.names}
    writer.write("manifest.json", json.dumps(found, indent=1, sort_keys=True).encode())
    _sweep(out, {*writer.names.values(), *before.get("names", {}).values(), "manifest.json", "land.json"})
    return Built(writer.names, missing, fresh=True)


def _faces(css: str, fonts: dict[str, str]) -> str:
    """The font faces whose files are there, with their addresses."""
    faces = []
    for face in _FACE.findall(css):
        for path, hashed in fonts.items():
            if path in face:
                faces.append(re.sub(r'url\("[^"]*"\)', f'url("{hashed}")', face))
    return "\n".join(faces)


def _sweep(out: Path, keep: set[str]) -> None:
    """Remove what neither this build nor the one before it made."""
    for file in out.iterdir():
        if file.name.removesuffix(".gz").removesuffix(".br") not in keep and not file.name.startswith(".new-"):
            file.unlink(missing_ok=True)


def _manifest(out: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _stale(found: dict[str, Any]) -> bool:
    """Must it be made (again)? Where the packages have been removed after a build, that build stays."""
    return not found or (PACKAGES.is_dir() and found.get("ours") != _digest(_ours(SOURCES)))


def init_app(app: Flask, out: Path = OUT) -> None:
    """Give templates ``asset_url``, ``day_map`` and ``land_map``; builds first where nobody has, or after a change."""
    found = _manifest(out)
    if _stale(found):
        try:
            build(out=out)
        except OSError as error:
            if not found:
                raise NotBuiltError(f"The static files are missing. Run `flask assets build` first ({error}).") from error
    names: dict[str, str] = _manifest(out)["names"]
    dots = tuple(draw.Dot(*dot) for dot in json.loads((out / "land.json").read_text(encoding="utf-8")))

    def asset_url(name: str) -> str:
        """The address of a static file; an unknown name fails here, not in the browser."""
        return PREFIX + names[name]

    def day_map(utc: datetime) -> Markup:
        """The land by day and by night; kept for ten minutes' worth of the sun's way. Empty without the outline."""
        return draw.day_map(dots, utc.replace(minute=utc.minute // 10 * 10, second=0, microsecond=0)) if dots else Markup()

    plain = draw.plain_map(dots) if dots else Markup()
    app.jinja_env.globals.update(asset_url=asset_url, day_map=day_map, land_map=lambda: plain, map_point=draw.to_map)


assets_cli = AppGroup("assets", help="The static files.")


@assets_cli.command("build")
def build_command() -> None:
    """Make the static files; says so when fonts or the map have to be left out."""
    built = build()
    for name in built.missing:
        click.echo(f"Not there: node_modules/{name}; pages go without it.", err=True)
    click.echo(f"{len(built.names)} static files {'made' if built.fresh else 'were up to date'}.")
