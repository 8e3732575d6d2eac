"""A mail catcher for one machine: it takes every mail, shows it, and answers it as a mail program would. Never in production."""

import os
import secrets
import subprocess
import sys
import time
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from email.utils import formatdate, make_msgid, parseaddr
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from flask import Flask, abort, render_template, request
from icalendar import Calendar, Event
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

RECEIVE = [sys.executable, "-m", "flask", "--app", "app", "mail", "receive"]
ANSWERS = {"ACCEPTED": "Accept", "TENTATIVE": "Maybe", "DECLINED": "Decline"}
PAGE = 50
POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
FRAME = "allow-popups allow-popups-to-escape-sandbox"
FRAME_POLICY = f"sandbox {FRAME}; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


class Box:
    """The folder of caught mails, one file each, named so that the newest sorts last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep one mail as a mail server keeps it: whole, with the envelope on top."""
        to = "".join(f"Delivered-To: {address}\r\n" for address in envelope.rcpt_tos)
        path = self.folder / f"{time.time_ns():020}-{secrets.token_hex(4)}"
        path.write_bytes(f"Return-Path: <{envelope.mail_from}>\r\n{to}".encode() + envelope.original_content)
        path.rename(path.with_suffix(".eml"))
        return "250 Kept"

    def names(self, before: str = "") -> list[str]:
        """The newest names before one, at most a page of them, without opening a file."""
        names = (entry.name[:-4] for entry in os.scandir(self.folder) if entry.name.endswith(".eml"))
        return sorted((name for name in names if not before or name < before), reverse=True)[:PAGE]

    def read(self, name: str, *, limit: int = -1) -> EmailMessage:
        """One mail by its name; an unknown name is 404."""
        path = self.folder / f"{name}.eml"
        if path.parent != self.folder or not path.is_file():
            abort(404)
        with path.open("rb") as file:
            return message_from_bytes(file.read(limit), policy=policy.default)


