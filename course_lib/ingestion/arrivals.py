"""At what rate do trips arrive, how sure is that, and is it one rate at all?

Arrivals that happen independently of one another are a Poisson process: the count of an interval of length T has mean
and variance rate * T. Where the rate has a rhythm the process is a non-homogeneous one, with mean equal to the integral
of the rate. Times are seconds, rates are arrivals an hour.

    poisson_interval   what a count says about the rate
    fit_rhythm         a rate for every hour of the day, or of the week
    dispersion         variance over mean of counts: 1 for Poisson, more where arrivals cluster, less where spaced
    rescaled           times on a clock on which the fitted rate is one: what is left must be uniform

Pure.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special  # not scipy.stats, whose import takes longer than this chapter's computing

HOUR = 3600
DAY = 24 * HOUR


class Rate(NamedTuple):
    """A rate in arrivals an hour, and the interval that covers the true one with the confidence asked for."""

    rate: float
    low: float
    high: float


class Rhythm(NamedTuple):
    """A rate for each hour of a period: 24 hours, or the 168 of a week."""

    rate: np.ndarray  # (period,) arrivals an hour
    low: np.ndarray  # (period,)
    high: np.ndarray  # (period,)
    hours: np.ndarray  # (period,) observed hours of each


class Verdict(NamedTuple):
    """A test of fit: its statistic, and the chance of one as extreme where the model is right."""

    statistic: float
    p: float


def poisson_interval(count: int, hours: float, confidence: float = 0.95) -> Rate:
    """The rate of `count` arrivals in `hours`, with its exact interval.

    The ends are the rates at which a count as large, or as small, as this one has a chance of (1 - confidence) / 2.
    Source: F. Garwood, "Fiducial Limits for the Poisson Distribution" (Biometrika 28, 1936). Raises ValueError.
    """
    if count < 0 or not hours > 0 or not 0 < confidence < 1:
        raise ValueError(f"{count} arrivals in {hours} h at confidence {confidence} say nothing about a rate")
    tail = (1 - confidence) / 2
    low = special.gammaincinv(count, tail) if count else 0.0  # half a quantile of chi-squared, 2 n degrees of freedom
    high = special.gammaincinv(count + 1, 1 - tail)
    return Rate(count / hours, float(low) / hours, float(high) / hours)


def arrival_rate(times: np.ndarray, start: float, end: float, confidence: float = 0.95) -> Rate:
    """The rate of those of `times` (n,) that lie in [start, end), with its exact interval."""
    times = np.asarray(times)
    inside = int(((times >= start) & (times < end)).sum())
    if not end > start:
        raise ValueError(f"from {start} to {end} is no time at all")
    return poisson_interval(inside, (end - start) / HOUR, confidence)


def counts(times: np.ndarray, start: int, end: int, width: int) -> np.ndarray:
    """How many of `times` lie in each of the windows of `width` seconds that fill [start, end)."""
    times = np.asarray(times)
    windows = (end - start) // width
    which = (times[(times >= start) & (times < start + windows * width)] - start) // width
    return np.bincount(which.astype(int), minlength=windows)


def fit_rhythm(times: np.ndarray, start: int, end: int, confidence: float = 0.95, period: int = 24) -> Rhythm:
    """The rate of each hour of the `period`, from the arrivals in [start, end), whole hours since the period's start.

    The likeliest rates of a process whose rate is constant within an hour of the period are counts over hours observed.
    """
    if start % HOUR or end % HOUR or end <= start:
        raise ValueError(f"from {start} to {end} s are no whole hours")
    hourly = counts(times, start, end, HOUR)
    which = np.arange(start // HOUR, end // HOUR) % period
    hours = np.bincount(which, minlength=period)
    found = np.bincount(which, weights=hourly, minlength=period).astype(int)
    rates = [
        poisson_interval(int(n), float(h), confidence) if h else Rate(np.nan, np.nan, np.nan)
        for n, h in zip(found, hours, strict=True)
    ]
    rate, low, high = np.array(rates).T
    return Rhythm(rate, low, high, hours)


def expected(rhythm: Rhythm, start: int, end: int, width: int) -> np.ndarray:
    """The expected count of each of the windows of `width` seconds that fill [start, end)."""
    edges = np.arange(start, end + 1, width, dtype=float)
    return np.diff(_integral(rhythm, edges))


def dispersion(found: np.ndarray, mean: np.ndarray | None = None, fitted: int = 1) -> Verdict:
    """How unevenly counts (n,) scatter about their `mean` (n,), of `fitted` free numbers; or about their average.

    The statistic is 1 on average where the counts are Poisson. p is two-sided: small where they scatter too much, and
    where they scatter too little. Source: R. A. Fisher (1950), the index of dispersion.
    """
    found = np.asarray(found, float)
    mean = np.full(len(found), found.mean()) if mean is None else np.asarray(mean, float)
    if (found[mean == 0] > 0).any():
        return Verdict(float("inf"), 0.0)  # what cannot happen has happened
    found, mean = found[mean > 0], mean[mean > 0]
    squares, freedom = float(((found - mean) ** 2 / mean).sum()), len(found) - fitted
    tail = min(special.chdtr(freedom, squares), special.chdtrc(freedom, squares))
    return Verdict(squares / freedom, float(min(2 * tail, 1.0)))


def rescaled(times: np.ndarray, rhythm: Rhythm, start: int, end: int) -> np.ndarray:
    """The arrivals in [start, end) on a clock that runs with the fitted rate, from 0 to 1; sorted.

    Where the rhythm is right these are uniform. Source: Brown et al., "The Time-Rescaling Theorem and Its Application
    to Neural Spike Train Data Analysis" (2002).
    """
    times = np.sort(np.asarray(times, float))
    inside = times[(times >= start) & (times < end)]
    begin, whole = _integral(rhythm, np.array([start, end], float))
    return (_integral(rhythm, inside) - begin) / (whole - begin)


def kolmogorov(uniform: np.ndarray) -> Verdict:
    """Whether numbers (n,) from 0 to 1 are uniform: the largest distance of their distribution from the diagonal.

    p is Kolmogorov's limit for many numbers; for n above 35 it is good to two digits.
    """
    found = np.sort(np.asarray(uniform, float))
    n = len(found)
    if not n:
        raise ValueError("a test of no numbers")
    above, below = np.arange(1, n + 1) / n - found, found - np.arange(n) / n
    distance = float(max(above.max(), below.max()))
    return Verdict(distance, float(special.kolmogorov(np.sqrt(n) * distance)))


def simulate(rate: np.ndarray, days: int, seed: int) -> np.ndarray:
    """Arrival times of a Poisson process with a rate (period,) an hour for each hour of a period; sorted seconds.

    By thinning: arrivals at the highest rate, each kept with the chance rate / highest. Source: Lewis and Shedler,
    "Simulation of Nonhomogeneous Poisson Processes by Thinning" (1979).
    """
    draw = np.random.default_rng(seed)
    highest = float(rate.max())
    n = draw.poisson(highest * 24 * days)
    times = np.sort(draw.uniform(0, days * DAY, n))
    which = (times // HOUR).astype(int) % len(rate)
    return times[draw.uniform(0, highest, n) < rate[which]]


def _integral(rhythm: Rhythm, at: np.ndarray) -> np.ndarray:
    """Expected arrivals from the start of period 0 to each moment."""
    period = len(rhythm.rate)
    steps = np.concatenate([[0.0], np.cumsum(np.nan_to_num(rhythm.rate))])  # at the full hours of a period
    periods, rest = np.divmod(at, period * HOUR)
    return periods * steps[-1] + np.interp(rest, np.arange(period + 1) * HOUR, steps)
