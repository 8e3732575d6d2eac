"""PostgreSQL and Redis of the wheels, as we start them: who may reach them, and what survives what."""

import os
import shutil
import stat
import subprocess
import threading
import time
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from embedded import servers
from embedded.child import Child
from embedded.place import Place, Trouble


@pytest.fixture(scope="module")
def urls():
    with servers.running(fsync=False) as found:
        yield found


def plain(url: str) -> str:
    return url.replace("+psycopg", "")


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def socket_folder(url: str) -> Path:
    return Path(url.removeprefix("unix://").partition("?")[0]).parent


def sql(url: str, *statements: str):
    with psycopg.connect(plain(url), autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_the_owner_makes_tables_and_the_application_uses_them(urls):
    sql(urls.owner, "CREATE TABLE notes (id int PRIMARY KEY, word text)")
    sql(urls.app, "INSERT INTO notes VALUES (1, 'été')", "UPDATE notes SET word = upper(word)")
    assert sql(urls.app, "SELECT word FROM notes") == [("ÉTÉ",)]
    assert sql(urls.app, "SHOW server_version_num")[0][0].startswith("18")
    assert (
        sql(urls.owner, "SELECT rolsuper, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname LIKE 'pathways%'")
        == [(False, False, False)] * 2
    )


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('PG_VERSION')",
        "CREATE EXTENSION vector",
        "CREATE TABLE mine (id int)",
        "CREATE DATABASE mine",
        "CREATE ROLE other SUPERUSER",
        "ALTER SYSTEM SET work_mem = '1GB'",
        "SET ROLE pathways_owner",
        "TRUNCATE refused",
        "DROP TABLE refused",
    ],
)
def test_the_application_is_refused_what_only_an_owner_or_superuser_may(urls, statement):
    sql(urls.owner, "CREATE TABLE IF NOT EXISTS refused (id int)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sql(urls.app, statement)
    assert sql(urls.owner, "SELECT to_regclass('mine'), to_regclass('refused') IS NOT NULL") == [(None, True)]


def test_a_wrong_password_and_the_superuser_are_refused(urls):
    secret = urls.app.split(":")[2].partition("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(plain(urls.app).replace(secret, "wrong"))
    with pytest.raises(psycopg.OperationalError, match="no pg_hba"):
        psycopg.connect(plain(urls.app).replace(f"pathways_app:{secret}", "postgres"))


def test_redis_refuses_rather_than_forgets_and_keeps_what_it_takes(urls):
    client = redis.Redis.from_url(urls.redis)
    wanted = {"maxmemory-policy": "noeviction", "appendonly": "yes", "port": "0", "unixsocketperm": "700"}
    assert {name: client.config_get(name)[name] for name in wanted} == wanted
    assert client.info("server")["redis_version"].startswith("8.2")
    client.close()


def test_folders_and_sockets_are_closed_and_no_server_listens_on_tcp(folder):
    with servers.running(folder, fsync=False) as urls:
        sockets = socket_folder(urls.redis)
        assert {mode(folder), mode(sockets), mode(folder / "postgres"), mode(folder / "redis"), mode(folder / "log")} == {"0o700"}
        assert {mode(sockets / ".s.PGSQL.5432"), mode(sockets / "redis.sock")} == {"0o700"}
        assert {mode(path) for path in [folder / "secrets.json", *(folder / "log").iterdir()]} == {"0o600"}
        found = [psutil.Process(int((folder / "run" / f"{name}.lock").read_text())) for name in ("postgres", "redis")]
        assert [process.net_connections("inet") for process in found] == [[], []]
        assert {process.name() for process in found} == {"postgres", "redis-server"}
    assert not any(process.is_running() for process in found)


def test_a_later_start_has_all_data(folder):
    with servers.running(folder, fsync=False) as urls:
        sql(urls.owner, "CREATE TABLE notes (word text)", "INSERT INTO notes VALUES ('kept')")
        with redis.Redis.from_url(urls.redis) as client:
            client.set("word", "kept")
    with servers.running(folder, fsync=False) as again:
        assert again == urls
        assert sql(again.app, "SELECT word FROM notes") == [("kept",)]
        with redis.Redis.from_url(again.redis) as client:
            assert client.get("word") == b"kept"


def test_a_long_folder_gets_a_short_private_socket_folder_that_goes_away(folder):
    with servers.running(folder / ("long" * 40), fsync=False) as urls:
        sockets = socket_folder(urls.redis)
        assert (len(str(sockets)) < 40, mode(sockets)) == (True, "0o700")
        assert sql(urls.app, "SELECT 1") == [(1,)]
    assert not sockets.exists()


def test_a_second_start_in_the_same_folder_is_refused_in_one_sentence(folder):
    with servers.running(folder, fsync=False) as urls:
        with pytest.raises(Trouble) as refused, servers.running(folder, fsync=False):
            pass
        assert str(refused.value) == (
            f"The platform already runs on {folder} (process {os.getpid()}): stop that one first,"
            " or set PATHWAYS_DATA to another folder"
        )
        assert sql(urls.app, "SELECT 1") == [(1,)]


def test_a_full_folder_of_someone_else_is_left_as_it_is(folder, monkeypatch):
    folder.mkdir(mode=0o755)
    (folder / "theirs").write_text("x")
    monkeypatch.setenv("PATHWAYS_DATA", str(folder))
    with pytest.raises(Trouble, match="is not empty and not ours"), servers.running(folder):
        pass
    assert (mode(folder), folder.stat().st_uid, os.listdir(folder)) == ("0o755", os.geteuid(), ["theirs"])


def test_a_first_start_cut_short_begins_again(folder):
    (folder / "postgres.new/base").mkdir(parents=True)
    with servers.running(folder, fsync=False) as urls:
        assert sql(urls.app, "SELECT 1") == [(1,)]
    assert not (folder / "postgres.new").exists()


def test_stale_pids_that_are_in_use_again_do_not_keep_postgres_from_starting(folder):
    place = Place(folder, servers.CHECKOUT)
    other = subprocess.Popen(["sleep", "60"], **place.drop)  # of the same user, so that PostgreSQL would believe in it
    place.close()
    with servers.running(folder, fsync=False) as urls:
        pid_file = (folder / "postgres/postmaster.pid").read_text().splitlines()
        socket_lock = Path(f"{socket_folder(urls.redis)}/.s.PGSQL.5432.lock")
    for mark in (folder / "postgres/postmaster.pid", socket_lock):
        mark.write_text("\n".join([str(other.pid), *pid_file[1:5], "", ""]))
        place.give(mark)
    with servers.running(folder, fsync=False) as urls:
        assert sql(urls.app, "SELECT 1") == [(1,)]
    assert other.poll() is None
    other.kill()
    other.wait()


def tend(children: list[Child], seconds: float = 20) -> None:
    """Look after the children as the supervisor does, until all have been started again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for child in children:
            child.tend()
        if all(child.is_running() and servers._is_ready(child) for child in children):
            return
        time.sleep(0.1)
    raise AssertionError("not all came back")


def test_after_kill_9_both_servers_come_back_and_nothing_acknowledged_is_lost(folder, capsys):
    place = Place(folder, servers.CHECKOUT)
    children = [servers.redis(place), servers.postgres(place)]
    urls = servers.start(place, children)
    sql(urls.owner, "CREATE TABLE counted (n int)")
    acknowledged: dict[str, int] = {"sql": 0, "redis": 0}

    def write() -> None:
        try:
            with psycopg.connect(plain(urls.app), autocommit=True) as connection, redis.Redis.from_url(urls.redis) as client:
                for number in range(1, 100_000):
                    connection.execute("INSERT INTO counted VALUES (%s)", [number])
                    acknowledged["sql"] = number
                    client.rpush("counted", number)
                    acknowledged["redis"] = number
        except (psycopg.OperationalError, redis.ConnectionError):
            pass

    try:
        for _ in range(2):
            writer = threading.Thread(target=write)
            writer.start()
            time.sleep(0.5)
            for child in children:
                child.process.kill()
            writer.join()
            tend(children)
            [(rows,)] = sql(urls.app, "SELECT count(DISTINCT n) FROM counted")
            with redis.Redis.from_url(urls.redis) as client:
                pushed = client.llen("counted")
                client.delete("counted")
            sql(urls.app, "DELETE FROM counted")
            assert (rows in (acknowledged["sql"], acknowledged["sql"] + 1), acknowledged["sql"] > 10) == (True, True)
            assert pushed in (acknowledged["redis"], acknowledged["redis"] + 1)
    finally:
        for child in children:
            child.stop()
        place.close()
    assert "starting it again in 0.5 s" in capsys.readouterr().out


def test_servers_of_a_killed_supervisor_are_ended_and_the_next_start_has_their_data(folder):
    place = Place(folder, servers.CHECKOUT)
    orphans = [servers.redis(place), servers.postgres(place)]
    urls = servers.start(place, orphans)
    sql(urls.owner, "CREATE TABLE notes (word text)", "INSERT INTO notes VALUES ('kept')")
    place.close()  # what a kill does: the lock is free, the servers live on
    reaper = [threading.Thread(target=child.process.wait) for child in orphans]
    for thread in reaper:
        thread.start()
    with servers.running(folder, fsync=False) as again:
        assert [child.process.wait() for child in orphans] == [0, 0]
        assert sql(again.app, "SELECT word FROM notes") == [("kept",)]
    for thread in reaper:
        thread.join()


@pytest.mark.parametrize(
    "script",
    ["exec cat /bin/sh > /dev/full", "echo 'FATAL: wrote only 4096 of 8192 bytes'; echo 'HINT: Check free disk space.'; exit 1"],
)
def test_a_full_disk_is_one_sentence(folder, script):
    place = Place(folder, servers.CHECKOUT)
    with pytest.raises(Trouble) as stopped:
        Child(place, "prepare", ["/bin/sh", "-c", script], {"LC_ALL": "C"}).run()
    place.close()
    assert str(stopped.value) == f"The disk that holds {folder} is full: free some space; what was saved is not lost"


def test_a_program_that_could_write_no_last_word_on_a_full_disk_is_the_same_sentence(folder, monkeypatch):
    place = Place(folder, servers.CHECKOUT)
    full = shutil.disk_usage(folder)._replace(free=4096)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    with pytest.raises(Trouble) as stopped:
        Child(place, "prepare", ["/bin/sh", "-c", "exit 1"], {"LC_ALL": "C"}).run()
    place.close()
    assert str(stopped.value) == f"The disk that holds {folder} is full: free some space; what was saved is not lost"


def test_a_program_ended_from_outside_is_told_by_the_signal_and_not_by_its_last_word(folder):
    place = Place(folder, servers.CHECKOUT)
    with pytest.raises(Trouble) as stopped:
        Child(place, "web", ["/bin/sh", "-c", "echo ready; kill -9 $$"], {"LC_ALL": "C"}).run()
    place.close()
    assert str(stopped.value) == f"web stopped: ended from outside by SIGKILL (its log: {folder}/log/web.log)"


def test_another_failure_is_told_by_the_line_that_says_why(folder):
    place = Place(folder, servers.CHECKOUT)
    script = "echo 'Traceback'; echo 'Error: no such table'; echo '[SQL: SELECT 1]'; echo '(Background on this error)'; exit 1"
    with pytest.raises(Trouble) as stopped:
        Child(place, "prepare", ["/bin/sh", "-c", script], {"LC_ALL": "C"}).run()
    place.close()
    assert str(stopped.value) == f"prepare stopped: Error: no such table (more in {folder}/log/prepare.log)"


def test_a_program_that_dies_young_is_started_later_each_time_and_says_why(folder, capsys):
    place = Place(folder, servers.CHECKOUT)
    child = Child(place, "web", ["/bin/sh", "-c", "echo no such module; exit 3"], {"PATH": "/bin"})
    child.start()
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        child.tend()
        time.sleep(0.05)
    place.close()
    assert capsys.readouterr().out.splitlines() == [
        f"pathways: web stopped: no such module (more in {folder}/log/web.log); starting it again in {delay} s"
        for delay in ("0.5", "1", "2")
    ]


def test_a_log_stays_under_its_bound_while_the_program_writes_on(folder):
    place = Place(folder, servers.CHECKOUT)
    script = "head -c 6000000 /dev/zero; sleep 1; echo the end; sleep 60"
    child = Child(place, "web", ["/bin/sh", "-c", script], {"PATH": "/usr/bin:/bin"})
    child.start()
    time.sleep(0.7)
    child.tend()
    time.sleep(1.3)
    assert child.log.read_text() == "the end\n"
    child.stop()
    place.close()
