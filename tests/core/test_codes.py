"""Short codes: of one key with their digest, forgiving to whoever types them, ended by a new nonce or a retired key."""

from __future__ import annotations

import re
import uuid

import pytest

from app.core import codes, tokens
from app.core.tokens import fresh_nonce

NEW, OLD = "a new key of more than thirty-two characters", "an old key of more than thirty-two characters"


def mark(row, nonce, digest):
    return codes.mark(tokens.mark("answer", row, nonce), digest)


def made(keys, row, nonce):
    digest = codes.fresh_digest(keys, "answer", row, nonce)
    return digest, codes.opened(keys, mark(row, nonce, digest))


def test_a_code_is_sixty_bits_in_groups_without_letters_that_look_like_digits():
    seen = {made([NEW], uuid.uuid4(), fresh_nonce())[1] for _ in range(2000)}
    assert len(seen) == 2000
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}", code) for code in seen)
    for place in (0, 5, 13):
        assert len({code[place] for code in seen}) == 32, "every letter and digit, first and last alike"


@pytest.mark.parametrize(
    "written",
    ["{}", " {} ", "{}.", "\u200e{}\u200e", "\u2066{}\u2069", "«{}»"],
)
def test_a_code_is_understood_however_it_is_typed(written):
    row, nonce = uuid.uuid4(), fresh_nonce()
    digest, code = made([NEW], row, nonce)
    for typed in (code, code.lower(), code.replace("-", ""), code.replace("-", " "), code.replace("-", "–")):
        assert codes.digests([NEW], written.format(typed)) == [digest]
        assert codes.matches([NEW], "answer", row, nonce, written.format(typed))


def test_what_looks_alike_is_the_same_and_digits_of_any_script_are_digits():
    assert codes.read("oO0o-iI1l-LAbC") == codes.read("0000-1111-1ABC") >= 0
    assert codes.read("٤٢۷７-４ａｂＣ-ＤＥＦＧ") == codes.read("4277-4ABC-DEFG") >= 0
    assert codes.written(codes.read("zzzz-ZZZZ-zzzz")) == "ZZZZ-ZZZZ-ZZZZ"
    assert codes.written(0) == "0000-0000-0000" and codes.read("0000-0000-0000") == 0


@pytest.mark.parametrize(
    "typed", ["", "--- !", "ABCD-EFGH-JKM", "ABCD-EFGH-JKMNP", "UUUU-UUUU-UUUU", "語" * 12, "½" * 12, "ABCD" * 500]
)
def test_what_is_no_code_is_looked_for_all_the_same(typed):
    assert codes.read(typed) == -1 and len(codes.digests([NEW, OLD], typed)) == 2
    assert not codes.matches([NEW, OLD], "answer", uuid.uuid4(), fresh_nonce(), typed)


def test_another_purpose_row_nonce_or_key_has_another_code():
    row, nonce = uuid.uuid4(), fresh_nonce()
    digest, code = made([NEW], row, nonce)
    assert codes.matches([NEW], "answer", row, nonce, code)
    wrong = [
        ("draft", row, nonce, [NEW], code), ("answer", uuid.uuid4(), nonce, [NEW], code),
        ("answer", row, fresh_nonce(), [NEW], code), ("answer", row, nonce, [OLD], code),
        ("answer", row, nonce, [NEW], code[:-1]), ("answer", row, nonce, [NEW], code + "0"),
    ]  # fmt: skip
    assert [codes.matches(keys, purpose, of, n, typed) for purpose, of, n, keys, typed in wrong] == [False] * len(wrong)
    assert digest not in (*codes.digests([NEW], code + "0"), *codes.digests([NEW], code[:-1]), *codes.digests([OLD], code))


def test_a_code_of_a_former_key_stays_the_same_in_later_mails_until_the_key_leaves_the_list():
    row, nonce = uuid.uuid4(), fresh_nonce()
    digest, code = made([OLD], row, nonce)
    both = [NEW, OLD]
    assert codes.standing_digest(both, "answer", row, nonce, digest) == digest
    assert codes.opened(both, mark(row, nonce, digest)) == code
    assert digest in codes.digests(both, code) and codes.matches(both, "answer", row, nonce, code)
    assert digest not in codes.digests([NEW], code) and not codes.matches([NEW], "answer", row, nonce, code)
    fresh = codes.standing_digest([NEW], "answer", row, nonce, digest)
    assert fresh != digest and codes.opened([NEW], mark(row, nonce, fresh)) != code


def test_a_new_nonce_and_a_row_without_a_code_get_a_fresh_one():
    row, nonce = uuid.uuid4(), fresh_nonce()
    digest, _ = made([NEW], row, nonce)
    for kept, of in ((None, nonce), ("", nonce), (digest, fresh_nonce())):
        assert codes.standing_digest([NEW], "answer", row, of, kept) == codes.fresh_digest([NEW], "answer", row, of)
