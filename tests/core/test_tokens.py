"""Signed links: bound to purpose, row and nonce; short; ended by a new nonce or a retired key."""

import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from app.core import tokens

KEYS = ["the present key of this installation", "the former key"]


def test_a_token_opens_what_it_was_made_for_and_nothing_else():
    row, nonce = uuid.uuid4(), tokens.fresh_nonce()
    token = tokens.sign(KEYS, "answer", row, nonce)
    assert tokens.row_of(token) == row
    assert tokens.matches(KEYS, "answer", row, nonce, token)
    assert not tokens.matches(KEYS, "join", row, nonce, token)
    assert not tokens.matches(KEYS, "answer", uuid.uuid4(), nonce, token)
    assert not tokens.matches(KEYS, "answer", row, tokens.fresh_nonce(), token)


def test_a_former_key_still_opens_until_it_leaves_the_list():
    row, nonce = uuid.uuid4(), tokens.fresh_nonce()
    token = tokens.sign(KEYS[1:], "answer", row, nonce)
    assert tokens.matches(KEYS, "answer", row, nonce, token)
    assert not tokens.matches(KEYS[:1], "answer", row, nonce, token)


def test_a_token_passes_through_mail_gateways_unharmed():
    token = tokens.sign(KEYS, "answer", uuid.uuid4(), tokens.fresh_nonce())
    assert re.fullmatch(r"[A-Za-z0-9_-]{54}", token)


@given(st.text())
def test_no_text_makes_the_reader_of_tokens_fail(text):
    assert tokens.row_of(text) is None or len(text) == 54


@given(st.integers(0, 53), st.integers(1, 63))
def test_a_token_with_one_changed_character_opens_nothing(place, step):
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    row, nonce = uuid.UUID(int=7), "nonce"
    token = tokens.sign(KEYS, "answer", row, nonce)
    other = alphabet[(alphabet.index(token[place]) + step) % 64]
    changed = token[:place] + other + token[place + 1 :]
    read = tokens.row_of(changed)
    assert read is None or read != row or not tokens.matches(KEYS, "answer", row, nonce, changed)


def test_a_mark_stands_in_an_address_for_the_token_and_is_opened_by_the_current_key():
    row, nonce = uuid.uuid4(), tokens.fresh_nonce()
    kept = f"https://pathways.example/en/answer/{tokens.mark('answer', row, nonce)}?answer=yes"
    token = tokens.sign(KEYS, "answer", row, nonce)
    assert token not in kept and tokens.opened(KEYS, kept) == f"https://pathways.example/en/answer/{token}?answer=yes"
    assert not tokens.matches(KEYS, "answer", row, nonce, tokens.mark("answer", row, nonce))
    for other in ("https://pathways.example/~user/x", "https://pathways.example/~a~b~c", "plain ~ words", ""):
        assert tokens.opened(KEYS, other) == other