def create_app(box: Box, receive: list[str] = RECEIVE) -> Flask:
    """The pages of the catcher; whatever a mail says is only ever printed as text or shown in a sandbox."""
    app, token = Flask(__name__), secrets.token_urlsafe(32)
    app.config.update(TRUSTED_HOSTS=["127.0.0.1", "localhost"], MAX_CONTENT_LENGTH=100_000)

    @app.before_request
    def only_from_these_pages() -> None:
        if request.method == "POST" and not secrets.compare_digest(request.form.get("token", "").encode(), token.encode()):
            abort(403)

    @app.after_request
    def with_policy(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.update({"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"})
        return response

    @app.get("/")
    def inbox() -> str:
        names = box.names(request.args.get("before", ""))
        older = names[-1] if len(names) == PAGE else None
        return render_template("mails.html", mails=[(name, box.read(name, limit=20_000)) for name in names], older=older)

    @app.get("/mails/<name>")
    def mail(name: str) -> str:
        message = box.read(name)
        return render_template("mail.html", name=name, mail=message, text=body(message, "plain"), token=token,
                               html=body(message, "html"), facts=facts(message), answers=ANSWERS, sandbox=FRAME)

    @app.get("/mails/<name>/html")
    def html(name: str) -> Response:
        page = '<base target="_blank">' + body(box.read(name), "html")
        return Response(page, mimetype="text/html", headers={"Content-Security-Policy": FRAME_POLICY})

    @app.post("/mails/<name>/answer")
    def answer(name: str) -> str:
        choice, words = request.form.get("choice"), request.form.get("words", "").strip()
        message = box.read(name)
        made = reply(message, words) if words else calendar_reply(message, choice) if choice in ANSWERS else None
        if not made:
            abort(400)
        done = subprocess.run(receive, input=made.as_bytes(policy=policy.SMTP), capture_output=True, timeout=120)
        output = (done.stdout + done.stderr).decode(errors="replace")
        return render_template("answered.html", name=name, sent=made.as_string(), output=output, code=done.returncode)

    return app


def body(message: EmailMessage, kind: str) -> str:
    """The text or HTML of a mail, or nothing; an unknown charset must not hide it."""
    part = message.get_body((kind,))
    raw = part.get_payload(decode=True) if part else b""
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""


def invite(message: EmailMessage) -> tuple[Calendar, Event] | None:
    """The calendar part and its first event, if there is one that can be read."""
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            try:
                calendar = Calendar.from_ical(part.get_payload(decode=True) or b"")
                return calendar, calendar.walk("VEVENT")[0]
            except (ValueError, IndexError):
                return None
    return None


def facts(message: EmailMessage) -> dict[str, str]:
    """What the calendar part says, line by line."""
    if not (found := invite(message)):
        return {}
    calendar, event = found
    lines = {"METHOD": str(calendar.get("METHOD", ""))}
    for name, value in event.property_items(recursive=False):
        if name not in ("BEGIN", "END"):
            text = value.to_ical().decode("utf-8", "replace") if hasattr(value, "to_ical") else str(value)
            lines[name] = f"{lines[name]}, {text}" if name in lines else text
    return lines


def reply(message: EmailMessage, words: str, subject: str | None = None) -> EmailMessage:
    """A plain reply as a person writes it."""
    made = EmailMessage()
    made["From"], made["To"] = message["Delivered-To"], str(message["Reply-To"] or message["From"])
    made["Subject"] = subject or f"Re: {message['Subject']}"
    made["Date"], made["Message-ID"] = formatdate(), make_msgid(domain="localhost")
    if message["Message-ID"]:
        made["In-Reply-To"] = made["References"] = str(message["Message-ID"])
    made.set_content(words)
    return made


def calendar_reply(message: EmailMessage, partstat: str) -> EmailMessage | None:
    """The answer a calendar program sends: METHOD:REPLY, the same UID and SEQUENCE, one ATTENDEE."""
    found = invite(message)
    if not found or found[0].get("METHOD") != "REQUEST" or "ATTENDEE" not in found[1]:
        return None
    asked, (calendar, event) = found[1], (Calendar(), Event())
    for name, value in (("PRODID", "-//Pathways Exchange//Mail catcher//EN"), ("VERSION", "2.0"), ("METHOD", "REPLY")):
        calendar.add(name, value)
    for name in ("UID", "SEQUENCE", "RECURRENCE-ID", "DTSTART", "DTEND", "ORGANIZER", "SUMMARY"):
        if name in asked:
            event[name] = asked[name]
    event.add("DTSTAMP", datetime.now(UTC))
    attendee = asked["ATTENDEE"][0] if isinstance(asked["ATTENDEE"], list) else asked["ATTENDEE"]
    attendee.params["PARTSTAT"] = partstat
    attendee.params.pop("RSVP", None)
    event["ATTENDEE"] = attendee
    calendar.add_component(event)
    made = reply(message, f"{ANSWERS[partstat]}: {asked.get('SUMMARY', '')}", f"{ANSWERS[partstat]}: {message['Subject']}")
    made.replace_header("From", str(attendee).partition(":")[2])
    if "ORGANIZER" in asked:
        made.replace_header("To", str(asked["ORGANIZER"]).partition(":")[2])
    made.add_alternative(calendar.to_ical().decode(), subtype="calendar", params={"method": "REPLY"})
    return made


def main() -> None:
    """Take mails and show them until told to stop."""
    if os.environ.get("PATHWAYS_ENV") == "production":
        sys.exit("pathways: the mail catcher does not run in production; set SMTP_URL to your mail server.")
    box = Box(Path(os.environ["VAR_DIR"]) / "mail")
    Controller(box, hostname="127.0.0.1", port=int(os.environ["MAIL_PORT"]), data_size_limit=40_000_000).start()
    make_server("127.0.0.1", int(os.environ["MAIL_WEB_PORT"]), create_app(box), threaded=True).serve_forever()


if __name__ == "__main__":
    main()
