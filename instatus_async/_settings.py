"""What a client may be told: keys, addresses and TLS contexts that cannot show the key to others."""

from __future__ import annotations

import ipaddress
import ssl as ssl_module
import urllib.request

import aiohttp
from yarl import URL

from .errors import ConfigError

__all__ = [
    "DEFAULT_BASE_URL",
    "Secret",
    "SecretBytes",
    "check_base_url",
    "check_key",
    "check_parts",
    "check_ssl",
    "choose_proxy",
    "hidden",
]

DEFAULT_BASE_URL = "https://api.instatus.com"


class Secret(str):
    """A text that shows itself to nobody who prints it, in a traceback's locals least of all."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class SecretBytes(bytes):
    """The same for bytes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "b'***'"


def hidden(api_key: object) -> Secret:
    """Wrap a key at the door, so that no traceback from further inside shows it."""
    if isinstance(api_key, str):
        return Secret(api_key)
    raise ConfigError(f"The API key must be text, not {type(api_key).__name__}")


def check_key(api_key: Secret) -> Secret:
    """Refuse a key that no header may carry, without echoing it (quirk 8)."""
    if not api_key or not api_key.isascii() or any(not 0x21 <= ord(character) <= 0x7E for character in api_key):
        raise ConfigError(
            "The API key is empty or has blanks, control characters or letters outside ASCII. Copy it again from the "
            "developer settings of your Instatus account into INSTATUS_API_KEY or api_key=."
        )
    return api_key


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def check_base_url(base_url: str) -> URL:
    """Refuse a base URL that would show requests to others, or that is not one."""
    try:
        url = URL(base_url)
        host, user = url.host, url.user or url.password
    except (ValueError, TypeError):
        raise ConfigError("base_url is not a URL; the service's is " + DEFAULT_BASE_URL) from None
    if url.scheme not in ("http", "https") or not host:
        raise ConfigError("base_url must begin with https:// and name a host; the service's is " + DEFAULT_BASE_URL)
    if user or url.query_string or url.fragment:
        raise ConfigError("base_url must not carry a user, a password, a query or a fragment")
    if url.path.rstrip("/").rpartition("/")[2] in {"v1", "v2", "v3"}:
        raise ConfigError("base_url must not end in a version: each call knows its own; leave it off")
    if url.scheme == "http" and not _is_loopback(host):
        raise ConfigError(
            "base_url must be https:// unless its host is this machine: http would show everybody the key"
        )
    return url


def check_ssl(context: object) -> None:
    """Refuse to talk without verifying the other side."""
    if context is None:
        return
    if not isinstance(context, ssl_module.SSLContext):
        raise ConfigError("ssl must be an ssl.SSLContext, or None for the system's; verification stays on")
    if context.verify_mode is not ssl_module.CERT_REQUIRED or not context.check_hostname:
        raise ConfigError("this ssl context does not verify certificates or names; use ssl.create_default_context()")


def check_parts(*, max_response_bytes: object, user_agent: object, gate: object, on_event: object) -> None:
    """Refuse what would fail in the middle of the first call."""
    if isinstance(max_response_bytes, bool) or not isinstance(max_response_bytes, int) or max_response_bytes < 1:
        raise ConfigError("max_response_bytes must be a positive, whole number of bytes")
    if user_agent is not None and not (
        isinstance(user_agent, str) and user_agent.isascii() and user_agent.isprintable()
    ):
        raise ConfigError("user_agent must be printable ASCII")
    steps = ("acquire", "limited", "passed", "abandoned")
    if gate is not None and (isinstance(gate, type) or not all(callable(getattr(gate, name, None)) for name in steps)):
        raise ConfigError("gate must be a RateGate, a RedisGate or another object with the methods of Gate")
    if on_event is not None and not callable(on_event):
        raise ConfigError("on_event must be a function of one Event")


def choose_proxy(given: object, session: aiohttp.ClientSession | None, base_url: URL, *, trust_env: bool) -> str | None:
    """Return the proxy of the client, or else of the environment; None leaves it to the lent session.

    That one's own trust_env does not count: ours is off unless asked for.
    """
    if given is not None:
        return _check_proxy(given, "proxy")
    lent = getattr(session, "_default_proxy", None)
    if lent is not None:
        _check_proxy(str(lent), "the proxy of the session you lend")
        return None
    return _environment_proxy(base_url) if trust_env else None


def _environment_proxy(base_url: URL) -> str | None:
    """Read the proxy that the environment names. aiohttp's own trust_env would read ~/.netrc too."""
    if urllib.request.proxy_bypass(base_url.host or ""):
        return None
    proxy = urllib.request.getproxies().get(base_url.scheme)
    if not proxy:
        return None
    # Without a scheme it is one that speaks HTTP, as to curl.
    return _check_proxy(proxy if "://" in proxy else "http://" + proxy, f"{base_url.scheme}_proxy in the environment")


def _check_proxy(proxy: object, name: str) -> str:
    """Refuse what aiohttp would fail over in every call; its password is not shown."""
    try:
        url = URL(proxy) if isinstance(proxy, str) else None
        host = None if url is None else url.host
    except ValueError:
        url = host = None
    if url is None or url.scheme not in ("http", "https") or not host:
        raise ConfigError(f"{name} must be the URL of an HTTP proxy, like http://127.0.0.1:3128")
    return str(url)
