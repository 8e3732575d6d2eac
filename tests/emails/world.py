"""One session, one call and one account, told to one person in one language: every kind of mail from the platform's own rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import delete, select

from app.accounts.models import Organisation, Person, Role, RoleGrant
from app.accounts.rules import joining, signing_in
from app.accounts.rules.handover import hand_over
from app.circulars import rules as circular_rules
from app.circulars.models import Audience, Circular
from app.core.db import Texts
from app.exchanges import reminders, rules
from app.exchanges.models import Answer, Capacity, Invitation, PeerSession, Route
from app.exchanges.rules.delegating import Source
from app.extensions import db
from app.interests import reminders as opinions
from app.interests import rules as interests
from app.notifications import outbox
from app.notifications.commands import test_letter
from app.notifications.models import Message
from app.notifications.rendering import job_of
from tests.factories.accounts import make_designation, make_person, make_state
from tests.factories.exchanges import make_invitation, make_plan, make_session, mark_sent, minutes
from tests.factories.interests import make_call, make_draft, make_expression
from tests.factories.pilots import make_milestone, make_pilot

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ALVANIA = {"ar": "ألفانيا", "zh": "阿尔瓦尼亚", "en": "Alvania", "fr": "Alvanie", "ru": "Альвания", "es": "Alvania"}
ELMARA = {"ar": "إلمارا", "zh": "埃尔马拉", "en": "Elmara", "fr": "Elmara", "ru": "Эльмара", "es": "Elmara"}
TITLES = {
    "ar": "لمّ شمل الأسرة حين تنقص الوثائق",
    "zh": "证件不全时的家庭团聚",
    "en": "Family reunification when papers are missing",
    "fr": "Le regroupement familial quand des documents manquent",
    "ru": "Воссоединение семей при нехватке документов",
    "es": "Reunificación familiar cuando faltan documentos",
}
PURPOSES = {
    "ar": "يشرح الزملاء كيف يتخذون قراراتهم.",
    "zh": "各国同行说明如何作出决定。",
    "en": "Colleagues explain how they decide.",
    "fr": "Des collègues expliquent comment ils décident.",
    "ru": "Коллеги рассказывают, как они принимают решения.",
    "es": "Colegas explican cómo deciden.",
}
CALL = {
    "ar": "دعوة إلى التعلم بين الأقران",
    "zh": "同行互学征集",
    "en": "Call for peers",
    "fr": "Appel à l'apprentissage entre pairs",
    "ru": "Приглашение к взаимному обучению",
    "es": "Convocatoria de aprendizaje entre pares",
}
REASON = {
    "ar": "اكتملت مقاعد هذا العام.", "zh": "今年的名额已满。", "en": "This year's places are taken.",
    "fr": "Les places de cette année sont prises.", "ru": "Места на этот год заняты.", "es": "Las plazas de este año están ocupadas.",
}  # fmt: skip
QUESTION = {
    "ar": "في أي **مناطق** يُعمل بذلك؟", "zh": "涉及哪些**地区**？", "en": "In which **districts**?", "fr": "Dans quels **districts** ?",
    "ru": "В каких **районах**?", "es": "¿En qué **distritos**?",
}  # fmt: skip
FORM = {
    "ar": "استمارة جديدة من كانون الثاني/يناير", "zh": "一月起使用新表格", "en": "New form from January",
    "fr": "Nouveau formulaire dès janvier", "ru": "Новая форма с января", "es": "Nuevo formulario desde enero",
}  # fmt: skip
LATER = {
    "ar": "الاستمارة الجديدة من آذار/مارس", "zh": "三月起使用新表格", "en": "New form from March",
    "fr": "Nouveau formulaire dès mars", "ru": "Новая форма с марта", "es": "Nuevo formulario desde marzo",
}  # fmt: skip
FORM_TEXT = {
    "ar": "الاستمارة في **أربع** خطوات:\n\n- من نحن\n- ما نطلبه", "zh": "表格分为**四**步：\n\n- 我们是谁\n- 我们寻求什么",
    "en": "The form has **four** steps:\n\n- who we are\n- what we seek", "fr": "Le formulaire a **quatre** étapes :\n\n- qui nous sommes\n- ce que nous cherchons",
    "ru": "В форме **четыре** шага:\n\n- кто мы\n- что мы ищем", "es": "El formulario tiene **cuatro** pasos:\n\n- quiénes somos\n- qué buscamos",
}  # fmt: skip
MINISTER = {
    "ar": "معالي الوزيرة", "zh": "部长女士", "en": "Minister", "fr": "Madame la Ministre", "ru": "госпожа министр",
    "es": "Señora Ministra",
}  # fmt: skip
AMBASSADOR = {
    "ar": "السيد السفير", "zh": "大使先生", "en": "Ambassador", "fr": "Monsieur l'Ambassadeur", "ru": "господин посол",
    "es": "Señor Embajador",
}  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """Somebody mails are compared for: called as a minister, as an ambassador, or in a way nobody knows."""

    given_name: str
    family_name: str
    forms: dict[str, str]


READERS = {
    "minister": Reader("Adaeze", "Morrow", MINISTER),
    "ambassador": Reader("Karim", "Haddad", AMBASSADOR),
    "unknown": Reader("Wen", "Castle", {}),
}


class World:
    """The stage: a host, a State and the secretariat; ``person`` is new for each story, so that each has its own mails."""

    def __init__(self, reader: Reader, language: str) -> None:
        self.reader, self.language = reader, language
        self.state = make_state(names=ALVANIA, zone="Africa/Nairobi")
        self.host = make_state(names=ELMARA, zone="Asia/Amman")
        self.officer = make_person("Berg", given_name="Tomas")
        self._number = 0

    def person(self) -> Person:
        """The reader, with an address of this story."""
        self._number += 1
        return make_person(
            self.reader.family_name, given_name=self.reader.given_name, of=self.state, language=self.language,
            zone="Africa/Nairobi", email=f"reader{self._number}@alvania.example", forms_of_address=self.reader.forms,
        )  # fmt: skip

    def session(self, **fields: object) -> PeerSession:
        """The session all mails speak of."""
        return make_session(
            titles=TITLES, purposes=PURPOSES, languages=("en", "fr", "ar"), zone="Asia/Amman", hosts=(self.host,), **fields
        )

    def invite(self, row: PeerSession, organisation: Organisation | None = None, **more: object) -> Invitation:
        """The reader is invited for the State."""
        return make_invitation(row, self.person(), organisation=organisation or self.state, because="state", **more)


def sessions(world: World) -> None:
    """All that is written about a session."""
    row = world.session(capacity=1)
    holder = world.invite(row)
    waiting = world.invite(row)
    world.invite(row, capacity=Capacity.INFORMATION)
    silent = world.invite(row)
    gone = world.invite(row)
    mark_sent()
    rules.respond(holder, answer=Answer.YES, route=Route.PAGE, now=NOW + minutes(1))
    rules.respond(waiting, answer=Answer.YES, route=Route.PAGE, now=NOW + minutes(2))
    verbal = Source("note_verbale", "NV/77", NOW.date())
    rules.answer_on_behalf(silent, answer=Answer.MAYBE, source=verbal, by=world.officer, now=NOW + minutes(3))
    rules.uninvite(gone, tell=True, by=world.officer, now=NOW + minutes(4))
    mark_sent(NOW + minutes(4))
    _reminders_and_moves(world, row)
    rules.respond(holder, answer=Answer.NO, route=Route.PAGE, now=NOW + minutes(9))  # the seat goes to the one who waits
    rules.cancel(row, reason="", tell=True, version=row.version, by=world.officer, now=NOW + minutes(20))


def _reminders_and_moves(world: World, row: PeerSession) -> None:
    world.invite(row)  # has not answered
    mark_sent(NOW + minutes(4))
    reminders.queue_due(row.starts_at - minutes(5 * 24 * 60 - 1))
    reminders.queue_due(row.starts_at - minutes(59))
    same = {"titles": TITLES, "purposes": PURPOSES, "languages": ("en", "fr", "ar"), "zone": "Asia/Amman", "capacity": 1}
    later = make_plan(**same, local_start=datetime(2026, 12, 8, 14, 30))
    rules.change(row, later, version=row.version, tell=True, by=world.officer, now=NOW + minutes(5))
    mark_sent(NOW + minutes(8))


def reworded(world: World) -> None:
    """A session whose words change while its hour stays."""
    row = world.session()
    world.invite(row)
    mark_sent()
    plan = make_plan(titles=TITLES, purposes=PURPOSES, languages=("en", "fr"), zone="Asia/Amman", dial_in="+254 20 000 0000, 99#")
    rules.change(row, plan, version=row.version, tell=True, by=world.officer, now=NOW + minutes(5))


def asked_again(world: World) -> None:
    """The reader has not answered, and is asked once more."""
    row = world.session()
    world.invite(row, now=NOW + minutes(1))
    mark_sent(NOW + minutes(1))
    rules.ask_again(row, by=world.officer, now=NOW + minutes(60 * 24 + 1))


def delegate(world: World) -> None:
    """The State sends the reader in place of somebody who had a seat."""
    row = world.session()
    first = make_invitation(row, make_person("Former", of=world.state), organisation=world.state)
    mark_sent()
    rules.respond(first, answer=Answer.YES, route=Route.PAGE, now=NOW + minutes(1))
    rules.name_delegate(first, world.person(), replace=True, by=world.officer, now=NOW + minutes(2))


def accounts(world: World) -> None:
    """Links that sign in and open an account, and word of a new password."""
    person = world.person()
    joining.invite(person, None, by=world.officer, now=NOW)
    joining.set_password(person, "a long password nobody else has", now=NOW)
    signing_in.ask_for_link(person.email, "browser", now=NOW)


def expressions(world: World) -> None:
    """From a draft to each decision."""
    call = make_call(titles=CALL)
    person = world.person()
    said = {
        "language": world.language, "contact_honorific": "", "contact_given_name": person.given_name,
        "contact_family_name": person.family_name, "contact_email": person.email,
    }  # fmt: skip
    draft = make_draft(call, world.state, **said)
    interests.mail_resume_link(draft, draft.contact_email, now=NOW)
    interests.submit(draft, now=NOW)
    interests.ask_to_confirm_again(draft, now=NOW)
    question = interests.ask(draft, QUESTION[world.language], by=world.officer, now=NOW)
    interests.answer(question, "Two", now=NOW)
    interests.withdraw(draft, reason="", now=NOW)
    for verb in (interests.accept, interests.waitlist, interests.decline):
        verb(make_expression(call, world.state, **said), reason=REASON[world.language], by=world.officer, now=NOW)
    names = "organisation_name organisation_unit contact_honorific contact_given_name contact_family_name contact_email aim"
    entered = {name: getattr(draft, name) for name in names.split()}
    came = interests.Came(interests.Source.NOTE_VERBALE, "NV/7", NOW.date())
    facts = {**entered, "state_id": world.state.id, "language": world.language, "contact_zone": "Africa/Nairobi"}
    interests.enter(call, facts, came, by=world.officer, now=NOW)


def circulars(world: World) -> None:
    """One in the reader's language and its correction; one in another; one for somebody whom no mail reaches."""
    lead = world.person()
    db.session.add(RoleGrant(person_id=lead.id, role=Role.CO_LEAD, granted_at=NOW))
    first = _circular(world, {world.language: FORM[world.language]}, {world.language: FORM_TEXT[world.language]}, "co_leads")
    _circular(world, {world.language: LATER[world.language]}, {world.language: FORM_TEXT[world.language]}, "co_leads", first)
    db.session.execute(delete(RoleGrant))
    without = make_person("Quiet", given_name="Ada", of=world.state, email=None)
    make_designation(world.state, without)
    other = "fr" if world.language == "ar" else "ar"
    _circular(world, {other: FORM[other]}, {other: FORM_TEXT[other]}, "focal_points")


