"""What every resource does: fill in a path, encode a body, send, and read the answer.

A resource method names its operation once, as the API's documents write it, and what sending it twice would do:

    return await self._post(Incident, "/v1/{page_id}/incidents", body=body, effect=NOTIFY)

The values for the `{...}` of a path follow it in order. Each is checked or quoted as one segment, so that no id can
lead to another operation: an empty one would turn "delete a component" into "delete the page".
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, NotRequired, Required, TypeVar, cast, get_args, get_origin
from urllib.parse import quote, urlencode

import attrs

from .._body import encode, identifier, send_instant, send_member
from .._model import Model, OpenEnum
from .._wire import as_object, read, read_list
from .._wording import clauses, got, sentences
from ..errors import DecodeError, InvalidIdError, InvalidRequestError, NotFoundError
from ..pagination import Pager, check_concurrency, check_per_page
from ..reconcile import Fingerprint, Search, unique_now
from ..retry import Effect
from ..session import SessionManager

__all__ = ["DATAPOINT", "IDEMPOTENT", "NOTIFY", "READ", "Body", "FoundBy", "PageResource", "Resource"]

M = TypeVar("M", bound=Model)

READ, IDEMPOTENT, DATAPOINT, NOTIFY = Effect.READ, Effect.IDEMPOTENT, Effect.DATAPOINT, Effect.NOTIFY


_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def _path_of(template: str, page_id: str | None, values: Sequence[str]) -> str:
    """Fill a template in with a page's id and with the values for its other placeholders, in order."""
    try:
        return _filled(template, page_id, values)
    except InvalidIdError:
        raise
    except TypeError:  # what has no hash is not remembered, and no id
        return _filled.__wrapped__(template, page_id, values)


@lru_cache(maxsize=1024)  # the same ids come again and again, and to fill them in takes 1 us, with this 0.1
def _filled(template: str, page_id: str | None, values: Sequence[str]) -> str:
    if page_id is not None:
        template = template.replace("{page_id}", page_id)
    names = _PLACEHOLDER.findall(template)
    return _PLACEHOLDER.sub("%s", template) % tuple(map(_segment, values, names))


def _segment(value: object, name: str) -> str:
    return template_segment(value) if name == "template" else identifier(value, name)


def template_segment(name: object) -> str:
    """Quote a template's name or id as one path segment (quirk 3)."""
    if isinstance(name, str) and 0 < len(name) <= 512 and name.strip(".") and name.isprintable():
        try:
            return quote(name, safe="")
        except UnicodeEncodeError:
            pass
    given = "" if isinstance(name, str) else got(name)
    text = clauses("template: expected a template's id or name, printable and at most 512 characters", given)
    raise InvalidIdError(sentences(text, "Nothing was sent"))


@attrs.frozen
class FoundBy:
    """How to recognise the record of a write whose answer was lost: where it appears, and by which of its wire keys.

    `template` is the list, or the document that holds the list `inside`; its ids are the call's. Where both have
    a key of `also`, they must not differ in it. `stamp` fills in `started` with a millisecond of its own. `certain`
    tells that two records alike are one call's; where names may be taken twice they are not.
    """

    template: str
    keys: Sequence[str]
    also: Sequence[str] = ()
    inside: str | None = None
    paged: bool = True
    size: str = "per_page"
    stamp: bool = False
    certain: bool = False


@attrs.frozen
class Body:
    """A request body: keyword fields and the TypedDict that describes them.

    `fixed` are wire keys that the caller does not write; `wrap` is the key around it all.
    """

    shape: type
    fields: Mapping[str, Any]
    fixed: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    wrap: str | None = None
    found_by: FoundBy | None = None

    def encode(self, operation: str) -> dict[str, Any]:
        """Check and encode, or raise InvalidRequestError naming the field."""
        body = {**self.fixed, **encode(self.shape, self.fields, operation)}
        if self.found_by is not None and self.found_by.stamp:
            body.setdefault("started", send_instant(unique_now(), operation))
        if "statuses" in body:  # `components` must hold every id that `statuses` names (quirk 78)
            components = body.setdefault("components", [])
            components += [row["id"] for row in body["statuses"] if row["id"] not in components]
        return body if self.wrap is None else {self.wrap: body}


