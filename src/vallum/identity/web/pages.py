"""Pages for people: rendered here, complete without script, under a strict policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from vallum.identity.services import Services
from vallum.identity.storage.flows import Flow
from vallum.identity.web.csrf import form_token

PAGES: Final = Path(__file__).resolve().parents[1] / "pages"

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(PAGES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


def render(
    services: Services,
    request: Request,
    template: str,
    *,
    status: int = 200,
    flow: Flow | None = None,
    form_target: str = "",
    **context: Any,
) -> HTMLResponse:
    """A page.

    Args:
        services: the provider's parts.
        request: what asks for it.
        template: a file in `pages/`.
        status: of the answer.
        flow: what the browser is in the middle of; forms carry its id. Where it ends at an
            application (`data["form_target"]`, an origin), forms may be redirected there: browsers
            hold redirects after a form to `form-action` too (CSP3 §6.4.2).
        form_target: another such origin; of a provider that the person is sent to, say.
        context: what the template shows.
    """
    of_flow = "" if flow is None else str(flow.data.get("form_target", ""))
    html = _TEMPLATES.get_template(template).render(
        service=services.settings.name,
        csrf=form_token(services, request),
        flow=None if flow is None else flow.id,
        **context,
    )
    policy = " ".join(filter(None, (_POLICY, of_flow, form_target)))
    return HTMLResponse(html, status, headers={"content-security-policy": policy})


def render_error(name: str, title: str, text: str, status: int) -> HTMLResponse:
    """A page that only says something; needs nothing of the request, which may be what is bad."""
    html = _TEMPLATES.get_template("error.html").render(service=name, title=title, text=text)
    return HTMLResponse(html, status, headers={"content-security-policy": _POLICY})


def see_other(location: str) -> RedirectResponse:
    """A redirect after which browsers send GET: 303, never 307, which would post a password on
    (RFC 9700 §4.12, B-191)."""
    return RedirectResponse(location, status_code=303)
