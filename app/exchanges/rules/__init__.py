"""Every change in this room, as a verb. Re-exported by subject: planning, inviting, answering, changing, delegating."""

from app.exchanges.rules.answering import Outcome, promote, respond
from app.exchanges.rules.changing import ask_again, cancel, change, send_updates_now, told_of_cancelling
from app.exchanges.rules.clock_check import Checked
from app.exchanges.rules.clock_check import check as check_clocks
from app.exchanges.rules.clocks import becomes_at, choices, decide_clocks, foresee_clocks
from app.exchanges.rules.days_off import OnADayOff, is_seen, see_days_off
from app.exchanges.rules.delegating import answer_on_behalf, name_delegate
from app.exchanges.rules.foreseeing import Foreseen, foresee, foresee_accepted
from app.exchanges.rules.identity import restamp
from app.exchanges.rules.inviting import (
    Guest,
    Invited,
    accepted_guests,
    invite,
    invite_accepted_expressions,
    uninvite,
)
from app.exchanges.rules.moderating import accept, can_be_told, decide_for_state, delegate_of, proposed_start, refuse
from app.exchanges.rules.planning import (
    ClockFold,
    ExchangePlan,
    Plan,
    create_exchange,
    create_session,
    edit_exchange,
    schedule,
)
from app.exchanges.rules.replying import judge, record_by_hand, set_aside

__all__ = [
    "Checked",
    "ClockFold",
    "ExchangePlan",
    "Foreseen",
    "Guest",
    "Invited",
    "OnADayOff",
    "Outcome",
    "Plan",
    "accept",
    "accepted_guests",
    "answer_on_behalf",
    "ask_again",
    "becomes_at",
    "can_be_told",
    "cancel",
    "change",
    "check_clocks",
    "choices",
    "create_exchange",
    "create_session",
    "decide_clocks",
    "decide_for_state",
    "delegate_of",
    "edit_exchange",
    "foresee",
    "foresee_accepted",
    "foresee_clocks",
    "invite",
    "invite_accepted_expressions",
    "is_seen",
    "judge",
    "name_delegate",
    "promote",
    "proposed_start",
    "record_by_hand",
    "refuse",
    "respond",
    "restamp",
    "schedule",
    "see_days_off",
    "send_updates_now",
    "set_aside",
    "told_of_cancelling",
    "uninvite",
]
