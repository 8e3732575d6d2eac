"""A document as PDF, typeset by a short-lived process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from app.documents.blocks import Document

TYPESET = Path(__file__).resolve().with_name("typeset.py")
_SECONDS = 60
_LATIN = ["Libertinus Serif"]  # Latin and Cyrillic, inside the typesetter itself
_FAMILIES = {"ar": ["IBM Plex Sans Arabic", *_LATIN], "zh": ["Noto Sans CJK TC", *_LATIN]}
# Any text may hold a name in another script: every family stands in line after the document's own.
_OTHERS = ["IBM Plex Sans Arabic", "Noto Sans CJK TC"]
_PACKAGES = {"fontpkg_ibm_plex_sans_arabic": "files", "cvttf_NotoSansCJK_Regular": ""}


class NotTypeset(RuntimeError):
    """The typesetter failed; its words are in the log."""


def to_pdf(document: Document) -> bytes:
    """The document's bytes."""
    told = {"data": _data(document), "font_paths": font_paths()}
    done = subprocess.run(
        [sys.executable, "-I", str(TYPESET)],
        input=json.dumps(told).encode(),
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        raise NotTypeset(done.stderr.decode(errors="replace")[-2000:])
    return done.stdout


@cache
def font_paths() -> list[str]:
    """Folders of the packaged fonts that are there."""
    found = []
    for package, folder in _PACKAGES.items():
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            found.append(str(Path(spec.origin).parent / folder))
    return found


def _data(document: Document) -> dict[str, Any]:
    own = _FAMILIES.get(document.language, _LATIN)
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "author": document.author,
        "lang": document.language,
        "region": "cn" if document.language == "zh" else None,
        "rtl": document.right_to_left,
        "fonts": [*own, *(f for f in _OTHERS if f not in own)],
        "blocks": [{"kind": type(b).__name__, **asdict(b)} for b in document.blocks],
    }
