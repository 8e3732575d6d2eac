"""What a person's own words say to an invitation, as a suggestion for whoever reads them: yes, maybe or no, or nothing.

It is a hint and never an answer. What is quoted below is not read; words that say two things suggest nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MOST_READ = 1200
"""An answer stands at the beginning; what comes later speaks of other things."""

NO = (
    "can't attend", "cannot attend", "can not attend", "can't join", "cannot join", "can't come", "cannot come", "can't make it",
    "cannot make it", "cannot participate", "can't participate", "cannot take part", "can't take part", "can't be there",
    "cannot be there", "won't attend", "will not attend", "won't join", "will not join", "won't come", "will not come",
    "won't be able to", "will not be able to", "shall not be able to", "won't be attending", "will not be attending",
    "won't participate", "will not participate", "will not take part", "won't take part", "am not able to", "are not able to",
    "unable to attend", "unable to join", "unable to participate", "unable to come", "unable to take part", "must decline",
    "have to decline", "i decline", "we decline", "not attending", "regret that", "i regret", "we regret", "don't count on me",
    "ne pourrai pas", "ne pourrons pas", "ne pourra pas", "ne peux pas", "ne pouvons pas", "ne participerai pas",
    "ne participerons pas", "ne serai pas", "ne serons pas", "n'assisterai pas", "ne viendrai pas", "ne puis", "serai absent",
    "serons absents", "je decline", "nous declinons", "suis empeche", "dans l'impossibilite",
    "no podre", "no podremos", "no podra", "no puedo", "no podemos", "no asistire", "no asistiremos", "no participare",
    "no participaremos", "no ire", "no estare", "no me es posible", "no nos es posible", "declino", "lamento no",
    "не смогу", "не сможем", "не сможет", "не могу", "не можем", "не приду", "не придем", "не буду", "не будем", "не приму участи",
    "не примем участи", "не участвую", "вынужден отказаться", "вынуждена отказаться", "отказываюсь", "нет возможности",
    "لا استطيع", "لا نستطيع", "لن استطيع", "لن نستطيع", "لن اتمكن", "لن نتمكن", "لا اتمكن", "لن احضر", "لن نحضر", "لن اشارك",
    "لن نشارك", "لا يمكنني", "لا يمكننا", "لن يمكنني", "يتعذر علي", "اعتذر عن", "نعتذر عن", "لن اكون",
    "不参加", "不能参加", "无法参加", "不会参加", "没法参加", "不能出席", "无法出席", "不出席", "不会出席", "不克出席", "不能来",
    "来不了", "参加不了", "谢绝",
)  # fmt: skip
MAYBE = (
    "maybe", "perhaps", "might attend", "might join", "might come", "may attend", "may be able to", "might be able to", "not sure",
    "not certain", "don't know yet", "do not know yet", "let you know", "tentative", "probably", "possibly", "depends on",
    "if i can", "if we can",
    "peut-etre", "pas sur de", "pas certain", "pas certaine", "ne sais pas encore", "ne savons pas encore", "sous reserve",
    "probablement", "eventuellement", "si je peux", "si je le peux", "selon mon agenda",
    "quiza", "quizas", "tal vez", "a lo mejor", "no estoy seguro", "no estoy segura", "no se todavia", "aun no se", "todavia no se",
    "posiblemente", "probablemente", "puede que", "depende de", "si puedo", "si podemos",
    "может быть", "возможно", "вероятно", "не уверен", "не уверена", "пока не знаю", "еще не знаю", "наверное", "постараюсь",
    "ربما", "لست متاكد", "غير متاكد", "لا اعرف بعد", "لا ادري", "قد احضر", "قد اتمكن", "قد اشارك", "من المحتمل", "ساحاول",
    "可能会参加", "可能参加", "可能会出席", "可能", "也许", "或许", "不确定", "不一定", "待定", "尽量参加", "争取参加", "还不知道",
)  # fmt: skip
YES = (
    "will attend", "shall attend", "'ll attend", "will join", "'ll join", "will come", "'ll come", "will be there", "'ll be there",
    "will participate", "shall participate", "'ll participate", "will take part", "'ll take part", "will be attending",
    "can attend", "can join", "can come", "can take part", "can participate", "glad to attend", "happy to attend",
    "pleased to attend", "glad to join", "happy to join", "pleased to join", "happy to participate", "glad to participate",
    "pleased to participate", "happy to take part", "glad to take part", "i accept", "we accept", "am attending", "count me in",
    "i confirm", "we confirm", "gladly", "with pleasure", "see you there",
    "participerai", "participerons", "assisterai", "assisterons", "serai present", "serons present", "serai la", "serons la",
    "viendrai", "viendrons", "j'accepte", "nous acceptons", "je confirme", "nous confirmons", "avec plaisir", "suis d'accord",
    "asistire", "asistiremos", "participare", "participaremos", "alli estare", "ahi estare", "acepto", "aceptamos", "confirmo",
    "confirmamos", "con gusto", "con mucho gusto", "cuenten conmigo", "cuente conmigo",
    "приму участие", "примем участие", "приму участия", "буду участвовать", "будем участвовать", "приду", "придем", "буду рад",
    "буду рада", "буду присутствовать", "подтверждаю", "подтверждаем", "принимаю приглашение", "с удовольствием", "согласен",
    "согласна", "смогу принять",
    "ساحضر", "سنحضر", "ساشارك", "سنشارك", "سوف احضر", "سوف نحضر", "سوف اشارك", "ساكون حاضر", "اوكد حضور", "نوكد حضور",
    "اوكد مشارك", "نوكد مشارك", "اقبل الدعوه", "نقبل الدعوه", "يسعدني", "يسرني", "بكل سرور", "موافق",
    "会参加", "将参加", "可以参加", "能参加", "同意参加", "愿意参加", "确认参加", "准时参加", "会出席", "将出席", 
    "可以出席", "能出席", "确认出席",
    "准时出席", "接受邀请", "一定到", "一定参加",
)  # fmt: skip
FIRST_WORDS = {
    "yes": ("yes", "yes,", "oui", "si", "да", "نعم", "اجل", "是", "是的", "好", "好的", "ok", "okay"),
    "no": ("no", "non", "нет", "لا", "كلا", "不", "不行", "不是"),
}
_NO_MORE = ("no problem", "no doubt", "no worries", "no objection", "non seulement")
_CALM = (
    "not a problem",
    "pas de probleme",
    "sans probleme",
    "no hay problema",
    "sin problema",
    "без проблем",
    "没问题",
    "لا مشكله",
)
"""Denials that deny nothing."""
DOUBTS = (
    "not", "no", "never", "nobody", "none", "neither", "nor", "cannot", "hardly", "unlikely", "doubt", "unless", "unfortunately",
    "regrettably", "regret", "afraid", "instead", "but", "however", "although", "if", "only", "hope", "hoping", "hopefully",
    "think", "try", "whether", "could", "otherwise", "provided",
    "ne", "pas", "jamais", "personne", "aucun", "aucune", "malheureusement", "helas", "mais", "sauf", "sinon", "espere", "esperons",
    "pense", "pensons", "crois", "doute", "plutot",
    "nunca", "nadie", "tampoco", "ninguno", "ninguna", "lamentablemente", "desgraciadamente", "pero", "salvo", "espero", "creo",
    "dudo",
    "не", "ни", "нет", "никто", "никогда", "вряд", "едва", "увы", "сожалению", "но", "если", "однако", "вместо", "сомневаюсь",
    "надеюсь", "думаю",
    "لا", "ولا", "لن", "ولن", "لم", "ولم", "ليس", "لست", "غير", "لكن", "ولكن", "للاسف", "اذا", "بدلا", "نيابه", "لو", "عدم",
)  # fmt: skip
"""Words that take back, or make a condition of, what the same sentence says."""
_DOUBTED = re.compile(
    r"\bsi\b(?!\s*(?:[,.!;]|$))|\b(?:in my (?:place|stead)|on my behalf|a ma place|en mi lugar)\b"
    r"|[不没]|但|可惜|遗憾|如果|代替|除非|恐怕"
)
_SENTENCE = re.compile(r"[.!?;。！？；؛؟]|\n\s*\n")
SUBJECTS = {
    "yes": ("accepted", "accepte", "aceptad", "aceptado", "принято", "مقبول", "تم القبول", "已接受", "接受"),
    "maybe": ("tentative", "provisoire", "provisional", "под вопросом", "مبدئي", "موقت", "暂定"),
    "no": ("declined", "refuse", "decline", "rechazad", "отклонен", "مرفوض", "تم الرفض", "已谢绝", "已拒绝", "谢绝"),
}
_QUOTED = re.compile(
    r"^\s*(?:"
    r">|\|"
    r"|-{2,}\s*(?:original message|forwarded message|message d'origine|message transfere|mensaje original|исходное сообщение|"
    r"пересылаемое сообщение|الرساله الاصليه|原始邮件|原邮件)"
    r"|_{8,}|-{8,}|={8,}"
    r"|(?:from|de|от|من|发件人|寄件者|sent|envoye|enviado|отправлено)\s*[:：]\s*\S"
    r"|on\b.{4,200}\bwrote\s*:"
    r"|le\b.{4,200}\ba ecrit\s*:"
    r"|el\b.{4,200}\bescribio\s*:"
    r"|.{4,200}(?:пишет|писал|писала|написал|написала|написал\(а\))\s*:"
    r"|.{0,200}كتب.{0,200}[:：]\s*$"
    r"|.{4,200}(?:写道|寫道)\s*[:：]"
    r"|--\s*$"
    r")"
)


def own_words(body: str) -> str:
    """What somebody wrote themselves: all before the mail they answer, or before their signature."""
    kept = []
    for row in body[:20_000].split("\n"):
        if _QUOTED.match(_plain(row[:600])):
            break
        kept.append(row.rstrip())
    return "\n".join(kept).strip()


def suggestion(body: str, subject: str = "") -> str | None:
    """``yes``, ``maybe`` or ``no``, where the words say one of them and nothing else."""
    said = " ".join(_plain(own_words(body))[:MOST_READ].split())
    if not said:
        return _by_subject(subject)
    found = set()
    for answer, phrases in _SAID:
        said, here = _taken_out(said, phrases)
        if here:
            found.add(answer)
    found |= _by_first_word(said)
    if found == {"yes", "maybe"} and _leads(said, FIRST_WORDS["yes"]) is False:
        return "maybe"
    if found == {"yes"} and _is_doubted(_plain(own_words(body))[:MOST_READ]):
        return None
    return found.pop() if len(found) == 1 else None


def _is_doubted(words: str) -> bool:
    """Does a sentence that seems to say yes deny it as well, or make a condition? ("I do not think I will attend.")"""
    for sentence in _SENTENCE.split(words):
        said = " ".join(sentence.split())
        for calm in (*_NO_MORE, *_CALM):
            said = said.replace(calm, " ")
        said = said.strip(" ,")
        if not _leads(said, FIRST_WORDS["yes"]) and not _taken_out(said, _YES)[1]:
            continue
        tokens = re.findall(r"[\w']+", said)
        if _DOUBTED.search(said) or any(t in _DOUBTS or t.startswith("n'") or t.endswith("n't") for t in tokens):
            return True
    return False


def _taken_out(said: str, phrases: Iterable[str]) -> tuple[str, bool]:
    """The words without these phrases, so that "will not attend" is not also "attend"; and whether there was one."""
    found = False
    for phrase in phrases:
        start = 0
        while (at := said.find(phrase, start)) >= 0:
            start = at + len(phrase)
            if phrase.isascii() and not _is_whole(said, at, start):
                continue
            said, found = f"{said[:at]} · {said[start:]}", True
            start = at + 3
    return said, found


def _is_whole(said: str, start: int, end: int) -> bool:
    """Does the phrase begin as a word does, and end as one? ("join" is no "joint".)"""
    before, after = said[start - 1 : start], said[end : end + 1]
    first = said[start] == "'" or not before.isalnum()
    return first and not (after.isalpha() and said[end - 1].isalpha() and after not in "es")


def _by_first_word(said: str) -> set[str]:
    if said.startswith(_NO_MORE):
        return set()
    return {answer for answer, words in FIRST_WORDS.items() if _leads(said, words)}


def _leads(said: str, words: Iterable[str]) -> bool:
    """Is the first word one of these? A word of one letter or two must stand by itself: "si" is also "if"."""
    head = re.match(r"[^\s,.;:!?،。，！、-]+", said)
    if head is None or head[0] not in words:
        return False
    rest = said[head.end() :].lstrip(" ")
    return len(head[0]) > 2 or not rest or not rest[0].isalnum()


def _by_subject(subject: str) -> str | None:
    """Some programs say it in the subject alone: "Accepted: …"."""
    head = _plain(subject).strip()
    found = {answer for answer, words in SUBJECTS.items() if head.startswith(words)}
    return found.pop() if len(found) == 1 else None


_ALIKE = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ؤ": "و", "ة": "ه", "ى": "ي", "ё": "е", "\u2019": "'", "\u2018": "'", "\u02bc": "'"}
    | {"\uff0c": ",", "\u2011": "-", "\u2013": "-"}
)


def _plain(words: str) -> str:
    """Small letters without accents and vowel marks; letters that are written in two ways are one."""
    bare = unicodedata.normalize("NFKD", words.translate(_ALIKE))
    kept = "".join(c for c in bare if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", kept).casefold().translate(_ALIKE)


_SAID = tuple(
    (answer, tuple(sorted(map(_plain, phrases), key=len, reverse=True)))
    for answer, phrases in (("no", NO), ("maybe", MAYBE), ("yes", YES))
)
"""Longest first: "may be able to" before "be able to". What says no is taken out before what says yes is looked for."""
_YES = dict(_SAID)["yes"]
_DOUBTS = frozenset(map(_plain, DOUBTS))
