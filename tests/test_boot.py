"""The app starts, and a bare address leads to the reader's language."""


def test_an_unknown_page_is_not_found_in_the_readers_language(client):
    assert client.get("/fr/nowhere").status_code == 404
