"""What one visitor, and all together, may ask of the server."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vit_explorer.data.uploads import MAX_BYTES
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.serve import Counted, Terms

MINUTE, HOUR = 60, 3600  # seconds
WORDS: dict[Counted, tuple[str, str]] = {  # one, several
    "uploads": ("picture", "pictures"),
    "data": ("set of pictures", "sets of pictures"),
    "measurements": ("measurement", "measurements"),
    "races": ("race", "races"),
    "downloads": ("download", "downloads"),
}
NOT_PUBLIC = "This public page does not offer that: install ViT Explorer and it works on your own machine."


@dataclass(frozen=True)
class Rate:
    """At most ``count`` within ``seconds``."""

    count: int
    seconds: float

    @property
    def words(self) -> str:
        """As a part of a sentence: "a minute", "10 minutes"."""
        amount, unit = (self.seconds / HOUR, "hour") if self.seconds >= HOUR else (self.seconds / MINUTE, "minute")
        return f"{'an' if unit == 'hour' else 'a'} {unit}" if amount == 1 else f"{amount:g} {unit}s"


@dataclass(frozen=True)
class Limits:
    """Limits of a page.

    Attributes:
        request_bytes: of one request; the largest is an upload of MAX_BYTES, in base64.
        rates: of each visitor, by what is counted; what is not named is not limited.
        in_all: of all visitors together.
        long_waiting: requests that take long, in work and waiting for each other; more are refused.
        public: leave out what a page for strangers must not offer.
    """

    request_bytes: int = MAX_BYTES * 7 // 5
    rates: Mapping[Counted, Rate] = field(default_factory=lambda: {"uploads": Rate(120, MINUTE)})
    in_all: Mapping[Counted, Rate] = field(default_factory=dict)
    long_waiting: int = 64
    public: bool = False


PUBLIC = Limits(
    rates={
        "uploads": Rate(10, MINUTE),
        "data": Rate(6, HOUR),
        "measurements": Rate(6, HOUR),
        "races": Rate(6, HOUR),
    },
    in_all={
        "uploads": Rate(120, MINUTE),
        "data": Rate(60, HOUR),
        "measurements": Rate(60, HOUR),
        "races": Rate(60, HOUR),
    },
    long_waiting=32,
    public=True,
)


class Ledger:
    """Counts what visitors asked for, and refuses what goes beyond the limits.

    A visitor is an address; of IPv6 addresses the first 64 bits, which is what one household has.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._times: dict[tuple[str, Counted], deque[float]] = {}

    def admit(self, visitor: str, terms: Terms) -> None:
        """Count a call on these terms. Raises UserError with the limit that it would exceed."""
        if self.limits.public and not terms.public:
            raise UserError(NOT_PUBLIC)
        kind = terms.counted
        if kind is None:
            return
        one, several = WORDS[kind]
        with self._lock:
            now, mine = self._clock(), (visitor_key(visitor), kind)
            self._forget(now)
            for key, rate, whose in (
                (mine, self.limits.rates.get(kind), "a visitor of this page can have"),
                (("", kind), self.limits.in_all.get(kind), "this page has room for"),
            ):
                recent = [at for at in self._times.get(key, ()) if rate is not None and at > now - rate.seconds]
                if rate is not None and len(recent) >= rate.count:
                    wait = max(1, round(recent[-rate.count] + rate.seconds - now))
                    amount = f"{rate.count} {one if rate.count == 1 else several} {rate.words}"
                    when = f"{wait} s" if wait < 2 * MINUTE else f"{round(wait / MINUTE)} minutes"
                    raise UserError(f"That is too much at once: {whose} {amount}. Try again in {when}.")
            for key in (mine, ("", kind)):
                self._times.setdefault(key, deque()).append(now)

    def _forget(self, now: float) -> None:
        """Drop times that count no more, and visitors of whom none does."""
        for key in list(self._times):
            rates = [rates[key[1]].seconds for rates in (self.limits.rates, self.limits.in_all) if key[1] in rates]
            times = self._times[key]
            while times and times[0] <= now - max(rates, default=0):
                times.popleft()
            if not times:
                del self._times[key]


def visitor_key(address: str) -> str:
    """By what a visitor is told apart: the address, of IPv6 its first 64 bits."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(parsed.ipv4_mapped or ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
