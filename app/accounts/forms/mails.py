"""What somebody chooses of the mails they get."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField
from wtforms.validators import Optional

from app.accounts.words import MODES, TOPICS
from app.core.forms import Form, LanguageField, OneOf, OurDateField, ZoneField, asked, needed
from app.notifications.kinds import OFFERED, Mode, Topic


def _topic(topic: Topic) -> OneOf:
    offered = [(mode.value, MODES[mode]) for mode in OFFERED[topic]]
    return OneOf(TOPICS[topic][0], [needed(_l("Choose one from the list."))], choices=asked(offered))


class MailsForm(Form):
    """One group of buttons for each topic; a field per topic, named after it."""

    reminders = _topic(Topic.REMINDERS)
    tasks = _topic(Topic.TASKS)
    calls = _topic(Topic.CALLS)
    news = _topic(Topic.NEWS)
    quiet_until = OurDateField(_l("Last day without mail"), [Optional()])
    language = LanguageField(_l("Language"), [needed(_l("Choose a language."))])
    zone = ZoneField(_l("Time zone"), [needed(_l("Choose a time zone."))])
    version = HiddenField()
    person_version = HiddenField()

    def modes(self) -> dict[Topic, Mode]:
        """How each topic is to come."""
        return {topic: Mode(self[topic.value].data) for topic in OFFERED}

    @property
    def topics(self) -> list[tuple[Any, Any]]:
        """The groups of buttons with a sentence on what belongs to each."""
        return [(self[topic.value], TOPICS[topic][1]) for topic in OFFERED]
