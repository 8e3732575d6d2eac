"""Passwords: what is refused as too easy, and what is not."""

from itertools import islice

import pytest
from argon2 import extract_parameters

from app.accounts import passwords
from app.accounts.blocklist import examples, is_easy
from app.core.errors import RuleBroken, TooMany

OWN = ["Adaeze", "Morrow", "adaeze.morrow@astoria.example", "Regular Pathways Network", "Pathways Exchange"]


def test_more_than_three_thousand_common_passwords_are_refused():
    listed = list(islice(examples(), 0, None, 20))
    assert len(listed) >= 3000
    assert all(len(p) >= passwords.SHORTEST for p in listed)
    assert [p for p in listed if not is_easy(p)] == []


@pytest.mark.parametrize(
    "easy",
    [
        "passwordpassword", "P@ssw0rdP@ssw0rd", "qwertyuiopasdfgh", "1234567890123456", "aaaaaaaaaaaaaaaa", "abcabcabcabcabcabc",
        "Welcome Welcome 2026", "Summer2026Geneva!!", "Adaeze Morrow 2026", "morrow.astoria.2026", "regularpathways2026",
        "Pathways Exchange 1", "motdepassemotdepasse", "zyxwvutsrqponmlk", "kumquat kumquat kumquat", "               a",
        "ünïtedñations2026", "ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ",
    ],
)  # fmt: skip
def test_easy_passwords_are_refused_with_a_sentence_at_the_field(app, easy):
    with app.app_context(), pytest.raises(RuleBroken) as refused:
        passwords.check_new(easy, OWN)
    assert refused.value.field == "password"


@pytest.mark.parametrize(
    "good",
    [
        "lantern otter forty fjord", "correct horse battery staple", "xkQ92-plmf-77Zt-vorw", "Täglich frisches Brot backen",
        "فانوس ثعلب أربعون مضيق", "灯笼水獭四十峡湾天空云彩雨雪风霜", "я люблю гулять под дождём",
    ],
)  # fmt: skip
def test_passphrases_pass_in_any_script(app, good):
    with app.app_context():
        passwords.check_new(good, OWN)


def test_the_costs_are_the_agreed_ones(app):
    with app.app_context():
        found = extract_parameters(passwords.hashed("lantern otter forty fjord"))
    assert (found.type.name, found.memory_cost, found.time_cost, found.parallelism) == ("ID", 19 * 1024, 2, 1)


def test_the_same_characters_fit_whatever_keyboard_typed_them(app):
    with app.app_context():
        stored = passwords.hashed("Brot ﬁnden é heute")
        assert passwords.fits(stored, "Brot finden e\u0301 heute")
        assert not passwords.fits(stored, "brot finden é heute")
        assert not passwords.fits(None, "nobody has this password, and nobody may find out who has one")


def test_a_full_queue_asks_to_try_again(app, monkeypatch):
    monkeypatch.setattr(passwords, "_PATIENCE", 0.05)
    with app.app_context():
        held = [passwords._in_flight.acquire() for _ in range(2)]
        try:
            with pytest.raises(TooMany) as refused:
                passwords.hashed("lantern otter forty fjord")
        finally:
            for _ in held:
                passwords._in_flight.release()
        assert refused.value.retry_after >= 1
        assert passwords.hashed("lantern otter forty fjord")


def test_a_very_long_hostile_password_is_judged_quickly():
    import time

    begun = time.perf_counter()
    is_easy(("welcome" * 40 + "qwerty1")[:256], ["a" * 5] * 50)
    is_easy("ab1c" * 64)
    assert time.perf_counter() - begun < 0.5
