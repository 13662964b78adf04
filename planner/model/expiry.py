"""Say how many requests expire, as expected."""

from typing import NamedTuple

from planner.model.retry import given_up
from planner.model.summary import Forecast
from planner.scenario import Retries


class Expiry(NamedTuple):
    """Requests as expected: how often a batch leaves one undone at its end, how many more are given up
    because of it than fail anyway, and how often one is sent again after it."""

    expired: int
    given_up: int
    again: int


NONE = Expiry(0, 0, 0)


def expiry_of(requests: int, policy: Retries, forecast: Forecast) -> Expiry:
    """The means over the simulated runs. Only runs in which something expired are compared with what
    is given up anyway, so that the luck of the others is no part of it."""
    expired = int(forecast.mean_expired + 0.5)
    if not policy.max:
        # nothing is sent again: all that expires is given up, of which some would have failed too
        answered = (1 - policy.permanent_rate) * (1 - policy.transient_rate)
        return Expiry(expired, int(forecast.mean_expired * answered + 0.5), 0)
    more = int(forecast.more_given_up(given_up(requests, policy)) + 0.5)
    return Expiry(expired, more, max(0, expired - more))
