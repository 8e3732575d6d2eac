"""One milestone of one pilot, told to its owner and to the co-lead: the mails that ``world`` does not tell."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from app.extensions import db
from app.notifications import outbox
from app.notifications.models import Message
from app.pilots import messages
from tests.emails.world import ALVANIA, NOW, Reader
from tests.factories.accounts import make_person, make_state
from tests.factories.pilots import make_milestone, make_pilot

PILOT = {
    "ar": "قائمة مرجعية للطلبات", "zh": "申请核对单", "en": "A check-list for requests", "fr": "Une liste de contrôle des demandes",
    "ru": "Контрольный список для заявлений", "es": "Una lista de verificación de solicitudes",
}  # fmt: skip
MILESTONE = {
    "ar": "تدريب أول فريق", "zh": "培训首个团队", "en": "Train the first team", "fr": "Former la première équipe",
    "ru": "Обучить первую группу", "es": "Formar al primer equipo",
}  # fmt: skip


def told(reader: Reader, language: str) -> dict[str, Message]:
    """Each kind of mail about a pilot, to this reader."""
    state = make_state(names=ALVANIA, zone="Africa/Nairobi")
    person = make_person(
        reader.family_name, given_name=reader.given_name, of=state, language=language, zone="Africa/Nairobi",
        forms_of_address=reader.forms, email=f"{reader.given_name}.{reader.family_name}@alvania.example".lower(),
    )  # fmt: skip
    pilot = make_pilot(state, titles=PILOT)
    milestone = make_milestone(pilot, date(2026, 12, 7), titles=MILESTONE, owner_id=person.id)
    until = NOW + timedelta(days=30)
    letters = [
        write(milestone, person, key=f"sample:{language}:{write.__name__}", expires_at=until)
        for write in (messages.due, messages.overdue, messages.long_overdue)
    ]
    outbox.queue(letters, now=NOW)
    db.session.flush()
    return {m.kind: m for m in db.session.scalars(select(Message).where(Message.key.startswith(f"sample:{language}:")))}
