"""`make run`: the whole platform on one machine, until Ctrl-C."""

import errno
import http.client
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from embedded import Trouble, servers
from embedded.children import Child, disk_full
from embedded.place import Place, say

PORTS = {"PORT": "8000", "MAIL_PORT": "8025", "MAIL_WEB_PORT": "8026"}
FLASK = [sys.executable, "-m", "flask", "--app", "app"]
CELERY = [sys.executable, "-m", "celery", "-A", "worker.celery_app"]
GUNICORN = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "2", "--threads", "4", "--preload", "--no-control-socket"]
WORKER = ["worker", "--pool", "threads", "--concurrency", "4", "--without-gossip", "--without-mingle", "--loglevel", "INFO"]


def main() -> None:
    """Run until told to stop; whatever goes wrong is one sentence and exit code 1."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    folder = Path(os.environ.get("PATHWAYS_DATA") or servers.CHECKOUT / "var")
    try:
        supervise(Place(folder, servers.CHECKOUT))
    except KeyboardInterrupt:
        say("stopped; the data stay")
    except Trouble as trouble:
        sys.exit(f"pathways: {trouble}")
    except OSError as error:
        sys.exit(f"pathways: {disk_full(folder) if error.errno == errno.ENOSPC else error}")


def supervise(place: Place) -> None:
    """Start everything in order, keep it running, stop it in the opposite order."""
    children: list[Child] = []
    try:
        env = os.environ | {name: os.environ.get(name) or port for name, port in PORTS.items()}
        catches_mail = "SMTP_URL" not in env
        claim_ports(place, env, ["PORT", "MAIL_PORT", "MAIL_WEB_PORT"] if catches_mail else ["PORT"])
        children += [make(place) for name, make in (("REDIS_URL", servers.redis), ("DATABASE_URL", servers.postgres))
                     if name not in env]
        say("starting the databases")
        env = settings(place, env, servers.start(place, children))
        if catches_mail:
            children.append(Child(place, "mail", [sys.executable, "-m", "embedded.mail"], env=env))
            children[-1].start()
        say("bringing the database up to date")
        Child(place, "prepare", [*FLASK, "prepare"], env=env).run()
        web = Child(place, "web", [*GUNICORN, "-b", f"127.0.0.1:{env['PORT']}", "app:create_app()"], env=env, patience=30)
        worker = Child(place, "worker", [*CELERY, *WORKER], env=env, patience=30)
        beat = Child(place, "beat", [*CELERY, "beat", "--schedule", str(place.data / "beat")], env=env)
        for child in (web, worker, beat):
            children.append(child)
            child.start()
        wait_for_web(web, int(env["PORT"]))
        say(f"the platform is at {env['BASE_URL']}")
        if catches_mail:
            say(f"its mails are at http://127.0.0.1:{env['MAIL_WEB_PORT']}")
        subprocess.run([*FLASK, "demo", "sign-ins"], env=env, cwd=place.checkout, stdin=subprocess.DEVNULL, check=False)
        say("press Ctrl-C to stop")
        while True:
            time.sleep(0.3)
            for child in children:
                child.tend()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for child in reversed(children):
            child.stop()
        (place.data / "env").unlink(missing_ok=True)
        place.close()


def claim_ports(place: Place, env: dict[str, str], names: list[str]) -> None:
    """See that every port is free before anything starts; what a killed supervisor left there is ended first."""
    for name in ("beat", "worker", "web", "prepare", "mail"):
        os.close(Child(place, name, ()).reclaim())
    with ExitStack() as claimed:
        for name in names:
            sock = claimed.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", int(env[name])))
                sock.listen()
            except (OSError, ValueError, OverflowError) as error:
                why = "is taken" if getattr(error, "errno", 0) == errno.EADDRINUSE else "cannot be used"
                raise Trouble(f"Port {env[name]} {why}: choose another one, such as make run {name}=8{name.count('_') + 1}80.") from None


def settings(place: Place, env: dict[str, str], urls: servers.Urls) -> dict[str, str]:
    """The environment of every program; what the caller has set stays. Kept in a file for commands typed elsewhere."""
    external = env.get("DATABASE_URL")
    ours = {
        "DATABASE_URL": urls.app, "MIGRATION_DATABASE_URL": external or urls.owner, "REDIS_URL": urls.redis,
        "SMTP_URL": f"smtp://127.0.0.1:{env['MAIL_PORT']}", "BASE_URL": f"http://127.0.0.1:{env['PORT']}",
        "PATHWAYS_ENV": "demo", "SECRET_KEY": place.secrets()["SECRET_KEY"], "VAR_DIR": str(place.data),
        "CLOCK_FILE": str(place.data / "clock"), "PYTHONTZPATH": "", "PYTHONUNBUFFERED": "1",
    }
    place.write(place.data / "env", "".join(f"{name}={shlex.quote(env.get(name, ours[name]))}\n" for name in ours))
    return ours | env


def wait_for_web(web: Child, port: int) -> None:
    """Wait until the first page is there."""
    while True:
        if not web.is_running():
            raise web.trouble()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
