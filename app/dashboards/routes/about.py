"""Short, true texts: about the network, privacy, accessibility, contact. And the installation's own mark."""

from __future__ import annotations

from flask import abort, render_template, send_file
from flask.typing import ResponseReturnValue

from app.accounts.access import public
from app.core.signing import settings
from app.dashboards import links
from app.dashboards.routes import blueprint

MARKS = {".svg": "image/svg+xml", ".png": "image/png"}


@blueprint.get("/about")
@public
def about() -> ResponseReturnValue:
    """What the network is and how to take part."""
    return render_template("dashboards/about.html", link=links.to)


@blueprint.get("/privacy")
@public
def privacy() -> ResponseReturnValue:
    """Which data are kept, what for, how long, and whom to ask."""
    return render_template("dashboards/privacy.html", contact=settings().contact_address)


@blueprint.get("/accessibility")
@public
def accessibility() -> ResponseReturnValue:
    """What was done so that everyone can use the pages, and whom to tell when something stands in the way."""
    return render_template("dashboards/accessibility.html", contact=settings().contact_address, link=links.to)


@blueprint.get("/contact")
@public
def contact() -> ResponseReturnValue:
    """How to reach the secretariat."""
    return render_template("dashboards/contact.html", contact=settings().contact_address, link=links.to)


@blueprint.get("/network-mark")
@public
def network_mark() -> ResponseReturnValue:
    """The installation's own mark, an SVG or PNG file named in its settings; never run as a page."""
    file = settings().mark_file
    if file is None or not file.is_file() or file.suffix.lower() not in MARKS:
        abort(404)
    response = send_file(file, mimetype=MARKS[file.suffix.lower()], max_age=3600, conditional=True)
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response
