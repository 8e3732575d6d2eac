"""Forms of letters: what is prepared, written by hand, entered, noted; and the wording."""

from __future__ import annotations

import uuid
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, StringField, TextAreaField

from app.core.forms import (
    CheckboxesField,
    Form,
    LanguageField,
    OnceForm,
    OurDateField,
    SeveralField,
    TextsField,
    TidySelect,
    at_most,
    needed,
)
from app.letters.models import Addressed, LetterKind, Means
from app.letters.rules import MOST_ANNEXES, Annex
from app.letters.words import ADDRESSED, FIELDS, KINDS, MEANS

NONE = [("", "–")]
_CHOOSE = _l("Choose one from the list.")
_ON_PAPER = (Means.POST, Means.POUCH, Means.HAND)


def id_of(text: str | None) -> uuid.UUID | None:
    """A chosen id; ``None`` for none."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


class SetForm(OnceForm):
    """What is prepared: for which States, who signs, until when, with which annexes."""

    states = CheckboxesField(_l("Letters to make"))
    also = SeveralField(_l("Also on paper"))
    signatory_id = TidySelect(_l("Who signs"))
    answer_due = OurDateField(_l("Answer due"))
    annex_1_title = StringField(_l("First annex"), [at_most(200)])
    annex_1_file = FileField(_l("File of the first annex"))
    annex_2_title = StringField(_l("Second annex"), [at_most(200)])
    annex_2_file = FileField(_l("File of the second annex"))
    annex_3_title = StringField(_l("Third annex"), [at_most(200)])
    annex_3_file = FileField(_l("File of the third annex"))

    def offer(self, states: list[tuple[str, str]], also: list[tuple[str, str]], signatories: list[tuple[str, str]]) -> None:
        """Whom letters may go to, whom only on paper, and who may sign them."""
        self.states.choices = states
        self.also.choices = also
        self.signatory_id.choices = signatories

    @property
    def annexes(self) -> list[Annex]:
        """The annexes that were given a title or a file."""
        found = []
        for n in range(1, MOST_ANNEXES + 1):
            title, upload = self[f"annex_{n}_title"].data or "", self[f"annex_{n}_file"].data or None
            if title or upload:
                found.append(Annex(title, upload, f"annex_{n}_file"))
        return found


class DraftForm(Form):
    """How one letter is written."""

    kind = TidySelect(
        _l("Kind"), [needed(_CHOOSE)], choices=[(k.value, KINDS[k]) for k in (LetterKind.NOTE_VERBALE, LetterKind.LETTER)]
    )
    language = LanguageField(_l("Language"), [needed(_CHOOSE)])
    addressed = TidySelect(_l("Addressed to"), [needed(_CHOOSE)], choices=[(a.value, ADDRESSED[a]) for a in Addressed])
    addressee = TextAreaField(FIELDS["addressee"], [at_most(600)])
    office = StringField(FIELDS["office"], [at_most(300)])
    form = StringField(FIELDS["form"], [at_most(200)])
    subject = StringField(FIELDS["subject"], [at_most(300)])
    body = TextAreaField(FIELDS["body"], [at_most(6000)])
    version = HiddenField()


class IncomingForm(OnceForm):
    """A letter that came."""

    kind = TidySelect(_l("Kind"), [needed(_CHOOSE)], choices=[(k.value, v) for k, v in KINDS.items()])
    their_number = StringField(_l("Number on it"), [at_most(100)])
    dated = OurDateField(_l("Date on it"), [needed(_l("Enter the date on the letter."))])
    came_on = OurDateField(_l("Day it came"), [needed(_l("Enter the day it came."))])
    means = TidySelect(_l("How it came"), [needed(_CHOOSE)], choices=[(m.value, v) for m, v in MEANS.items()])
    state_id = TidySelect(_l("State"))
    correspondent = StringField(_l("Who wrote"), [at_most(300)])
    subject = StringField(_l("Subject"), [needed(_l("Enter the subject.")), at_most(300)])
    language = LanguageField(_l("Language"), [needed(_CHOOSE)])
    answer_due = OurDateField(_l("Our answer due"))
    answers_id = TidySelect(_l("Answers our letter"))
    scan = FileField(_l("Scan or file"))

    def offer(self, states: list[tuple[str, str]], waiting: list[tuple[str, str]]) -> None:
        """States, and letters of ours that wait for an answer."""
        self.state_id.choices = [*NONE, *states]
        self.answers_id.choices = [*NONE, *waiting]

    def fields(self) -> dict[str, Any]:
        """What the rule takes."""
        return {
            "kind": LetterKind(self.kind.data),
            "their_number": self.their_number.data or "",
            "dated": self.dated.data,
            "came_on": self.came_on.data,
            "means": Means(self.means.data),
            "state_id": id_of(self.state_id.data),
            "correspondent": self.correspondent.data or "",
            "subject": self.subject.data or "",
            "language": self.language.data,
            "answer_due": self.answer_due.data,
            "answers_id": id_of(self.answers_id.data),
        }


class SentForm(Form):
    """A printed letter left."""

    means = TidySelect(_l("How it was sent"), [needed(_CHOOSE)], choices=[(m.value, MEANS[m]) for m in _ON_PAPER])
    on = OurDateField(_l("Sent on"), [needed(_l("Enter the day."))])


class AnsweredForm(Form):
    """An answer came, or went."""

    answer_id = TidySelect(_l("Answered by"))
    on = OurDateField(_l("Answered on"), [needed(_l("Enter the day."))])

    def offer(self, letters: list[tuple[str, str]]) -> None:
        """Letters that may be the answer."""
        self.answer_id.choices = [("", _l("A letter that is not in the register")), *letters]


class CancelForm(Form):
    """Why a letter is taken back."""

    reason = TextAreaField(_l("Why it is cancelled"), [needed(_l("Say why the letter is cancelled.")), at_most(1000)])


class WordingForm(Form):
    """One formula in one language."""

    text = TextAreaField(_l("Text"), [needed(_l("Enter the text.")), at_most(1500)])
    revision = HiddenField()


class SignatoryForm(OnceForm):
    """Somebody who signs."""

    name = StringField(_l("Name as it stands below letters"), [needed(_l("Enter the name.")), at_most(200)])
    posts = TextsField(_l("Post"), most=200)
    active = BooleanField(_l("Signs letters"))
    version = HiddenField()


class RegisterFilter(Form):
    """What the register is narrowed to; read from the address."""

    class Meta(Form.Meta):
        """No token: it changes nothing."""

        csrf = False

    words = StringField(_l("Words"), [at_most(200)])
    direction = TidySelect(_l("In or out"))
    kind = TidySelect(_l("Kind"))
    state = TidySelect(_l("State"))
    overdue = BooleanField(_l("Only where an answer is overdue"))
