"""The form in four steps: no account, a draft on the server from the first press on, resumable by its link."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import public, viewer
from app.accounts.reader import language, link_page, viewer_zone
from app.core import clock
from app.core.errors import LinkOver, RuleBroken
from app.core.once import Sending, key_text
from app.core.signing import mark, sign
from app.extensions import db
from app.files import rules as files
from app.files.models import StoredFile
from app.interests import queries, rules
from app.interests.forms.steps import LaterForm, LetterForm, SendForm, Step, WhatForm, WhoForm
from app.interests.models import Endorsement, Expression
from app.interests.routes import blueprint, shown, ways
from app.interests.routes.calls import BeginForm, found
from app.interests.routes.sizes import form_sizes
from app.interests.rules.complete import LETTER, WHAT, WHO
from app.interests.rules.drafts import refuse_unless_draft, refuse_unless_open
from app.interests.words import MODES

NAMES = {1: "who", 2: "what", 3: "endorsement", 4: "check"}
View = Callable[[Expression, str], ResponseReturnValue]


@blueprint.post("/calls/<uuid:call_id>/apply")
@public
def begin(call_id: uuid.UUID) -> ResponseReturnValue:
    """Begin a draft."""
    call, form, now = found(call_id), BeginForm(), clock.now()
    if not form.validate_on_submit():
        abort(400)
    ways.limit_begin(now)
    key = key_text(form)
    try:
        draft = rules.start(call, language=language(), zone=viewer_zone(), now=now, key=key, by=viewer().person)
    except RuleBroken as error:
        return ways.over(_("This call takes no expressions of interest now"), error.message, _calls(), 409)
    db.session.commit()
    return redirect(url_for("interests.who", token=_token(draft)), 303)


def drafted(view: View) -> Callable[[str], ResponseReturnValue]:
    """Open the draft behind the link first; what is sent, expired or unknown says so, with the way on."""

    @wraps(view)
    def opened(token: str) -> ResponseReturnValue:
        draft = queries.behind_draft(token, clock.now())
        if draft is None:
            said = _("Drafts are deleted 30 days after the last change. Begin a new one, or check that the link is whole.")
            return ways.no_such_link(said)
        try:
            refuse_unless_draft(draft, clock.now())
            return link_page(view(draft, token))
        except LinkOver as error:
            onward = _calls()
            if draft.reference:
                onward = [(ways.status_address(draft), _("See where it stands"))]
            return ways.over(_("This draft is not open any more"), error.message, onward)

    return opened


@blueprint.get("/drafts/<token>")
@public
@drafted
def resume(draft: Expression, token: str) -> ResponseReturnValue:
    """Back to where the draft was left."""
    return redirect(url_for(f"interests.{NAMES[draft.step]}", token=token), 302)


@blueprint.route("/drafts/<token>/who", methods=["GET", "POST"])
@public
@drafted
def who(draft: Expression, token: str) -> ResponseReturnValue:
    """Step 1."""
    return _step(draft, token, WHO, WhoForm(obj=draft, call=draft.call))


@blueprint.route("/drafts/<token>/what", methods=["GET", "POST"])
@public
@drafted
def what(draft: Expression, token: str) -> ResponseReturnValue:
    """Step 2."""
    return _step(draft, token, WHAT, WhatForm(obj=draft, call=draft.call))


def _step(draft: Expression, token: str, step: int, form: Step) -> ResponseReturnValue:
    now = clock.now()
    valid = form.validate_on_submit()
    if request.method == "POST" and "csrf_token" not in form.errors:
        if valid:
            rules.keep_step(draft, form.said(), step=step, now=now)
        else:
            rules.keep_typing(draft, form.said(), now=now)
        db.session.commit()
        if "later" in request.form:
            return redirect(url_for("interests.later", token=token), 303)
        if valid:
            return redirect(url_for(f"interests.{NAMES[step + 1]}", token=token), 303)
    return _page(draft, token, step, form), 422 if form.has_errors else 200


@blueprint.route("/drafts/<token>/endorsement", methods=["GET", "POST"])
@public
@drafted
def endorsement(draft: Expression, token: str) -> ResponseReturnValue:
    """Step 3. A good file stays, whatever else has to be fixed."""
    form, now = _letter_form(draft), clock.now()
    valid = form.validate_on_submit()
    if request.method == "POST" and "csrf_token" not in form.errors:
        upload = form.file.data
        if upload:
            try:
                rules.attach_endorsement(draft, upload, now=now)
                form.kept = True
                form.endorsement.data = form.endorsement.data or Endorsement.UPLOADED
            except RuleBroken as error:
                valid = False
                form.refuse(error)
        said = form.said()
        if said.get("endorsement") is Endorsement.UPLOADED and not draft.endorsement_file_id:
            said.pop("endorsement")
        if valid:
            rules.keep_step(draft, said, step=LETTER, now=now)
        else:
            rules.keep_typing(draft, said, now=now)
        db.session.commit()
        if "later" in request.form:
            return redirect(url_for("interests.later", token=token), 303)
        if valid:
            return redirect(url_for("interests.check", token=token), 303)
    return _page(draft, token, LETTER, form), 422 if form.has_errors else 200


def _letter_form(draft: Expression) -> LetterForm:
    kept = draft.endorsement_file_id is not None
    data = {"endorsement": None if draft.endorsement is Endorsement.NONE and draft.of_a_state else draft.endorsement}
    return LetterForm(data=data, of_a_state=draft.of_a_state, kept=kept)


@blueprint.get("/drafts/<token>/endorsement/file")
@public
@drafted
def draft_file(draft: Expression, token: str) -> ResponseReturnValue:
    """One's own letter, as a download."""
    stored = _file(draft)
    return files.response(stored) if stored else abort(404)


