"""What must hold everywhere and review should not have to see."""

from __future__ import annotations

import ast
import re
import tokenize
from pathlib import Path

import pytest

from app.accounts.access import declared
from app.core import events

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sorted(p for folder in ("app", "worker", "embedded") for p in (ROOT / folder).rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html")) + sorted((ROOT / "templates").rglob("*.txt"))
ROOMS = (
    "accounts", "audit", "interests", "exchanges", "dashboards", "api", "files", "notifications", "topics", "practices", "links",
    "texts", "pilots", "letters", "circulars",
)  # fmt: skip


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{n.name}" for n in node.names)}
        elif isinstance(node, ast.Import):
            found |= {n.name for n in node.names}
    return found


def test_every_view_declares_access_and_the_list_is_the_one_we_agreed_to(base_app):
    rules = sorted(
        (r.rule, "|".join(sorted(r.methods - {"HEAD", "OPTIONS"})), declared(base_app, r.endpoint))
        for r in base_app.url_map.iter_rules()
    )
    assert all(access is not None for _, _, access in rules)
    lines = [f"{rule} {methods} {a.kind}{''.join(' ' + p for p in a.permissions)}" for rule, methods, a in rules]
    agreed = (ROOT / "tests" / "access.txt").read_text().splitlines()
    assert lines == agreed, "who may open what has changed: read the difference, then write tests/access.txt anew"


def test_every_id_in_an_address_is_typed(base_app):
    for rule in base_app.url_map.iter_rules():
        for converter, name in re.findall(r"<(?:(\w+):)?(\w+)>", rule.rule):
            if name.endswith("_id"):
                assert converter == "uuid", rule.rule


def test_only_routes_tasks_and_commands_commit():
    allowed = re.compile(r"(routes(/\w+)?|commands|prepare|delivery|inbound|imap|load)\.py$|^worker/")
    for path in PYTHON:
        name = path.relative_to(ROOT).as_posix()
        if "session.commit()" in path.read_text(encoding="utf-8"):
            assert allowed.search(name), f"{name} commits"


def test_no_room_imports_anothers_routes_forms_or_messages():
    for path in PYTHON:
        parts = path.relative_to(ROOT).parts
        here = parts[1].removesuffix(".py") if parts[0] == "app" and len(parts) > 1 else ""
        for name in _imports(path):
            found = re.match(r"app\.(\w+)\.(routes|forms|messages)\b", name)
            if found and found[1] not in (here, "core"):
                assert path.name == "__init__.py" and here == "__init__", f"{path} imports {name}"


def test_only_the_clock_asks_the_time():
    asks = re.compile(r"datetime\.now\(|datetime\.utcnow\(|date\.today\(|func\.now\(|CURRENT_TIMESTAMP|\bnow\(\)::")
    for path in PYTHON:
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("app/") and name != "app/core/clock.py":
            assert not asks.search(path.read_text(encoding="utf-8")), f"{name} asks the time by itself"


def test_no_statement_asks_the_database_for_the_hour_of_a_zone():
    """Its rules are not the pinned ones. UTC is the same by all rules; one module asks in order to say who differs."""
    asks = re.compile(r"AT\s+TIME\s+ZONE|\btimezone\((?!\"UTC\"|'UTC')|current_setting\('timezone|set_config\('timezone", re.IGNORECASE)
    migrations = sorted((ROOT / "migrations").rglob("*.py"))
    found = {p.relative_to(ROOT).as_posix() for p in (*PYTHON, *migrations) if asks.search(p.read_text(encoding="utf-8"))}
    assert found == {"app/exchanges/queries/clock_sources.py"}


def test_zones_are_read_in_three_places_from_the_pinned_data():
    reads = re.compile(r"^\s*(from|import) (zoneinfo|tzdata|dateutil|pytz|tzlocal)\b", re.MULTILINE)
    programs = [*PYTHON, ROOT / "config.py", *sorted((ROOT / "catcher").rglob("*.py"))]
    found = {p.relative_to(ROOT).as_posix() for p in programs if reads.search(p.read_text(encoding="utf-8"))}
    files = {"app/core/rulebook.py", "app/exchanges/queries/clock_sources.py"}  # read files that are named, for comparing
    alone = "app/exchanges/fair/wall.py"  # also runs in a process without the app
    assert found == {"config.py", "app/core/zones.py", alone, *files}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.relative_to(ROOT / "templates").as_posix())
def test_templates_compile_and_decide_nothing_by_role(base_app, path):
    source = path.read_text(encoding="utf-8")
    base_app.jinja_env.parse(source)
    assert not re.search(r"\brole\s*==|\.roles\b", source), "ask viewer().can(...), not for a role"


def test_every_mail_has_subject_text_and_html():
    kinds = [p for p in (ROOT / "templates" / "emails").iterdir() if p.is_dir()]
    assert kinds
    for kind in kinds:
        assert {"subject.txt", "body.txt", "body.html"} <= {p.name for p in kind.iterdir()}, kind.name


def test_every_announced_event_has_a_listener(base_app):
    for room in ROOMS:
        path = ROOT / "app" / room / "events.py"
        if path.exists():
            classes = [n.name for n in ast.parse(path.read_text()).body if isinstance(n, ast.ClassDef)]
            heard = {event.__name__ for event, listeners in events.heard().items() if listeners}
            assert set(classes) <= heard, room


def test_every_task_the_app_names_exists_in_the_worker():
    named = set()
    for path in PYTHON:
        named |= set(re.findall(r"""["']((?:notifications|exchanges|accounts|interests|pilots)\.[a-z_]+)["']""", path.read_text()))
    tasks = "\n".join(p.read_text() for p in (ROOT / "worker" / "tasks").glob("*.py"))
    registered = set(re.findall(r"""name=["']([a-z_.]+)["']""", tasks))
    from worker.schedule import beat_schedule

    assert {entry["task"] for entry in beat_schedule.values()} <= registered
    sent = set()
    for path in PYTHON:
        sent |= set(re.findall(r"""send_task\(\s*["']([a-z_.]+)["']""", path.read_text()))
    assert sent <= registered


def test_there_is_one_migration_head():
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


def test_files_stay_small():
    long = {p.relative_to(ROOT).as_posix(): n for p in PYTHON if (n := len(p.read_text().splitlines())) > 400}
    assert not long
    assert sum(_lines_of_code(p) for p in (ROOT / "embedded").rglob("*.py")) <= 400


def _lines_of_code(path: Path) -> int:
    """Lines that hold code: no blank ones, no comments, no docstrings."""
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    held: set[int] = set()
    before = tokenize.NEWLINE
    with path.open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            prose = token.type == tokenize.STRING and before in (tokenize.NEWLINE, tokenize.INDENT, tokenize.ENCODING)
            if token.type not in skipped and token.type != tokenize.ENCODING and not prose:
                held |= set(range(token.start[0], token.end[0] + 1))
            if token.type not in (tokenize.COMMENT, tokenize.NL):
                before = token.type
    return len(held)


def test_no_own_stylesheet_names_a_side():
    for path in (ROOT / "app" / "static" / "css").glob("*.css"):
        css = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        assert not re.search(r"(margin|padding|border|inset)-(left|right)|text-align:\s*(left|right)|float:", css), path
