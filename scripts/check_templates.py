"""Every template parses, and none holds a script, a style or a handler of its own: the content policy would refuse it."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError

FOLDERS = ("templates", "catcher/templates")
MAILS = Path("templates/emails")  # a mail carries its styles; it is shown in a sandbox
PLAIN = Path("templates/transfers/archive_index.html")  # read from a disk, without the style sheet
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.S)
FORBIDDEN = {
    "a script of its own": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.I),
    "a style of its own": re.compile(r"<style\b|\sstyle\s*=", re.I),
    "a handler of its own": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "a javascript: address": re.compile(r"javascript:", re.I),
    "a list whose marks hang in the margin (give it a class)": re.compile(r"<[uo]l>", re.I),
}


def findings() -> Iterator[str]:
    """One line for each fault."""
    environment = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"], autoescape=True)
    for path in sorted(path for folder in FOLDERS for path in Path(folder).rglob("*.*") if path.is_file()):
        text = path.read_text()
        try:
            environment.parse(text, filename=str(path))
        except TemplateSyntaxError as error:
            yield f"{path}:{error.lineno}: {error.message}"
        if MAILS not in path.parents and path != PLAIN:
            html = JINJA.sub(lambda part: "\n" * part[0].count("\n"), text)
            for fault, pattern in FORBIDDEN.items():
                for found in pattern.finditer(html):
                    yield f"{path}:{html.count(chr(10), 0, found.start()) + 1}: {fault}: {found[0].strip()}"


if __name__ == "__main__":
    found = list(findings())
    print(*found, sep="\n") if found else print("Templates: all well.")
    sys.exit(bool(found))
