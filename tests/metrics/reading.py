"""Reading the pages as Prometheus and a person would."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from rulekit.metrics.settings import MetricsSettings
from rulekit.runtime.day import Day

ANYWHERE = MetricsSettings(listen="127.0.0.1:0", per_instrument=2)
Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def fetch(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def scrape(address: str) -> Series:
    """Read the page as Prometheus would."""
    status, text = fetch(f"{address}/metrics")
    assert status == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class Whole(NamedTuple):
    """A day, where its pages are, what they said while it ran, and its log."""

    day: Day
    address: str
    scraped: list[Series]
    log: str
