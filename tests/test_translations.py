"""Every sentence of the platform exists in all six languages, with the same placeholders."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {
    "_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None, "_l": None, "lazy_ngettext": (1, 2), "_n": (1, 2),
    "pgettext": ((1, "c"), 2),
}  # fmt: skip
PLACE = re.compile(r"%\((\w+)\)[sd]")


def _extracted() -> Catalog:
    catalog = Catalog()
    with open(ROOT / "babel.cfg") as cfg:
        methods, options = parse_mapping_cfg(cfg)
    for filename, lineno, message, _comments, context in extract_from_dir(
        str(ROOT),
        methods,
        options,
        KEYWORDS,
        directory_filter=lambda d: Path(d).name not in (".venv", "node_modules", "var", "tests"),
    ):
        catalog.add(message, None, [(filename, lineno)], context=context)
    return catalog


@pytest.fixture(scope="module")
def wanted() -> Catalog:
    return _extracted()


@pytest.mark.parametrize("language", ["ar", "zh", "fr", "ru", "es"])
def test_no_sentence_is_untranslated(wanted, language):
    with open(ROOT / "app" / "translations" / language / "LC_MESSAGES" / "messages.po", "rb") as file:
        have = read_po(file, locale=language)
    missing, wrong = [], []
    for message in wanted:
        if not message.id:
            continue
        singular = message.id[0] if message.pluralizable else message.id
        found = have.get(singular, message.context)
        texts = (found.string if isinstance(found.string, tuple) else (found.string,)) if found else ()
        if not found or found.fuzzy or not texts or not all(texts):
            missing.append(f"{message.locations[0][0]}:{message.locations[0][1]} {singular}")
            continue
        if message.pluralizable and len(texts) != have.num_plurals:
            missing.append(f"plural {singular}")
        names = set(PLACE.findall(" ".join(message.id) if message.pluralizable else message.id))
        for text in texts:
            # one, two or zero of a thing may be said without the figure
            if not set(PLACE.findall(text)) <= names or (not message.pluralizable and set(PLACE.findall(text)) != names):
                wrong.append(f"{singular} -> {text}")
    assert not missing, f"{len(missing)} untranslated: {missing[:20]}"
    assert not wrong, wrong[:20]


def test_english_is_the_source_and_needs_no_catalogue():
    assert not (ROOT / "app" / "translations" / "en" / "LC_MESSAGES" / "messages.po").exists()
