"""Real processes over one account in a real database: one of them sends, and another one takes over in time."""

from __future__ import annotations

import random
import signal
from pathlib import Path

from tests.postgres_server import Server
from tests.soak.lease import LeaseTrial


def test_a_stopped_holder_sends_nothing_more_and_a_dead_database_nothing_at_all(
    tmp_path: Path, database_server: Server
) -> None:
    trial = LeaseTrial(tmp_path, 7, database_server, minutes=30)
    try:
        first = trial.live()
        trial.acting(first)
        second = trial.live("--standby")
        trial.stop_the_holder(first, second, random.Random(7))
        trial.acting(second)
        trial.kill_the_database(second, 2.0)
        second.process.send_signal(signal.SIGTERM)
        assert second.ends(30.0) == 0, second.text[-500:]
        assert trial.ask("SELECT until FROM rulekit.account") == [(None,)], "the account is given back"
        assert trial.finish() == []
        assert trial.orders > 0
    finally:
        trial.close()
