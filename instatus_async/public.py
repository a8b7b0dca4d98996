"""What a status page tells everybody, without a key.

A page host answers in several shapes (quirks 80 to 92): keys that are absent when there is nothing to say, a list of
components that is flat or a tree, bare or in an object. They are read into one shape here. A host that is no Instatus
page gives DecodeError, whatever it answers.
"""

import ssl as ssl_module
from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Annotated, Any, NoReturn, Self, cast

import aiohttp
import attrs

from ._answers import Kept
from ._model import Model, OpenEnum, Text
from ._settings import check_base_url
from ._wire import GROUP, as_object, read
from .errors import ConfigError, DecodeError, NotFoundError
from .resources.components import ComponentGroup, ComponentStatus
from .resources.incidents import IncidentImpact, IncidentStatus
from .resources.maintenances import MaintenanceStatus
from .retry import Effect, RetryPolicy
from .session import DEFAULT_MAX_RESPONSE_BYTES, DEFAULT_TIMEOUT, SessionManager

__all__ = [
    "PublicComponent",
    "PublicIncident",
    "PublicMaintenance",
    "PublicPage",
    "PublicPageStatus",
    "PublicStatusPage",
    "PublicSummary",
]


class PublicPageStatus(OpenEnum):
    """How a page says that it is."""

    UP = "UP"
    HAS_ISSUES = "HASISSUES"
    UNDER_MAINTENANCE = "UNDERMAINTENANCE"


@attrs.frozen(kw_only=True)
class PublicPage(Model):
    """The page itself."""

    status: PublicPageStatus
    """It can be UP while an incident is open (quirk 81)."""
    name: Text | None = None
    url: str | None = None
    """Where the page lives now; not always the address that was asked (quirk 82)."""


@attrs.frozen(kw_only=True)
class PublicIncident(Model):
    """An open incident."""

    id: str | None = None
    name: Text
    status: IncidentStatus
    impact: IncidentImpact | None = None
    started: datetime | None = None
    updated_at: datetime | None = None
    url: str | None = None


@attrs.frozen(kw_only=True)
class PublicMaintenance(Model):
    """A maintenance that is planned or under way."""

    id: str | None = None
    name: Text
    status: MaintenanceStatus
    start: datetime | None = None
    duration: float | None = None
    """Minutes; text and number are both read (quirk 38)."""
    updated_at: datetime | None = None
    url: str | None = None


@attrs.frozen(kw_only=True)
class PublicSummary(Model):
    """The page, and what is going on; nothing is an empty tuple (quirk 80)."""

    page: PublicPage
    active_incidents: tuple[PublicIncident, ...] = ()
    active_maintenances: tuple[PublicMaintenance, ...] = ()


@attrs.frozen(kw_only=True)
class PublicComponent(Model):
    """A component, with its children. A parent's status is its own, not made from theirs (quirk 84)."""

    id: str
    name: Text
    """As the page gives it, leading blanks too (quirk 92)."""
    status: ComponentStatus
    description: Text | None = None
    """May be empty, or a stale note (quirk 84)."""
    group: Annotated[ComponentGroup | None, GROUP] = None
    """The parent in short."""
    parent_id: str | None = None
    is_parent: bool | None = None
    children: "tuple[PublicComponent, ...]" = ()


_HINT = (
    "Is this the address of an Instatus page? An unclaimed name answers with a web page, and a custom domain may "
    "belong to another product: try the page's own name under instatus.com."
)


