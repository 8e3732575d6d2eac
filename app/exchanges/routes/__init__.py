"""The pages of exchanges and sessions: public, behind signed links, for a State, and the secretariat's desks."""

from app.exchanges.routes import (  # noqa: F401 - each module adds its views to the blueprint
    asking,
    calendars,
    delegations,
    desk_clocks,
    desk_days,
    desk_exchanges,
    desk_invitations,
    desk_lists,
    desk_places,
    desk_poll_people,
    desk_polls,
    desk_series,
    desk_sessions,
    discussed,
    exports,
    invitation_record,
    inviting,
    links,
    polls,
    public,
    replies,
    several,
)
from app.exchanges.routes.blueprint import blueprint

__all__ = ["blueprint"]
