"""A real Dovecot on a loopback port, its files in a folder of the test."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

CONFIG = """
base_dir = {base}/run
log_path = {base}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
auth_mechanisms = plain login
mail_location = maildir:{base}/mail/%u
mail_uid = {user}
mail_gid = {group}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={base}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def missing():
    """Why no Dovecot can run here, or nothing."""
    if shutil.which("dovecot") is None:
        return "dovecot is not installed"
    return "" if os.geteuid() == 0 else "dovecot is started by root only"


@contextmanager
def running(base):
    """The address of an empty mailbox; the server is stopped afterwards."""
    user = "nobody"
    group = __import__("grp").getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (base / "mail").mkdir()
    for folder in (base, *base.parents):
        if folder.stat().st_uid == 0 and str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    shutil.chown(base / "mail", user, group)
    config = base / "dovecot.conf"
    config.write_text(CONFIG.format(base=base, user=user, group=group, port=port))
    server = subprocess.Popen(["dovecot", "-F", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port, server, base)
        yield f"imap://box:secret@127.0.0.1:{port}/INBOX"
    finally:
        server.terminate()
        server.wait(20)


def _wait(port, server, base):
    for _ in range(100):
        assert server.poll() is None, (base / "log").read_text() if (base / "log").exists() else "dovecot ended"
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as line:
                if line.recv(4):
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("dovecot did not answer: " + (base / "log").read_text())
