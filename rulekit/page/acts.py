"""What a person does through the page: put to the engine with who and through what, so that the journal has it."""

from __future__ import annotations

from attrs import evolve

from rulekit.execution import asking
from rulekit.execution.asking import Answer
from rulekit.execution.requests import Request
from rulekit.page.people import Person
from rulekit.page.screen import Screen

THROUGH = "page"


def act(screen: Screen, person: Person, request: Request) -> Answer:
    """Have a request applied in a person's name; it blocks for seconds, so call it from a worker thread.

    Raises:
        RulekitError: as of the command that the request stands for; nothing was done.
    """
    return asking.ask(screen.journal, evolve(request, by=person.name, through=THROUGH), screen.clock)
