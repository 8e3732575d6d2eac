"""Pages of letters at the desk: the register, what is prepared, one letter, what came, the wording and who signs."""

from app.letters.routes import drafts, incoming, register, sets, wording  # noqa: I001 - they add their views to the blueprint
from app.letters.routes.blueprint import blueprint

__all__ = ["blueprint", "drafts", "incoming", "register", "sets", "wording"]
