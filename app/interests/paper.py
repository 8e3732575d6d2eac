"""The form on paper: the same questions as the four steps, to print or to fill in with a word processor."""

from __future__ import annotations

from flask_babel import gettext as _

from app.accounts.reader import best, language
from app.core import when, zones
from app.core.languages import LANGUAGES, NAMES, RIGHT_TO_LEFT, babel_locale
from app.core.signing import settings
from app.documents.blocks import Answer, Block, Document, Heading, Paragraph, Tick
from app.interests.models import Ask, Call, Mode
from app.interests.words import ASKS, FIELDS, KINDS, MODES
from app.practices.queries import offered_tools
from app.topics.queries import grounds


def form_of(call: Call) -> Document:
    """The form of a call in the reader's language."""
    lang = language()
    return Document(
        title=_("Expression of interest"),
        subtitle=str(best(call.titles)),
        language=lang,
        right_to_left=lang in RIGHT_TO_LEFT,
        author=settings().network_names[lang],
        blocks=[*_how(call), *_who(call), *_what(call), *_letter(), *_end()],
    )


def _how(call: Call) -> list[Block]:
    lang = language()
    closes = _(
        "Send it before %(date)s, %(time)s, %(place)s time.",
        date=when.date_text(call.closes_at, lang, call.zone),
        time=when.time_text(call.closes_at, call.zone),
        place=zones.city(call.zone, babel_locale(lang)),
    )
    where = _("Fill in this form, and send it by e-mail to %(address)s or by note verbale.", address=settings().contact_address)
    return [Paragraph(where), Paragraph(closes), Paragraph(_("The secretariat enters it for you and mails you a copy to correct."))]


def _field(name: str, hint: str = "", lines: int = 1) -> Answer:
    return Answer(str(FIELDS[name]), hint, lines)


def _who(call: Call) -> list[Block]:
    return [
        Heading(_("1. Who we are")),
        Tick(str(FIELDS["organisation_kind"]), [str(KINDS[k]) for k in call.kinds], columns=2),
        _field("state_id", _("For ministries and Permanent Missions.")),
        _field("organisation_name"),
        _field("organisation_unit"),
        _field("contact_honorific", _("Such as Ms., Mr., Dr. or H.E.")),
        _field("contact_given_name"),
        _field("contact_family_name"),
        _field("contact_post"),
        _field("contact_email"),
        _field("contact_phone"),
        Tick(str(FIELDS["language"]), [NAMES[c] for c in LANGUAGES], columns=3),
        _field("contact_zone", _("The city whose clocks you use.")),
    ]


def _what(call: Call) -> list[Block]:
    blocks: list[Block] = [
        Heading(_("2. What we seek and offer")),
        Tick(_("Do you seek experience, or offer it?"), [f"{MODES[m][0]}: {MODES[m][1]}" for m in Mode]),
    ]
    if call.asks:
        blocks.append(Tick(_("What would you like to do?"), [str(ASKS[a]) for a in Ask if a.value in call.asks], columns=2))
    known = [str(best(g.labels)) for g in grounds().values()]
    blocks.append(Tick(_("Which grounds of admission and stay?"), known, _("Choose one or more."), columns=2))
    if Ask.PILOT_TOOL.value in call.asks:
        blocks.append(Tick(_("Which tools would you like to pilot?"), [str(best(t.titles)) for t in offered_tools()], columns=2))
    return [
        *blocks,
        _field("aim", _("Two or three sentences are enough. Write in any of the six languages."), 6),
        Tick(str(FIELDS["languages"]), [NAMES[c] for c in LANGUAGES], columns=3),
        Answer(_("When could you start?"), _("The earliest date is fine.")),
        _field("constraints", _("Such as days off, travel budget, interpretation, or who else has to agree."), 4),
    ]


def _letter() -> list[Block]:
    ways = [_("It comes with this form"), _("It comes later by mail"), _("No letter: we are not a government")]
    return [
        Heading(_("3. Official endorsement")),
        Paragraph(_("A letter or note verbale shows that your government stands behind this expression of interest.")),
        Tick(_("How does the official letter come?"), ways),
    ]


def _end() -> list[Block]:
    network = settings().network_names[language()]
    notes = (
        _("The secretariat of %(network)s keeps what you send, to decide on it and to invite you.", network=network),
        _("The secretariat and the co-leads see it, and your State's focal point. A peer sees it only after you agree."),
        _(
            "It stays for 24 months after the call closes, or after the last step if that is later. "
            "Then names, addresses, texts and files are deleted."
        ),
        _("You can withdraw it before, on its status page."),
    )
    return [
        Heading(_("4. Date and signature")),
        Answer(_("Date"), lines=1),
        Answer(_("Name, signature and stamp"), lines=3),
        *(Paragraph(note, soft=True) for note in notes),
    ]