class PublicStatusPage:
    """One status page as everybody sees it, by its address: "https://acme.instatus.com" or its custom domain.

    It sends no key and keeps no cookies, and follows redirects between the hosts of a page (quirk 89). Connections open
    with the first call and belong to its event loop: use `async with`, or `aclose()` when done.

    The parameters are those of `InstatusClient`: `timeout` is the total of one call in seconds; `session` lends an
    aiohttp session, which is neither changed nor closed.

    The last answers are kept: where the host says how old an answer is, only a newer one is asked for, and an older one
    out of some cache is passed over.

    Raises ConfigError for a setting that cannot work.
    """

    __slots__ = ("_components", "_session", "_summary", "_url")

    def __init__(
        self,
        url: str,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        session: aiohttp.ClientSession | None = None,
        retry: RetryPolicy | None = None,
        proxy: str | None = None,
        ssl: ssl_module.SSLContext | None = None,
        trust_env: bool = False,
        user_agent: str | None = None,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
    ) -> None:
        self._url = _page_url(url)
        self._summary = Kept()
        self._components = Kept()
        self._session = SessionManager(
            api_key=None,
            base_url=self._url,
            timeout=timeout,
            session=session,
            retry=retry,
            proxy=proxy,
            ssl=ssl,
            trust_env=trust_env,
            user_agent=user_agent,
            max_response_bytes=max_response_bytes,
        )

    @property
    def url(self) -> str:
        """The page's address."""
        return self._url

    async def summary(self) -> PublicSummary:
        """Return how the page is, with its open incidents and maintenances.

        Raises DecodeError when the host answers with something else: a web page, or another product's status page.
        """
        known = self._summary
        operation, kept = await self._get("/summary.json", known)
        if kept is not known:
            try:
                _check_summary(kept.value)
                kept.value = read(PublicSummary, kept.value)
            except DecodeError as exc:
                raise _unreadable(operation, exc) from None
            self._summary = kept
        return cast("PublicSummary", kept.value)

    async def components(self) -> Sequence[PublicComponent]:
        """Return all components in the page's order, each with its children and its parent's id.

        A parent says nothing about the state of its children (quirk 84), so look at all of them; the top-level ones
        have no `parent_id`. All shapes of the list are read (quirks 84 to 86). A parent that the page mentions without
        listing it is made from what its children say of it; its status then is the worst of theirs.

        Raises DecodeError when the host answers with something else: a web page, or another product's status page.
        """
        known = self._components
        operation, kept = await self._get("/v2/components.json", known)
        if kept is not known:
            try:
                kept.value = tuple(_tree(kept.value))
            except DecodeError as exc:
                raise _unreadable(operation, exc) from None
            self._components = kept
        return cast("Sequence[PublicComponent]", kept.value)

    async def _get(self, path: str, kept: Kept) -> tuple[str, Kept]:
        operation = f"GET {self._url}{path}"
        try:
            newer = await self._session.request("GET", path, operation=operation, effect=Effect.READ, kept=kept)
            return operation, cast("Kept", newer)
        except DecodeError as exc:
            raise DecodeError(f"{exc.args[0]}. {_HINT}", path=exc.path, body=exc.body) from None
        except NotFoundError as exc:
            exc.message = f"{operation}: 404 Not Found, so there is no public data here. {_HINT}"
            exc.args = (exc.message,)
            raise

    async def aclose(self) -> None:
        """Close the connections; a lent session stays open."""
        await self._session.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<PublicStatusPage {getattr(self, '_url', None)}>"


def _page_url(url: object) -> str:
    try:
        return str(check_base_url(cast("str", url))).rstrip("/")
    except ConfigError:
        raise ConfigError(
            "url must be the address of a status page, like https://acme.instatus.com, without user, query and "
            "fragment; http:// is for this machine only"
        ) from None


def _unreadable(operation: str, exc: DecodeError) -> DecodeError:
    return DecodeError(f"{operation}: cannot read the answer at {exc.args[0]}. {_HINT}", path=exc.path, body=exc.body)


def _fail(at: str, what: str, body: object) -> NoReturn:
    raise DecodeError(f"{at}: {what}", path=at, body=body)


def _check_summary(value: object) -> None:
    """Refuse the summary of a Checkly page, which has the same keys and other values (quirk 91)."""
    summary = as_object(value)
    status = as_object(summary.get("page")).get("status")
    if status == "HAS_ISSUES":
        _fail("$.page.status", "HAS_ISSUES is no status of an Instatus page; it looks like Checkly's", value)
    incidents = summary.get("activeIncidents")
    for number, incident in enumerate(cast("Sequence[object]", incidents) if isinstance(incidents, list) else ()):
        keys = as_object(incident).keys()
        if keys & {"severity", "startedAt"} and not keys & {"impact", "started"}:
            _fail(f"$.activeIncidents[{number}]", "this is no incident of Instatus; it looks like Checkly's", value)


# --- The tree of components ------------------------------------------------------------------------------------------
# 1. `_flatten` walks whatever came, and lists every component once: its JSON, its place, and the parent it sits under.
# 2. `_parents` finds the parent that each names by its group, and adds the parents that are not listed themselves.
# 3. `_cut_cycles` makes sure that every component hangs below a top-level one.
# 4. `_built` reads the components and puts the tree together, from the leaves up.
# Nothing recurses, since nobody vouches for what a page host answers.


@attrs.define(eq=False)
class _Row:
    """One component on its way into the tree."""

    json: dict[str, Any]
    at: str  # where it stood, for errors
    parent: "_Row | None" = None
    made: bool = False  # from what a child says of it
    children: "list[_Row]" = attrs.field(factory=list["_Row"])


def _tree(value: object) -> Sequence[PublicComponent]:
    """Read any of the shapes of a component list."""
    answer, wrapped = as_object(value), isinstance(value, dict)
    items: object = answer.get("components") if wrapped else value
    at = "$.components" if wrapped else "$"
    if not isinstance(items, list):
        _fail(at, "expected a list of components", value)
    rows = _parents(_flatten(cast("Sequence[object]", items), at))
    _cut_cycles(rows)
    return _built(rows)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _flatten(items: Sequence[object], at: str) -> Sequence[_Row]:
    """List every component once, in the page's order, a parent of a tree before its children."""
    rows: list[_Row] = []
    by_id: dict[str, _Row] = {}
    claims: list[tuple[str, _Row]] = []  # children that are only named by their ids
    waiting: list[tuple[object, str, _Row | None]] = [(item, f"{at}[{n}]", None) for n, item in enumerate(items)]
    waiting.reverse()
    while waiting:
        item, place, parent = waiting.pop()
        if parent is not None and isinstance(item, str):
            claims.append((item, parent))
            continue
        if not isinstance(item, dict):
            _fail(place, "expected an object", item)
        json = dict(cast("dict[str, Any]", item))
        children = json.pop("children", None)
        key = _text(json.get("id"))
        row = by_id.get(key) if key else None
        if row is None:
            row = _Row(json, place, parent)
            rows.append(row)
            if key:
                by_id[key] = row
        else:  # listed twice, in a tree and beside it
            row.json = json | {name: known for name, known in row.json.items() if known is not None}
            row.parent = row.parent or parent
        if children is not None:
            if not isinstance(children, list):
                _fail(f"{place}.children", "expected a list", json)
            below = [(c, f"{place}.children[{n}]", row) for n, c in enumerate(cast("Sequence[object]", children))]
            waiting.extend(reversed(below))
    for key, parent in claims:
        if key in by_id:
            by_id[key].parent = by_id[key].parent or parent
    return rows


