"""The pages of the catcher. Whatever a mail says is only ever printed as text, or shown in a sandbox without scripts."""

import secrets
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path

from flask import Flask, abort, render_template, request
from werkzeug.wrappers import Response

from catcher.answers import ANSWERS, MEANINGS, calendar_reply, delegated, facts, other_time, written_reply
from catcher.box import PAGE, Box, body, header, headers, parse

RECEIVE = (sys.executable, "-m", "flask", "--app", "app", "mail", "receive")
POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
FRAME_POLICY = f"sandbox {SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


def create_app(box: Box, receive: Sequence[str] = RECEIVE, clock_file: Path | None = None) -> Flask:
    """The pages over one box; answers go to a command that reads a mail, dated by the demo's clock."""
    app, token = Flask(__name__), secrets.token_urlsafe(32)
    app.config.update(TRUSTED_HOSTS=["127.0.0.1", "localhost"], MAX_CONTENT_LENGTH=200_000)
    app.jinja_env.globals.update(header=header, headers=headers)

    @app.before_request
    def only_from_these_pages() -> None:
        if request.method == "POST" and not secrets.compare_digest(request.form.get("token", "").encode(), token.encode()):
            abort(403)

    @app.after_request
    def with_policy(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def mail_named(name: str) -> EmailMessage:
        source = box.source(name)
        return abort(404) if source is None else parse(source)

    def now() -> datetime:
        shift = int(clock_file.read_text() or 0) if clock_file and clock_file.exists() else 0
        return datetime.now(UTC) + timedelta(seconds=shift)

    @app.get("/")
    def inbox() -> str:
        names = box.names(request.args.get("before", ""))
        mails = [(name, parse(box.source(name, 50_000) or b"")) for name in names]
        return render_template("mails.html", mails=mails, older=names[-1] if len(names) == PAGE else None)

    @app.get("/mails/<name>")
    def mail(name: str) -> str:
        message = mail_named(name)
        return render_template(
            "mail.html",
            name=name,
            mail=message,
            text=body(message, "plain"),
            html=body(message, "html"),
            facts=facts(message),
            answers=ANSWERS,
            sandbox=SANDBOX,
            token=token,
        )

    @app.get("/mails/<name>/html")
    def html(name: str) -> Response:
        page = '<!doctype html><base target="_blank">' + body(mail_named(name), "html")
        return Response(page, mimetype="text/html", headers={"Content-Security-Policy": FRAME_POLICY})

    @app.get("/mails/<name>/source")
    def source(name: str) -> Response:
        return Response(box.source(name) or abort(404), mimetype="text/plain")

    @app.post("/mails/<name>/answer")
    def answer(name: str) -> str:
        message, words = mail_named(name), request.form.get("words", "").strip()
        try:
            made = written_reply(message, words) if words else _pressed(message, now())
            sent = made.as_bytes(policy=policy.SMTPUTF8) if made else b""
        except ValueError:  # an address or subject that no mail can carry
            sent = b""
        if not sent:
            abort(400)
        done = subprocess.run(receive, input=sent, capture_output=True, timeout=120)
        said = done.stdout.decode("utf-8", "replace")
        return render_template(
            "answered.html",
            name=name,
            sent=sent.decode("utf-8", "replace"),
            code=done.returncode,
            meaning=MEANINGS.get(said.partition(":")[0].strip()),
            output=said + done.stderr.decode("utf-8", "replace"),
        )

    return app


def _pressed(message: EmailMessage, now: datetime) -> EmailMessage | None:
    """The answer that was chosen; a time or an address that is none is a ValueError."""
    choice = request.form.get("choice", "")
    if choice == "OTHER_TIME":
        return other_time(message, datetime.fromisoformat(request.form.get("start", "")).replace(tzinfo=UTC), now)
    if choice == "DELEGATED":
        return delegated(message, request.form.get("delegate", "").strip(), now)
    return calendar_reply(message, choice, now)
