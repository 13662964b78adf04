"""Say how many requests expire, as expected."""

from typing import NamedTuple

from planner.model.retry import given_up
from planner.model.summary import Forecast
from planner.scenario import Retries


class Expiry(NamedTuple):
    """Requests as expected: how often a batch leaves one undone at its end, and how many are given up
    because of it."""

    expired: int
    given_up: int


NONE = Expiry(0, 0)


def expiry_of(requests: int, policy: Retries, forecast: Forecast) -> Expiry:
    """The means over the simulated runs. Only runs in which something expired are compared with what
    is given up anyway, so that the luck of the others is no part of it."""
    expired = int(forecast.mean_expired + 0.5)
    if not policy.max:  # nothing is sent again: what expires is given up, to the request
        return Expiry(expired, expired)
    more = forecast.more_given_up(given_up(requests, policy))
    return Expiry(expired, int(more + 0.5))