def _circular(world: World, subjects: Texts, texts: Texts, part: str, corrects: Circular | None = None) -> Circular:
    language = next(iter(subjects))
    plan = circular_rules.Plan(
        audience=Audience.WORKING_GROUP,
        subjects=subjects,
        texts=texts,
        source=language,
        fallback=language,
        zone="UTC",
        chosen=(part,),
    )
    row = circular_rules.write(plan, corrects=corrects, by=world.officer, now=NOW)
    circular_rules.send(row, by=world.officer, now=NOW)
    return row


def co_leads(world: World) -> None:
    """The reader is a co-lead: asked for an opinion, and reminded of it."""
    person = world.person()
    db.session.add(RoleGrant(person_id=person.id, role=Role.CO_LEAD, granted_at=NOW))
    expression = make_expression(make_call(titles=CALL), world.state, organisation_name="Ministry of the Interior")
    interests.ask_opinions(expression, date(2026, 12, 3), text=QUESTION[world.language], by=world.officer, now=NOW)
    opinions.queue_due(datetime(2026, 12, 1, 9, tzinfo=UTC))


def taking_over(world: World) -> None:
    """The reader takes over from somebody with a seat, a milestone and an expression of interest."""
    former, successor = make_person("Former", of=world.state, email="former@alvania.example"), world.person()
    row = world.session()
    place = make_invitation(row, former, organisation=world.state, because="state")
    mark_sent()
    rules.respond(place, answer=Answer.YES, route=Route.PAGE, now=NOW + minutes(1))
    said = {"contact_family_name": "Former", "contact_email": former.email, "contact_id": former.id}
    make_expression(make_call(titles=CALL), world.state, **said)
    make_milestone(make_pilot(world.state), date(2026, 12, 11), owner_id=former.id)
    hand_over(former, successor, by=world.officer, now=NOW + minutes(2))


