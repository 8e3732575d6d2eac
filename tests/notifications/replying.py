"""Answers as mail programs send them."""

from email.message import EmailMessage


def ics(method="REPLY", attendee="a.morrow@alvania.example", partstat="ACCEPTED", uid="session-1@pathways.example", sequence="0",
        dtstamp="20270201T093015Z", organizer="sessions@pathways.example", extra="", attendee_line=None):  # fmt: skip
    """A calendar answer."""
    rows = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN"]
    rows += [f"METHOD:{method}"] if method else []
    rows += ["BEGIN:VEVENT"]
    rows += [f"UID:{uid}"] if uid else []
    rows += [f"SEQUENCE:{sequence}"] if sequence is not None else []
    rows += [f"DTSTAMP:{dtstamp}"] if dtstamp else []
    rows += [f"ORGANIZER:mailto:{organizer}"] if organizer else []
    rows += [attendee_line or f"ATTENDEE;PARTSTAT={partstat}:mailto:{attendee}"]
    rows += [extra] if extra else []
    rows += ["SUMMARY:Changed title", "DTSTART:20300101T000000Z", "END:VEVENT", "END:VCALENDAR", ""]
    return "\r\n".join(rows)


def reply_mail(
    calendar=None,
    sender="A. Morrow <A.Morrow@Alvania.example>",
    method="REPLY",
    text="",
    charset="utf-8",
    cte="base64",
    headers=(),
    **facts,
):
    """A mail with a calendar answer in an alternative, as most programs build it."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = "sessions@pathways.example"
    mail["Subject"] = "Accepted: session"
    mail["Message-ID"] = "<reply-1@alvania.example>"
    for name, value in headers:
        mail[name] = value
    mail.set_content(text or "I accept.")
    body = calendar if calendar is not None else ics(**facts)
    mail.add_alternative(body.encode(charset), maintype="text", subtype="calendar", cte=cte)
    part = mail.get_payload()[-1]
    part.replace_header("Content-Type", f"text/calendar; charset={charset}; method={method}" if method else "text/calendar")
    return mail.as_bytes()
