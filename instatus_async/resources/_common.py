"""Vocabulary and checks that more than one resource needs."""

from typing import Literal, TypeAlias

from .._model import OpenEnum
from ..errors import InvalidRequestError

__all__ = ["AnyHttpMethod", "HttpMethod", "searched"]


class HttpMethod(OpenEnum):
    """The verb of a request that the service sends: to a webhook, or to what a monitor checks."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    DELETE = "DELETE"
    PATCH = "PATCH"
    OPTIONS = "OPTIONS"
    HEAD = "HEAD"


AnyHttpMethod: TypeAlias = HttpMethod | Literal["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]


def searched(search: object) -> str | None:
    """Let the text of a `search` filter through, or raise InvalidRequestError."""
    if search is None:
        return None
    if not isinstance(search, str):
        raise InvalidRequestError(f"search: expected text, got {type(search).__name__}. Nothing was sent.")
    try:
        search.encode()
    except UnicodeEncodeError:
        raise InvalidRequestError("search: the text holds half a surrogate pair. Nothing was sent.") from None
    return search
