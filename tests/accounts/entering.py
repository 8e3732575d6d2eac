"""What the tests of signing in share."""

import re

from tests.accounts.conftest import PASSWORD, send

SIGN_IN = "/en/sign-in"
LINK = "/en/sign-in/link"


def by_password(client, email="adaeze.morrow@astoria.example", password=PASSWORD, **more):
    return send(client, SIGN_IN, SIGN_IN, email=email, password=password, **more)


def is_in(client):
    return client.get("/en/profile").status_code == 200


def shape(answer):
    """An answer without what differs from request to request."""
    return answer.status_code, re.sub(r'value="[^"]*"', "", answer.get_data(as_text=True))
