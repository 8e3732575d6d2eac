"""`make run`: the whole platform on one machine, until Ctrl-C."""

import errno
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from embedded import servers
from embedded.child import Child
from embedded.place import Place, Trouble, disk_full, say

PORTS = {"PORT": "8000", "MAIL_PORT": "8025", "MAIL_WEB_PORT": "8026"}
PROGRAMS = {  # Python modules with their arguments, in the order of their start
    "mail": "catcher",
    "prepare": "flask --app app prepare",
    "web": "gunicorn -k gthread -w 2 --threads 4 --preload --no-control-socket -b 127.0.0.1:{PORT} app:create_app()",
    "worker": "worker",
    "beat": "worker.beat {VAR_DIR}/beat",
}
LEAN = ("-OO",)  # without docstrings a process is six megabytes smaller
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Run until told to stop; whatever goes wrong is one sentence and exit code 1."""
    for number in ENDINGS:
        signal.signal(number, signal.default_int_handler)
    folder = Path(os.environ.get("PATHWAYS_DATA") or servers.CHECKOUT / "var")
    try:
        with ExitStack() as ending:
            place = Place(folder, servers.CHECKOUT)
            ending.callback(place.close)
            ending.callback((place.data / "env").unlink, missing_ok=True)
            try:
                supervise(place, ending)
            finally:
                for number in ENDINGS:  # a second Ctrl-C must not keep the databases from ending well
                    signal.signal(number, signal.SIG_IGN)
    except KeyboardInterrupt:
        say("stopped; the data stay")
    except Trouble as trouble:
        sys.exit(f"pathways: {trouble}")
    except PermissionError:
        sys.exit(f"pathways: This user may not work in {folder}: start as the user who made it, or set PATHWAYS_DATA to another"
                 " folder")
    except OSError as error:
        sys.exit(f"pathways: {disk_full(folder) if error.errno in (errno.ENOSPC, errno.EDQUOT) else error}")


def supervise(place: Place, ending: ExitStack) -> None:
    """Start everything in order and keep it running; the stack stops it in the opposite order."""
    env = PORTS | os.environ
    skipped = {"mail"} if "SMTP_URL" in env else set()
    claim_ports(place, env, ["PORT"] if skipped else list(PORTS))
    makers = {"REDIS_URL": servers.redis, "DATABASE_URL": servers.postgres}
    children = [make(place) for name, make in makers.items() if name not in env]
    if children:
        say("starting the databases")
    for child in children:
        ending.callback(child.stop)
    env = settings(place, env, servers.start(place, children))
    for name, line in PROGRAMS.items():
        child = Child(place, name, [sys.executable, *LEAN, "-m", *line.format(**env).split()], env)
        ending.callback(child.stop)
        if name == "prepare":
            say("bringing the database up to date")
            child.run()
        elif name not in skipped:
            child.start()
            children.append(child)
        if name == "web":  # the other programs would only take the processor from the first page
            wait_for_page(child, env)
    ending.callback(ask_to_end, [child for child in children if child.name in ("web", "worker", "beat")])
    greet(children, env, place)
    while True:
        time.sleep(0.3)
        for child in children:
            child.tend()


def claim_ports(place: Place, env: dict[str, str], names: list[str]) -> None:
    """See that every port is free before anything starts; what a killed supervisor left there is ended first."""
    for program in PROGRAMS:
        os.close(Child(place, program).reclaim())
    with ExitStack() as claimed:
        for name in names:
            sock = claimed.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", int(env[name])))
                sock.listen()
            except (OSError, ValueError, OverflowError) as error:
                why = "is taken by another program" if getattr(error, "errno", 0) == errno.EADDRINUSE else "cannot be used"
                raise Trouble(f"Port {env[name]} {why}: choose another, such as make run {name}=18000") from None


def settings(place: Place, env: dict[str, str], urls: servers.Urls) -> dict[str, str]:
    """The environment of every program; what the caller has set stays. Kept in a file for commands typed elsewhere."""
    ours = {
        "DATABASE_URL": urls.app, "MIGRATION_DATABASE_URL": env.get("DATABASE_URL", urls.owner), "REDIS_URL": urls.redis,
        "SMTP_URL": f"smtp://127.0.0.1:{env['MAIL_PORT']}", "BASE_URL": f"http://127.0.0.1:{env['PORT']}",
        "PATHWAYS_ENV": "demo", "SECRET_KEY": place.secrets()["SECRET_KEY"], "VAR_DIR": str(place.data),
        "CLOCK_FILE": str(place.data / "clock"), "PYTHONTZPATH": "", "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "1",  # glibc keeps memory for each thread apart otherwise, and gives little of it back
    }
    place.write(place.data / "env", "".join(f"{name}={shlex.quote(env.get(name, ours[name]))}\n" for name in ours))
    return ours | env


def ask_to_end(programs: list[Child]) -> None:
    """Let the programs that wait for nobody end side by side; the stack then waits for each."""
    for program in programs:
        program.ask_to_end()


def wait_for_page(web: Child, env: dict[str, str]) -> None:
    """Wait until the web program listens."""
    while web.is_running():
        with suppress(OSError), socket.create_connection(("127.0.0.1", int(env["PORT"])), 1):
            break
        time.sleep(0.05)
    else:
        raise web.trouble()


def greet(children: list[Child], env: dict[str, str], place: Place) -> None:
    """Say where the platform is and who can sign in."""
    say(f"the platform is at {env['BASE_URL']}")
    if any(child.name == "mail" for child in children):
        say(f"its mails are at http://127.0.0.1:{env['MAIL_WEB_PORT']}")
    subprocess.run([sys.executable, "-m", "flask", "--app", "app", "demo", "sign-ins"], env=env, cwd=place.checkout, check=False)
    say("press Ctrl-C to stop")


if __name__ == "__main__":
    main()
