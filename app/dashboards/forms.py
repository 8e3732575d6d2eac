"""The one form that is everybody's: the short code of a mail."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import StringField

from app.core.forms import Form, at_most, needed


class ShortCodeForm(Form):
    """The code that stands in a mail beside its link."""

    code = StringField(_l("Code from the mail"), [needed(_l("Enter the code that stands in the mail.")), at_most(60)])
