"""Write docs/conformance.md: every line, and the tests that hold it. With --check nothing is written.

Fails, naming all there is to do at once, when a line has no test, when a test's mark names no line, when a line that
is said to be awaited has a test, and with --check when the document is not the one this would write.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINES = ROOT / "tests" / "conformance" / "lines.toml"
DOCUMENT = ROOT / "docs" / "conformance.md"
INTRODUCTION = """# Conformance of invitations, answers and mail

What a correct invitation contains is spread over a dozen standards and over what calendar programs make of them. This
page lists the rules the platform keeps, one line each, and the tests that would fail if it did not. A line's number is
also the mark in the test: `@pytest.mark.line("C3")`.

- **Objects** are checked as bytes: the builders' own, every kind of mail in six languages, and mails that went through
  the whole platform. Each property and parameter is taken away in turn, and one of the checks has to notice.
- **Histories** are random: 300 lives of a session in `make test`, 10,000 in `make test-long`. What the mails do is told
  by two calendars that are not ours, `icalendar` with the rules of RFC 5546, and `ical.js`.
- **Programs**: what is known of Outlook, Google, Apple and Thunderbird comes from their makers' documents and from
  users' reports, not from live accounts.

`make conformance` writes this page anew; `make lint` fails when it is out of date, when a line has no test, or when a
test names a line that is not here.
"""


def sections() -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Titles and lines by letter, and the lines that nothing holds yet."""
    told = tomllib.loads(LINES.read_text(encoding="utf-8"))
    return {k: v for k, v in told.items() if k != "awaited"}, told.get("awaited", {})


def marked(path: Path) -> Iterator[tuple[str, str]]:
    """Each line named by a test of this file, with the test's name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef):
            continue
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.line":
                for one in [ast.literal_eval(argument) for argument in mark.args] or ["(nothing)"]:
                    yield one, node.name


def tests() -> dict[str, list[tuple[str, str]]]:
    """Line to the tests that hold it: file and name, in order."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for line, name in marked(path):
            found.setdefault(line, []).append((path.relative_to(ROOT).as_posix(), name))
    return {line: sorted(set(held)) for line, held in found.items()}


def document(parts: dict[str, dict[str, str]], held: dict[str, list[tuple[str, str]]], awaited: dict[str, str]) -> str:
    """The page."""
    out = [INTRODUCTION]
    for letter, lines in parts.items():
        out.append(f"\n## {letter}. {lines['title']}\n\n| Line | What holds | Held by |\n| --- | --- | --- |\n")
        for line, says in lines.items():
            if line != "title":
                out.append(f"| {line} | {says} | {_held(held.get(line, []), awaited.get(line))} |\n")
    return "".join(out)


def _held(found: list[tuple[str, str]], awaited: str | None) -> str:
    if awaited and not found:
        return f"**not held yet**: {awaited}"
    return "<br>".join(f"[`{name}`](../{path})" for path, name in found)


def faults(parts: dict[str, dict[str, str]], held: dict[str, list[tuple[str, str]]], awaited: dict[str, str]) -> list[str]:
    """Everything that is not as it should be."""
    known = [line for lines in parts.values() for line in lines if line != "title"]
    told = [f"{line} has no test: {_says(parts, line)}" for line in known if line not in held and line not in awaited]
    told += [f"{line} is no line, named by {name} in {path}" for line in held if line not in known for path, name in held[line]]
    told += [f"{line} is said to be awaited and has a test: take it out of [awaited]" for line in awaited if line in held]
    return told + [f"{line} of [awaited] is no line" for line in awaited if line not in known]


def _says(parts: dict[str, dict[str, str]], line: str) -> str:
    return parts[line[0]][line]


def main(arguments: list[str]) -> int:
    """Write or check."""
    parts, awaited = sections()
    held = tests()
    told = faults(parts, held, awaited)
    page = document(parts, held, awaited)
    if "--check" in arguments:
        if not DOCUMENT.is_file() or DOCUMENT.read_text(encoding="utf-8") != page:
            told.append("docs/conformance.md is out of date: make conformance")
    else:
        DOCUMENT.write_text(page, encoding="utf-8")
    for one in told:
        print(one, file=sys.stderr)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