def a_test(world: World) -> None:
    """What an operator sends to see whether mail arrives."""
    outbox.queue(test_letter("operator@alvania.example", world.language), now=NOW)


def told(reader: Reader, language: str) -> dict[str, Message]:
    """Every kind of mail to this reader, by the name its golden file has; the first of a kind, to those who are asked, in the order they were caused."""
    world = World(reader, language)
    for story in (sessions, reworded, delegate, accounts, expressions, circulars, co_leads, taking_over, a_test, asked_again):
        story(world)
    db.session.flush()
    found: dict[str, Message] = {}
    written = db.session.scalars(select(Message).where(Message.locale == language)).all()
    for message in sorted(written, key=lambda m: (m.created_at, not _asks(m), m.address)):
        if message.recipient_name != "Ada Former":
            found.setdefault(_name(message), message)
    return found


def _asks(message: Message) -> bool:
    """Is it for somebody whose answer is asked for, or who has a seat: not a copy for information?"""
    return bool(job_of(message).common.get("asks", True))


def _name(message: Message) -> str:
    """The kind, and what it says where one kind says several things."""
    job = job_of(message)
    if message.kind == "session-update":
        return "session-update" if job.common["moved"] else "session-update-words"
    if message.kind == "session-invite" and job.common.get("again"):
        return "session-invite-again"
    if message.kind == "session-invite" and job.common["because"] == "delegate":
        return "session-invite-delegate"
    if message.kind == "session-invite" and job.common["because"] == "hand_over":
        return "session-invite-hand-over"
    if message.kind == "expression-decided":
        return f"expression-{job.facts['after']}"
    if message.kind == "circular" and job.common["because"] == "in_place":
        return "circular-in-place"
    if message.kind == "circular" and job.common["corrects"]:
        return "circular-correction"
    return message.kind
