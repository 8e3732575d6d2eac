"""Every room's models in one import: the list that migrations and mappers need."""

from app.accounts import models as accounts
from app.audit import models as audit
from app.calendars import models as calendars
from app.circulars import models as circulars
from app.core import limits, once, rulebook
from app.exchanges import models as exchanges
from app.files import models as files
from app.heartbeats import models as heartbeats
from app.interests import models as interests
from app.interests import opinion_models as _opinions  # noqa: F401 - its tables
from app.letters import models as letters
from app.links import models as links
from app.notifications import guards as _guards  # noqa: F401 - the guard of the messages table
from app.notifications import models as notifications
from app.pilots import models as pilots
from app.practices import indexing as _catalogue  # noqa: F401 - keeps the catalogue in step
from app.practices import models as practices
from app.texts import models as texts
from app.topics import models as topics
from app.transfers import models as transfers
from app.wordings import models as wordings

__all__ = [
    "accounts", "audit", "calendars", "circulars", "exchanges", "files", "heartbeats", "interests", "letters", "limits", "links",
    "notifications", "once", "pilots", "practices", "rulebook", "texts", "topics", "transfers", "wordings",
]  # fmt: skip
