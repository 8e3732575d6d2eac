"""The desk's list of exchanges has an end only where there are no more."""

from __future__ import annotations

import re
from datetime import timedelta

from app.exchanges.models import Exchange
from tests.factories.exchanges import NOW


def test_every_exchange_is_reached_from_the_list_page_by_page(session, secretariat):
    for number in range(65):
        at = NOW + timedelta(minutes=number // 2)  # some were made in the same moment
        session.add(Exchange(themes={"en": f"Theme {number:03}"}, purposes={}, created_at=at, updated_at=at))
    session.commit()
    seen, path = [], "/en/desk/exchanges"
    for _ in range(3):
        page = secretariat.get(path).text
        seen.append(re.findall(r"Theme (\d{3})", page))
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        path = onward[1] if onward else ""
    assert [len(part) for part in seen] == [30, 30, 5]
    assert path == ""
    assert sorted(number for part in seen for number in part) == [f"{number:03}" for number in range(65)]
    assert [int(n) // 2 for part in seen for n in part] == sorted((n // 2 for n in range(65)), reverse=True)
