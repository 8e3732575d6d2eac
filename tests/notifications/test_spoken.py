"""What people's own words suggest, in six languages; what is quoted or says two things suggests nothing."""

import time

import pytest

from app.notifications.spoken import own_words, suggestion

SAID = {
    "yes": [
        "Yes, I will attend.", "Dear colleagues,\nI'll be there. See you then!", "No problem, I will join.", "We confirm our participation.",
        "Oui, je participerai à la séance.", "J\u2019accepte avec plaisir.", "Je serai présente.",
        "Sí, asistiré.", "Confirmo mi asistencia.", "Да, приму участие.", "Буду рада участвовать.",
        "نعم، سأحضر.", "أؤكّد حضوري.", "是的，我会参加。", "我可以参加", "ok",
    ],
    "no": [
        "I will not attend, sorry.", "Unfortunately I am unable to participate.", "I'm afraid I can\u2019t make it.", "No.",
        "Je ne pourrai pas assister.", "Je serai absente.", "No podré asistir.", "Lamentablemente no puedo.",
        "К сожалению, не смогу участвовать.", "Нет", "لن أتمكّن من الحضور.", "نعتذر عن عدم المشاركة.", "我无法参加。", "我不会参加",
    ],
    "maybe": [
        "Maybe, I will let you know.", "Not sure yet whether I will attend.", "Peut-être, sous réserve de confirmation.",
        "Tal vez.", "Si puedo, asistiré.", "Возможно, смогу.", "ربما أحضر.", "可能会参加。",
    ],
    None: [
        "Thank you for the mail.", "Can I attend by phone?", "Yes, but my colleague cannot attend.", "", "Je joins le document.",
        "The joint session was good.",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("answer", "words"), [(answer, words) for answer, several in SAID.items() for words in several])
def test_a_suggestion_is_what_the_words_say(answer, words):
    assert suggestion(words) == answer


@pytest.mark.parametrize(
    "mark",
    [
        "On Mon, 23 Nov 2026 at 10:00, Secretariat <s@pathways.example> wrote:", "> ", "-----Original Message-----",
        "Le lun. 23 nov. 2026 à 10:00, Secrétariat a écrit :", "El lun, 23 nov 2026 a las 10:00, Secretaría escribió:",
        "пн, 23 нояб. 2026 г. в 10:00, Секретариат пишет:", "في الاثنين، 23 نوفمبر 2026 كتب الأمانة:", "秘书处 于2026年11月23日写道：",
        "From: Secretariat", "De : Secrétariat", "________________________________", "发件人: 秘书处", "-- ",
    ],
)  # fmt: skip
def test_what_is_quoted_below_is_not_read(mark):
    assert own_words(f"I will come.\n\n{mark}\nI cannot attend") == "I will come."
    assert suggestion(f"Thank you.\n\n{mark}\nYes, I will attend") is None


def test_where_there_are_no_words_the_subject_may_say_it():
    assert [suggestion("", s) for s in ("Accepted: Session", "Refusé : Séance", "已接受：会议", "Re: Session")] == [
        "yes",
        "no",
        "yes",
        None,
    ]


def test_hostile_words_cost_no_time():
    before = time.process_time()
    for words in ("no podre " * 20_000, "\n".join(["x" * 600] * 400), "on " * 9000 + "wrote", "пишет " * 9000, "a" * 100_000):
        suggestion(words)
    assert time.process_time() - before < 1
