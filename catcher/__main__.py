"""`python -m catcher`: take mails on MAIL_PORT, show them on MAIL_WEB_PORT, keep them in VAR_DIR/mail."""

import os
import sys
from pathlib import Path

from aiosmtpd.controller import Controller
from werkzeug.serving import make_server

from catcher.box import Box
from catcher.pages import create_app

LARGEST = 40_000_000


def main() -> None:
    """Take mails and show them until told to stop."""
    if os.environ.get("PATHWAYS_ENV") == "production":
        sys.exit("pathways: the mail catcher does not run in production; set SMTP_URL to your mail server")
    box = Box(Path(os.environ["VAR_DIR"]) / "mail")
    mails = Controller(box, "127.0.0.1", int(os.environ["MAIL_PORT"]), data_size_limit=LARGEST, enable_SMTPUTF8=True)
    mails.start()
    pages = create_app(box, clock_file=box.folder.parent / "clock")
    make_server("127.0.0.1", int(os.environ["MAIL_WEB_PORT"]), pages, threaded=True).serve_forever()


if __name__ == "__main__":
    main()
