"""The pages with the forms to create and edit a token."""

from flask import current_app, render_template, request, url_for

from webapp.guard.dry_run import rule_at
from webapp.guard.preferences import zone
from webapp.tokens.forms import EditTokenForm, NewTokenForm
from webapp.tokens.ip_restrictions import InvalidNetwork
from webapp.tokens.lifecycle import TokenRow
from webapp.tokens.presets import Preset, presets
from webapp.tokens.summary import summary
from webapp.tokens.views.request_location import request_location
from webapp.tokens.views.token_pages import TokenPages

OWN_CHOICE = "own"


def new_page(
    form: NewTokenForm, pages: TokenPages, *, preset_key: str = OWN_CHOICE, copied_name: str | None = None
) -> str:
    """Render the page with the form of a new API token, its presets and summary.

    Args:
        preset_key: name of the preset that filled it in.
        copied_name: name of the token it was copied from.
    """
    offered = offered_presets(form)
    # There is no summary of tokens of service accounts before they are created.
    preview_href = "" if pages.service else url_for("tokens.preview", former=preset_key, page=page_to_read())
    return render_template(
        "tokens/new.html",
        form=form,
        suggested=form.suggested,
        presets=offered,
        chosen=next((preset for preset in offered if preset.key == preset_key), None),
        preview_href=preview_href,
        pages=pages,
        like=copied_name,
        policy_days=form.longest.days,
        here=request_location(),
        summary=form_summary(form),
    )


def offered_presets(form: NewTokenForm) -> list[Preset]:
    return presets(form.catalogue, form.roles, form.longest, page_to_read())


def page_to_read() -> str | None:
    """URL rule of the page for the preset "Read one page": that of the link, else the page that the user came from."""
    page, origin = request.args.get("page"), current_app.config["ORIGIN"]
    referrer = request.referrer or ""
    if page or request.method != "GET" or not referrer.startswith(f"{origin}/"):
        return page
    path = referrer.removeprefix(origin).partition("?")[0]
    found = rule_at("GET", path.removeprefix(request.script_root))
    return found.rule if found else None


def edit_page(form: EditTokenForm, row: TokenRow) -> str:
    return render_template(
        "tokens/edit.html",
        form=form,
        token=row.entry,
        expires_at=row.credential.expires_at,
        scopes=sorted(form.terms.grant.scopes),
        here=request_location(),
        summary=form_summary(form),
    )


def form_summary(form: NewTokenForm | EditTokenForm) -> list[str]:
    """Summary of the token that the form describes; empty while the form is incomplete."""
    summarized_fields = {"scopes", "resources", "methods", "networks", "per_minute", "expires_in", "expires_on"}
    if summarized_fields & form.errors.keys():
        return []
    try:
        return summary(form.grant, form.expires_at, form.catalogue, zone=zone())
    except (ValueError, OverflowError, InvalidNetwork):
        # The URL may fill in an invalid lifetime or network; the error is shown when the form is submitted.
        return []
