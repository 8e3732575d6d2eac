"""A process that delivers, for tests that kill it: ``python -m tests.notifications.courier_process``."""

import time

from jinja2 import ChoiceLoader, FileSystemLoader

from app import create_app
from app.notifications import courier

app = create_app()
app.jinja_loader = ChoiceLoader([app.jinja_loader, FileSystemLoader("tests/emails/templates")])
courier.start(app, senders=2)
print("ready", flush=True)
while True:
    time.sleep(60)
