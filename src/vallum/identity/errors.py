"""How the provider refuses: to programs by RFC 6749 §5.2, to people with a page."""

from __future__ import annotations


class OAuthError(Exception):
    """A refusal that a program reads: JSON, or a redirect where the protocol says so.

    `reason` is for the records alone; `description` is a fixed sentence without anything from
    the request.
    """

    def __init__(
        self,
        error: str,
        description: str = "",
        *,
        status: int = 400,
        reason: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status
        self.reason = reason or error
        self.headers = headers or {}


class PageError(Exception):
    """A refusal that a person reads, on a page of ours. Never redirects."""

    def __init__(
        self,
        title: str,
        text: str,
        *,
        status: int = 400,
        reason: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.title = title
        self.text = text
        self.status = status
        self.reason = reason or title
        self.headers = headers or {}
