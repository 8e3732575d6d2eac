"""Every change in this room, as a verb. Re-exported by subject: planning, inviting, answering, changing, delegating."""

from app.exchanges.rules.answering import Outcome, promote, respond
from app.exchanges.rules.changing import ask_again, cancel, change, send_updates_now, told_of_cancelling
from app.exchanges.rules.clock_check import Checked
from app.exchanges.rules.clock_check import check as check_clocks
from app.exchanges.rules.clocks import becomes_at, choices, decide_clocks, foresee_clocks
from app.exchanges.rules.copying import CopyPlan, copy_exchange, to_copy, walls_of_copy
from app.exchanges.rules.days_off import OnADayOff, is_seen, see_days_off
from app.exchanges.rules.delegating import answer_on_behalf, answer_together, name_delegate
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
from app.exchanges.rules.listing import Meant, invite_listed, meant_by_list, put_on_list, take_off_list
from app.exchanges.rules.moderating import accept, can_be_told, decide_for_state, delegate_of, proposed_start, refuse
from app.exchanges.rules.moving import Together, cancel_together, in_reach, move, seen_as, shifted
from app.exchanges.rules.placing import PlaceRules, set_places
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
from app.exchanges.rules.seating import pass_on
from app.exchanges.rules.series import Rhythm, SeriesPlan, plan_series, walls_of
from app.exchanges.rules.sittings import Hour, add_sitting, keep_same
from app.exchanges.rules.switching import answer_for, change_sitting
from app.exchanges.rules.walls import Wall, answers_in

__all__ = [
    "Checked",
    "ClockFold",
    "CopyPlan",
    "ExchangePlan",
    "Foreseen",
    "Guest",
    "Hour",
    "Invited",
    "Meant",
    "OnADayOff",
    "Outcome",
    "PlaceRules",
    "Plan",
    "Rhythm",
    "SeriesPlan",
    "Together",
    "Wall",
    "accept",
    "accepted_guests",
    "add_sitting",
    "answer_for",
    "answer_on_behalf",
    "answer_together",
    "answers_in",
    "ask_again",
    "becomes_at",
    "can_be_told",
    "cancel",
    "cancel_together",
    "change",
    "change_sitting",
    "check_clocks",
    "choices",
    "copy_exchange",
    "create_exchange",
    "create_session",
    "decide_clocks",
    "decide_for_state",
    "delegate_of",
    "edit_exchange",
    "foresee",
    "foresee_accepted",
    "foresee_clocks",
    "in_reach",
    "invite",
    "invite_accepted_expressions",
    "invite_listed",
    "is_seen",
    "judge",
    "keep_same",
    "meant_by_list",
    "move",
    "name_delegate",
    "pass_on",
    "plan_series",
    "promote",
    "proposed_start",
    "put_on_list",
    "record_by_hand",
    "refuse",
    "respond",
    "restamp",
    "schedule",
    "see_days_off",
    "seen_as",
    "send_updates_now",
    "set_aside",
    "set_places",
    "shifted",
    "take_off_list",
    "to_copy",
    "told_of_cancelling",
    "uninvite",
    "walls_of",
    "walls_of_copy",
]
