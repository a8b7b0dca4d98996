"""Keep on record whom each write told, and what.

The ledger is the oracle for "never twice": an announcement is one write with `notify` true (or one that always sends,
such as an invitation), and it makes one notification for each confirmed subscriber that it concerns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .validate import Row

Channel: TypeAlias = Literal["email", "sms", "webhook", "chat"]

_CHAT_COLUMNS = ("slack", "discord", "microsoftTeamsWebhook", "googleChatWebhook")


@dataclass(frozen=True, slots=True)
class Notification:
    """Describe one message that one recipient would have got.

    `about` is the id of the incident, maintenance, subscriber or teammate; `update` that of the incident or maintenance
    update, if there is one. `request` is the number of the request in `server.requests`, or None where the clock, not a
    request, was the cause. `subscriber` is None when somebody else was written to.
    """

    kind: Channel
    subscriber: str | None
    address: str
    about: str
    update: str | None
    text: str
    request: int | None


@dataclass(frozen=True, slots=True)
class Announcement:
    """Describe one act of telling, whether or not anybody was there to hear it."""

    about: str
    update: str | None
    text: str
    request: int | None


class Ledger:
    """Collect announcements and the notifications that they made."""

    def __init__(self) -> None:
        """Start empty."""
        self.announcements: list[Announcement] = []
        self.notifications: list[Notification] = []
        self.call: Callable[[Notification, Row], None] | None = None  # what POSTs a webhook to a subscriber

    def announce(self, announcement: Announcement, subscribers: Iterable[Row]) -> None:
        """Record an announcement to these subscribers; who is unconfirmed is left out."""
        self.announcements.append(announcement)
        for subscriber in subscribers:
            if subscriber["confirmed"]:
                kind, address = _reach(subscriber)
                notification = self._deliver(announcement, kind, subscriber["id"], address)
                if kind == "webhook" and self.call:
                    self.call(notification, subscriber)

    def write_to(self, address: str, announcement: Announcement, subscriber: str | None = None) -> None:
        """Record one e-mail to somebody who need not be a confirmed subscriber."""
        self.announcements.append(announcement)
        self._deliver(announcement, "email", subscriber, address)

    def _deliver(self, what: Announcement, kind: Channel, subscriber: str | None, address: str) -> Notification:
        notification = Notification(
            kind=kind,
            subscriber=subscriber,
            address=address,
            about=what.about,
            update=what.update,
            text=what.text,
            request=what.request,
        )
        self.notifications.append(notification)
        return notification


def _reach(subscriber: Row) -> tuple[Channel, str]:
    if subscriber["webhook"]:
        return "webhook", subscriber["webhook"]
    if subscriber["phone"]:
        return "sms", subscriber["phone"]
    for column in _CHAT_COLUMNS:
        if subscriber[column]:
            return "chat", subscriber[column]
    return "email", subscriber["email"]
