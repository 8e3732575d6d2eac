"""The six languages of the platform, in the order of the glossary."""

from __future__ import annotations

LANGUAGES: tuple[str, ...] = ("ar", "zh", "en", "fr", "ru", "es")
NAMES: dict[str, str] = {
    "ar": "العربية", "zh": "中文", "en": "English", "fr": "Français", "ru": "Русский", "es": "Español",
}  # fmt: skip
RIGHT_TO_LEFT = frozenset({"ar"})
# Babel's own names where they differ from our address prefix.
BABEL = {"zh": "zh_Hans"}


def direction(language: str) -> str:
    """``rtl`` or ``ltr``, for the ``dir`` attribute of a text in this language."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def babel_locale(language: str) -> str:
    """The locale identifier Babel and the translation files know this language by."""
    return BABEL.get(language, language)
