"""Settings of the screening, each with the reason for its default."""

from __future__ import annotations

from typing import Annotated

import msgspec

_Positive = Annotated[float, msgspec.Meta(gt=0)]
_Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
_Count = Annotated[int, msgspec.Meta(ge=1)]
_Natural = Annotated[int, msgspec.Meta(ge=0)]


class ScreeningConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Limits of the screening; the table ``[cleaning]`` of a ``dataset.toml`` sets them by these names.

    Nobody of the 943 users of ML-100K, the 610 of MovieLens small and the 50,546 of Amazon games is dropped by the
    defaults. The largest of them has 2,698 behaviours where the limit is 19,700; the fastest keeps up 13 a minute
    for ten minutes where the limit is 60.

    Attributes:
        enabled: False keeps everything.
        count_cutoff: A user whose log count lies more robust standard deviations above the median is a bot by volume.
            Iglewicz and Hoaglin label outliers from 3.5; losing a person costs more than keeping a bot, hence 5.
        count_watch: From here on (their 3.5) a user is named in the report and kept.
        count_floor: Nobody with fewer behaviours is a bot by volume, however quiet the others are.
        least_log_scale: Smallest robust standard deviation of log counts that is believed. Data cut at "five or more"
            has almost none, and every keen user would lie far outside.
        least_sample: With fewer users (or times) there is no bulk to be far from, and the robust rules say nothing.
        fast_per_minute: A minute with this many behaviours is fast: one a second.
        fast_minutes: This many fast minutes on end, without one slower one, are no person. Short bursts are: a page of
            ratings sent at once, a library imported. Raise it for logs of what merely scrolled by.
        fast_share: Share of a user's timed behaviours in such runs from which the user is a bot by speed.
        repeat_seconds: The same kind on the same item by the same user within so many seconds is one behaviour.
        earliest: No behaviour on the web is older (Unix seconds; 6 August 1991, the first public web page).
        fence: Spreads beyond the quartiles from which a time is far from the others; 3 is Tukey's "far out".
        least_spread_days: Smallest interquartile range of times that is believed.
        constant_from: Values that a user must have given before "always the same" is worth a remark.
    """

    enabled: bool = True
    count_cutoff: _Positive = 5.0
    count_watch: _Positive = 3.5
    count_floor: _Count = 1000
    least_log_scale: _Positive = 0.5
    least_sample: _Count = 20
    fast_per_minute: _Count = 60
    fast_minutes: _Count = 10
    fast_share: _Share = 0.5
    repeat_seconds: _Natural = 60
    earliest: int = 681_436_800
    fence: _Positive = 3.0
    least_spread_days: _Positive = 30.0
    constant_from: _Count = 20