@blueprint.post("/drafts/<token>/endorsement/remove")
@public
@drafted
def remove_file(draft: Expression, token: str) -> ResponseReturnValue:
    """Take the letter out."""
    rules.remove_endorsement(draft, now=clock.now())
    db.session.commit()
    flash(_("The file is removed."))
    return redirect(url_for("interests.endorsement", token=token), 303)


@blueprint.post("/drafts/<token>/<any(who, what):step>/keep")
@public
def keep(token: str, step: str) -> ResponseReturnValue:
    """Keep what is typed, called by a script while somebody types. Answers nothing but that it did."""

    @drafted
    def kept(draft: Expression, _token: str) -> ResponseReturnValue:
        form = WhoForm(obj=draft, call=draft.call) if step == "who" else WhatForm(obj=draft, call=draft.call)
        form.validate()
        rules.keep_typing(draft, form.said(), now=clock.now())
        db.session.commit()
        return "", 204

    return kept(token)


@blueprint.route("/drafts/<token>/later", methods=["GET", "POST"])
@public
@drafted
def later(draft: Expression, token: str) -> ResponseReturnValue:
    """Finish later: where to mail the link."""
    form, now = LaterForm(obj=draft), clock.now()
    if form.validate_on_submit():
        address = form.contact_email.data or ""
        sending = Sending(form, now)
        if sending.before:
            return sending.again()
        ways.limit_mail(address, now)
        rules.mail_resume_link(draft, address, now=now)
        answer = sending.leads_to(url_for("interests.later", token=mark("draft", draft.id, draft.draft_nonce)))
        db.session.commit()
        flash(_("The link is on its way to %(address)s.", address=address), "good")
        return answer
    back = url_for(f"interests.{NAMES[draft.step]}", token=token)
    page = render_template("interests/later.html", form=form, draft=draft, token=token, back=back)
    return page, 422 if form.has_errors else 200


@blueprint.route("/drafts/<token>/check", methods=["GET", "POST"])
@public
def check(token: str) -> ResponseReturnValue:
    """Step 4: everything in one place, and one button. Pressed twice it sends once."""
    sent = queries.behind_draft(token, clock.now())
    if request.method == "POST" and sent is not None and sent.reference:
        return link_page(redirect(ways.status_address(sent), 303))
    return drafted(_check)(token)


def _check(draft: Expression, token: str) -> ResponseReturnValue:
    form, now, lacks = SendForm(), clock.now(), rules.missing(draft)
    try:
        refuse_unless_open(draft.call, now)
        if form.validate_on_submit() and not lacks:
            ways.limit_mail(draft.contact_email, now)
            rules.submit(draft, now=now)
            db.session.commit()
            return redirect(ways.status_address(draft), 303)
    except LinkOver:
        raise
    except RuleBroken as error:
        if error.status != 409:
            raise
        return ways.over(_("This call takes no expressions of interest now"), error.message, _calls(), 409)
    stored = _file(draft)
    page = render_template(
        "interests/check.html",
        form=form,
        draft=draft,
        token=token,
        lacks=lacks,
        has_errors=bool(lacks) and request.method == "POST",
        names=NAMES,
        sections=shown.sections(draft, stored.original_name if stored else ""),
        objectives=shown.objectives(draft),
        steps=_progress(draft, token),
    )
    return page, 422 if lacks and request.method == "POST" else 200


def _page(draft: Expression, token: str, step: int, form: Step) -> str:
    stored = _file(draft) if step == LETTER else None
    kept = []
    if stored:
        own = url_for("interests.draft_file", token=token), url_for("interests.remove_file", token=token)
        kept = [(stored.original_name, shown.size_words(stored.size), *own)]
    back = url_for(f"interests.{NAMES[step - 1]}", token=token) if step > 1 else ""
    return render_template(
        f"interests/step_{NAMES[step]}.html",
        form=form,
        draft=draft,
        token=token,
        step=step,
        back=back,
        kept=kept,
        accept=files.ACCEPT,
        cards={m.value: line for m, (_word, line) in MODES.items()},
        steps=_progress(draft, token),
        sizes=form_sizes(draft.call),
        keep_url=url_for("interests.keep", token=token, step=NAMES[step]) if step in (WHO, WHAT) else "",
    )


def _progress(draft: Expression, token: str) -> list[tuple[str, str | None, str]]:
    """The four steps: label, address once it was reached, and what it holds."""
    person = ", ".join(word for word in (draft.contact_name, shown.state_name(draft)) if word)
    labels = (_("Who we are"), _("What we seek and offer"), _("Official endorsement"), _("Check and send"))
    addresses = (url_for(f"interests.{NAMES[n]}", token=token) if n <= draft.step else None for n in NAMES)
    return [(label, url, person if n == 0 else "") for n, (label, url) in enumerate(zip(labels, addresses, strict=True))]


def _file(draft: Expression) -> StoredFile | None:
    return db.session.get(StoredFile, draft.endorsement_file_id) if draft.endorsement_file_id else None


def _token(draft: Expression) -> str:
    return sign("draft", draft.id, draft.draft_nonce)


def _calls() -> list[tuple[str, str]]:
    return [(url_for("interests.calls"), _("See the calls"))]