class Resource:
    """Base of the resources: the session they share, and the verbs."""

    __slots__ = ("_session",)

    def __init__(self, session: SessionManager) -> None:
        self._session = session

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for function in vars(cls).values():
            if inspect.isfunction(function) and "fields" in function.__annotations__:
                _show_fields(function)

    def _path(self, template: str, values: Sequence[str]) -> str:
        return _path_of(template, None, values)

    async def _get(self, answer: type[M], template: str, *ids: str, query: str = "", effect: Effect = READ) -> M:
        path = self._path(template, ids)
        value = await self._session.request("GET", path, operation=f"GET {template}", effect=effect, query=query)
        return self._read(answer, value, "GET", template, effect)

    async def _post(
        self,
        answer: type[M],
        template: str,
        *ids: str,
        effect: Effect,
        body: Body | Mapping[str, Any] | None = None,
        unwrap: Sequence[str] = (),
    ) -> M:
        value = await self._send("POST", template, ids, effect, body=body, answer=answer)
        return self._read(answer, value, "POST", template, effect, unwrap)

    async def _put(
        self,
        answer: type[M],
        template: str,
        *ids: str,
        effect: Effect,
        body: Body,
        unwrap: Sequence[str] = (),
    ) -> M:
        if not body.fields:
            raise InvalidRequestError(f"PUT {template}: give at least one field to change. Nothing was sent.")
        value = await self._send("PUT", template, ids, effect, body=body, answer=answer)
        return self._read(answer, value, "PUT", template, effect, unwrap)

    async def _delete(self, template: str, *ids: str) -> None:
        """Delete; what the answer repeats of the record is dropped (quirk 7)."""
        await self._send("DELETE", template, ids, IDEMPOTENT)

    async def _send(
        self,
        method: str,
        template: str,
        ids: Sequence[str],
        effect: Effect,
        *,
        query: str = "",
        body: Body | Mapping[str, Any] | None = None,
        answer: type[Model] | None = None,
    ) -> Any:
        operation = f"{method} {template}"
        path = self._path(template, ids)
        fingerprint = None
        if isinstance(body, Body):
            encoded, found_by = body.encode(operation), body.found_by
            if effect is NOTIFY:
                search = None if found_by is None else self._search(found_by, ids, encoded)
                fingerprint = Fingerprint(
                    operation=operation, path=path, sent_at=datetime.now(UTC), answer=answer, search=search
                )
            body = encoded
        return await self._session.request(
            method, path, operation=operation, effect=effect, query=query, body=body, fingerprint=fingerprint
        )

    def _search(self, found_by: FoundBy, ids: Sequence[str], body: Mapping[str, Any]) -> Search | None:
        """Say where the record of a call must appear; None when its body has nothing to recognise it by."""
        match = {key: body[name] for key in found_by.keys if body.get(name := key.rpartition(".")[2]) is not None}
        if not match:
            return None
        count = sum(name != "page_id" for name in _PLACEHOLDER.findall(found_by.template))
        return Search(
            path=self._path(found_by.template, ids[:count]),
            match=match,
            agrees={key: body[key] for key in found_by.also if key in body},
            inside=found_by.inside,
            paged=found_by.paged,
            size=found_by.size,
            certain=found_by.certain,
            statuses=tuple(body.get("statuses") or ()),
            message=None if "message" in match else body.get("message"),
        )

    def _read(
        self, answer: type[M], value: Any, method: str, template: str, effect: Effect, unwrap: Sequence[str] = ()
    ) -> M:
        """Read one record, out of its wrapper where the documents put one (quirk 71)."""
        at = "$"
        if unwrap and "id" not in (wrapper := as_object(value)):
            for key in unwrap:
                if inner := as_object(wrapper.get(key)):
                    value, at = inner, f"$.{key}"
                    break
        try:
            return read(answer, value, at)
        except DecodeError as exc:
            raise _located(exc, method, template, effect) from None

    def _list(
        self,
        answer: type[M],
        template: str,
        *ids: str,
        per_page: int | None,
        concurrency: int = 1,
        query: Mapping[str, str | None] | None = None,
        envelope: str | None = None,
        size: str = "per_page",
    ) -> Pager[M]:
        """Make a pager: of bare arrays, or of `envelope` objects; `per_page=None` means a list without pages.

        `size` is the wire's name of the page size.
        """
        path = self._path(template, ids)
        operation = f"GET {template}"
        filters = {key: value for key, value in (query or {}).items() if value is not None}
        if per_page is not None:
            per_page = check_per_page(per_page)
        concurrency = check_concurrency(concurrency)
        prefix = urlencode(filters) + "&" if filters else ""

        async def fetch(number: int) -> Sequence[M]:
            text = f"{prefix}page={number}&{size}={per_page}" if per_page is not None else prefix.rstrip("&")
            value = await self._session.request("GET", path, operation=operation, effect=READ, query=text)
            at = "$"
            if envelope is not None and (
                envelope in (wrapper := as_object(value)) or value == {} or "total" in wrapper
            ):
                value, at = wrapper.get(envelope), f"$.{envelope}"  # an empty list may be absent, as in quirk 80
            if value is None:
                value = []  # an empty answer is an empty page
            try:
                return read_list(answer, value, at=at)
            except DecodeError as exc:
                raise _located(exc, "GET", template, READ) from None

        return Pager(fetch, per_page=per_page, identify=_identity, name=operation, concurrency=concurrency)

    async def _listed(self, rows: Pager[M], template: str, record_id: str, name: str) -> M:
        """Return the record that a list has by an id, and read no further: the API has no get for it (quirk 31).

        Its absence is a NotFoundError like the service's own, with the list as what was asked.
        """
        wanted, count = identifier(record_id, name), 0
        async for row in rows:
            if _identity(row) == wanted:
                return row
            count += 1
        raise NotFoundError(
            f"GET {template}: none of the {count} records listed has the {name} {wanted!r}; check the id, and that the "
            "key reaches the record.",
            status=404,
            method="GET",
            path=self._path(template, ()),
        )


