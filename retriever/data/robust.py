"""Robust statistics: what is usual, and where unusual begins, without the unusual having a say in it.

A mean and a standard deviation follow the bots they are to find; the median and the median absolute deviation (MAD)
hold until half of the data is bad (Rousseeuw and Croux, "Alternatives to the Median Absolute Deviation", JASA 88,
1993). The modified z-score ``0.6745 (x - median) / MAD`` and its limit are from Iglewicz and Hoaglin, "How
to Detect and Handle Outliers", ASQC 1993; the fences from Tukey, "Exploratory Data Analysis", 1977.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_MAD_OF_NORMAL = 0.6745  # MAD of a normal distribution over its standard deviation


def log_limit(counts: npt.NDArray[np.int64], cutoff: float, least_scale: float) -> float:
    """Return the count above which a modified z-score of log counts exceeds the cutoff.

    Args:
        counts: int64 [n], each at least 1. Counts are compared as logs since activity is spread over magnitudes.
        cutoff: Robust standard deviations above the median.
        least_scale: Smallest standard deviation of the logs that is believed (the MAD may be 0).
    """
    logs = np.log(counts)
    middle = float(np.median(logs))
    scale = max(float(np.median(np.abs(logs - middle))) / _MAD_OF_NORMAL, least_scale)
    # Past e^700 a float ends; so many behaviours nobody has.
    return float(np.exp(min(middle + cutoff * scale, 700.0)))


def fences(values: npt.NDArray[np.int64], width: float, least_spread: float) -> tuple[float, float]:
    """Return the values below and above which something is far from the bulk.

    Args:
        values: int64 [n], at least one.
        width: Interquartile ranges beyond the quartiles.
        least_spread: Smallest interquartile range that is believed.
    """
    first, third = (float(q) for q in np.quantile(values, (0.25, 0.75)))
    reach = width * max(third - first, least_spread)
    return first - reach, third + reach
