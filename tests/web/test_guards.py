"""What every answer carries, and what is refused before a view is reached."""

import dataclasses

import pytest

from tests.conftest import csrf_of


def test_every_page_forbids_inline_code_and_framing(client):
    for address in ("/en/", "/en/about", "/en/nowhere"):
        headers = client.get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_a_public_page_sets_no_cookie(client):
    assert "Set-Cookie" not in client.get("/en/about").headers


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1:8000@evil.example", ""])
def test_a_host_that_is_not_ours_is_refused(client, host):
    assert client.get("/en/about", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"])
def test_a_form_from_another_site_is_refused(client, origin):
    answer = client.post("/en/sign-in", data={}, headers={"Origin": origin})
    assert answer.status_code == 400


SANDBOX = {"Origin": "null", "Sec-Fetch-Site": "cross-site"}
LINK_PAGE = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize(
    ("told", "status"), [(SANDBOX, 400), (LINK_PAGE, 422), ({"Origin": "null"}, 422), ({"Origin": "http://127.0.0.1:8000"}, 422)]
)
def test_the_form_of_a_page_that_tells_no_referrer_is_taken_and_that_of_a_foreign_sandbox_is_not(client, told, status):
    """Browsers send the Origin "null" with forms of pages under ``Referrer-Policy: no-referrer``."""
    token = csrf_of(client.get("/en/sign-in").get_data(as_text=True))
    assert client.post("/en/sign-in", data={"csrf_token": token}, headers=told).status_code == status
    assert client.post("/en/sign-in", data={}, headers=told).status_code == 400


def test_over_https_a_form_needs_no_referrer(client, app, settings, monkeypatch):
    secure = dataclasses.replace(settings, base_url="https://127.0.0.1:8000").flask()
    monkeypatch.setitem(app.config, "WTF_CSRF_SSL_STRICT", secure["WTF_CSRF_SSL_STRICT"])
    over = {"base_url": "https://127.0.0.1:8000"}
    token = csrf_of(client.get("/en/sign-in", **over).get_data(as_text=True))
    answer = client.post("/en/sign-in", data={"csrf_token": token}, headers={"Origin": "https://127.0.0.1:8000"}, **over)
    assert answer.status_code == 422


def test_a_form_without_its_token_is_refused_with_a_sentence(client):
    answer = client.post("/fr/sign-in", data={"email": "a@b.example"})
    assert answer.status_code == 400
    assert "Traceback" not in answer.get_data(as_text=True)
    assert 'lang="fr"' in answer.get_data(as_text=True)


@pytest.mark.parametrize("address", ["/en/%00", "/en/%ff", "/en/../../etc/passwd", "/en/calls/not-a-uuid", "/en/" + "a" * 5000])
def test_a_hostile_address_gets_a_page(client, address):
    answer = client.get(address)
    assert answer.status_code in (308, 400, 404)
    assert "Traceback" not in answer.get_data(as_text=True)