def _parents(rows: Sequence[_Row]) -> Sequence[_Row]:
    """Find the parent of each, and put those that are not listed before their first child."""
    by_id: dict[str, _Row] = {}
    by_name: dict[str, _Row] = {}
    for row in rows:
        if key := _text(row.json.get("id")):
            by_id.setdefault(key, row)
        if row.json.get("group") is None and (name := _text(row.json.get("name"))):
            by_name.setdefault(name, row)
    found: list[_Row] = []
    for row in rows:
        child: _Row | None = row
        added: list[_Row] = []
        while child is not None:
            child = _find_parent(child, by_id, by_name)
            if child is not None:
                added.append(child)
        found += [*reversed(added), row]
    return found


def _find_parent(row: _Row, by_id: dict[str, _Row], by_name: dict[str, _Row]) -> _Row | None:
    """Set the parent that a component names by its group; return it when it had to be made."""
    group: object = row.json.get("group")
    if isinstance(group, str):  # an id, or the name of older answers (quirk 50)
        group = row.json["group"] = ({"id": group} if group in by_id else {"name": group}) if group else None
    if group is None and (key := _text(row.json.get("groupId")) or _text(row.json.get("parentId"))):
        group = {"id": key}
    if row.parent is not None or not isinstance(group, dict):
        return None
    about = cast("dict[str, Any]", group)
    key, name = _text(about.get("id")), _text(about.get("name"))
    parent = by_id.get(key) if key else by_name.get(name or "")
    # `children` of a group would be the children that are listed anyway.
    json = {name: known for name, known in about.items() if name != "children" and known is not None}
    if parent is not None:
        row.parent = parent if parent is not row else None
        if parent.made:
            parent.json = json | parent.json
        return None
    if not key and not name:
        return None
    row.parent = parent = _Row(json | {"id": key or name}, f"{row.at}.group", made=True)
    by_id[key or name or ""] = parent
    if name:
        by_name.setdefault(name, parent)
    return parent


def _cut_cycles(rows: Sequence[_Row]) -> None:
    """Make the first component of every circle a top-level one."""
    order = {row: number for number, row in enumerate(rows)}
    done: set[_Row] = set()
    for start in rows:
        path: dict[_Row, None] = {}
        row: _Row | None = start
        while row is not None and row not in done and row not in path:
            path[row] = None
            row = row.parent
        if row is not None and row in path:
            way = list(path)
            min(way[way.index(row) :], key=order.__getitem__).parent = None
        done.update(path)


def _built(rows: Sequence[_Row]) -> Sequence[PublicComponent]:
    """Read the components, and put the tree together from the leaves up."""
    roots: list[_Row] = []
    for row in rows:
        (roots if row.parent is None else row.parent.children).append(row)
    downwards = list(roots)
    for row in downwards:  # grows as it goes: each parent before its children
        downwards.extend(row.children)
    own = {row: _read_one(row) for row in rows if not row.made}
    for row in reversed(downwards):
        if row.made:
            row.json.setdefault("name", row.json["id"])
            row.json.setdefault("status", ComponentStatus.worst(own[child].status for child in row.children).value)
            own[row] = _read_one(row)
    ready: dict[_Row, PublicComponent] = {}
    for row in reversed(downwards):
        component, parent = own[row], row.parent
        children = tuple([ready[child] for child in row.children])
        ready[row] = attrs.evolve(
            component,
            children=children,
            is_parent=bool(children) or bool(component.is_parent),
            group=component.group if parent is None else _group_of(component.group, own[parent]),
            parent_id=None if parent is None else own[parent].id,
        )
    return [ready[row] for row in rows]


def _read_one(row: _Row) -> PublicComponent:
    return read(PublicComponent, row.json, row.at)


def _group_of(group: ComponentGroup | None, parent: PublicComponent) -> ComponentGroup:
    """Complete what a component says of its group by what the group says of itself."""
    if group is None or (group.id is not None and group.id != parent.id):
        return ComponentGroup(id=parent.id, name=parent.name, description=parent.description)
    return attrs.evolve(
        group,
        id=parent.id,
        name=parent.name if group.name is None else group.name,
        description=parent.description if group.description is None else group.description,
    )