class PageResource(Resource):
    """Base of the resources of one status page: its id is the first `{page_id}` of every path."""

    __slots__ = ("_page_id",)

    def __init__(self, session: SessionManager, page_id: str) -> None:
        super().__init__(session)
        self._page_id = identifier(page_id, "page_id")

    def _path(self, template: str, values: Sequence[str]) -> str:
        return _path_of(template, self._page_id, values)


def _identity(row: Model) -> Hashable:
    """Tell one row of a list from another: by its id, or by all of it where answers have none."""
    return getattr(row, "id", None) or row


def _located(exc: DecodeError, method: str, template: str, effect: Effect) -> DecodeError:
    """Say which answer could not be read, and whether it belongs to a write that was carried out."""
    applied = effect is not READ
    after = " The service accepted the request: it was carried out." if applied else ""
    return DecodeError(
        f"{method} {template}: cannot read the answer at {exc.args[0]}.{after}",
        path=exc.path,
        body=exc.body,
        may_have_applied=applied,
    )


def put_effect(fields: Mapping[str, Any]) -> Effect:
    """Class a PUT by what it says: a change with `notify=False` tells nobody, and may be repeated."""
    return IDEMPOTENT if fields.get("notify") is False else NOTIFY


def joined(enum: type[OpenEnum], values: str | Iterable[str] | None, name: str) -> str | None:
    """Join one or more members of a vocabulary with commas, as filters want them (quirk 32)."""
    if values is None:
        return None
    many = [values] if isinstance(values, str) else values
    if not isinstance(many, Collection) or not many:
        raise InvalidRequestError(f"{name}: expected one or more of {enum.__name__}. Nothing was sent.")
    return ",".join(send_member(enum, value, name) for value in many)


class _Omitted:
    """Stand in help() for a field that is not sent."""

    def __repr__(self) -> str:
        return "..."


_OMITTED = _Omitted()


def _show_fields(function: Callable[..., object]) -> None:
    """Expand `**fields: Unpack[...]` for help() and inspect.signature."""
    shape: Any = get_args(function.__annotations__["fields"])[0]
    required: frozenset[str] = shape.__required_keys__
    signature = inspect.signature(function)
    parameters = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    hints = shape.__annotations__
    names = [name for name in hints if name in required] + [name for name in hints if name not in required]
    for name in names:
        hint = hints[name]
        while get_origin(hint) in (Required, NotRequired, Annotated):
            hint = get_args(hint)[0]
        parameters.append(
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if name in required else _OMITTED,
                annotation=hint,
            )
        )
    cast("Any", function).__signature__ = signature.replace(parameters=parameters)
