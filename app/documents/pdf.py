"""Documents as PDF, typeset by a short-lived process of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from app.documents.blocks import Document, Letter
from app.documents.process import files_of

TYPESET = Path(__file__).resolve().with_name("typeset.py")
_LATIN = ["Libertinus Serif"]  # Latin and Cyrillic, inside the typesetter itself
_FAMILIES = {"ar": ["IBM Plex Sans Arabic", *_LATIN], "zh": ["Noto Sans CJK TC", *_LATIN]}
# Any text may hold a name in another script: every family stands in line after the document's own.
_OTHERS = ["IBM Plex Sans Arabic", "Noto Sans CJK TC"]
_PACKAGES = {"fontpkg_ibm_plex_sans_arabic": "files", "cvttf_NotoSansCJK_Regular": ""}


def to_pdf(document: Document) -> bytes:
    """The document's bytes."""
    return _typeset("form.typ", [_form(document)])[0]


def letters_to_pdf(letters: Sequence[Letter]) -> list[bytes]:
    """The bytes of each letter. All are made by one process: fonts are read once, and two hundred take seconds."""
    return _typeset("letter.typ", [_letter(one) for one in letters]) if letters else []


def _typeset(template: str, documents: list[dict[str, Any]]) -> list[bytes]:
    told = {"template": template, "documents": documents, "font_paths": font_paths()}
    return files_of(TYPESET, json.dumps(told).encode(), len(documents), b"%PDF-")


@cache
def font_paths() -> list[str]:
    """Folders of the packaged fonts that are there."""
    found = []
    for package, folder in _PACKAGES.items():
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            found.append(str(Path(spec.origin).parent / folder))
    return found


def _spoken(language: str, right_to_left: bool) -> dict[str, Any]:
    """What the typesetter asks about a language."""
    own = _FAMILIES.get(language, _LATIN)
    return {
        "lang": language,
        "region": "cn" if language == "zh" else None,
        "rtl": right_to_left,
        "fonts": [*own, *(f for f in _OTHERS if f not in own)],
    }


def _form(document: Document) -> dict[str, Any]:
    return {
        **_spoken(document.language, document.right_to_left),
        "title": document.title,
        "subtitle": document.subtitle,
        "author": document.author,
        "blocks": [{"kind": type(b).__name__, **asdict(b)} for b in document.blocks],
    }


def _letter(letter: Letter) -> dict[str, Any]:
    number = letter.head[0][1] if letter.head and not letter.remark else ""
    return {
        **_spoken(letter.language, letter.right_to_left),
        **{name: getattr(letter, name) for name in ("network", "sender", "head", "addressee", "subject", "salutation", "closing")},
        **{name: getattr(letter, name) for name in ("signatory", "annexes_label", "annexes", "remark")},
        "title": f"{number} {letter.subject[1]}".strip(),
        "author": letter.network,
        "foot": " · ".join(part for part in (letter.network, letter.contact, number) if part),
        "passages": [{"kind": type(p).__name__, **asdict(p)} for p in letter.passages],
        "mark": None if letter.mark is None else {"data": _as_typst(letter.mark.data), "kind": letter.mark.kind},
    }


def _as_typst(data: bytes) -> list[int]:
    """Bytes as JSON can hold them and the typesetter takes them."""
    return list(data)
