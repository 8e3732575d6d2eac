"""What the tests of issuing letters share: invited States, the words of a PDF."""

from __future__ import annotations

import io

import pypdf

from app.files.rules import path_of
from tests.factories.accounts import make_person, make_state
from tests.factories.exchanges import make_invitation


def invited(row, name, language="en", *, reachable=True, **state):
    found = make_state(name, formal_names={"en": f"Republic of {name}", "fr": f"République de {name}"}, **state)
    person = make_person(of=found, language=language, **({} if reachable else {"email": None}))
    make_invitation(row, person, organisation=found)
    return found, person


def text_of(letter, session):
    data = path_of(letter.pdf_id).read_bytes()
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
