"""What does nothing until it is awaited or entered, and says so when that was forgotten."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

__all__ = ["Pending"]


class Pending:
    """Base of what is awaited, or entered with `async with`; it warns when it is dropped before that happened.

    `_pending` is what to call it in the warning, and empty once it has begun.
    """

    __slots__ = ("_pending",)

    _pending: str

    # The defaults keep what it needs: when the interpreter shuts down, the names of a module may be gone.
    def __del__(
        self, _warn: Callable[..., Any] = warnings.warn, _finalizing: Callable[[], bool] = sys.is_finalizing
    ) -> None:
        """Warn, as Python does of a coroutine; the line blamed is the one that dropped it."""
        what = getattr(self, "_pending", "")  # not set when the constructor failed
        if what and not _finalizing():
            text = f"{what} was never entered nor awaited, so nothing was sent: use `async with`, or await it"
            _warn(text, RuntimeWarning, stacklevel=2, source=self)
