"""Secrets never reach a line, in whatever shape they come."""

from __future__ import annotations

import io
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulekit.model.events import Event
from rulekit.report.console import Console
from rulekit.report.jsonlines import JsonLines
from rulekit.report.secrets import Redactor

KEY = 'k3y"with\\odd/chars é'
ENVIRON = {
    "RULEKIT_KITE_API_KEY": KEY,
    "RULEKIT_ACCESS_TOKEN": "tok-998877",
    "RULEKIT_CYCLE_S": "1000",
    "PATH": "/usr/bin",
}


def test_values_are_replaced_in_every_shape() -> None:
    redact = Redactor(ENVIRON)
    for shape in (KEY, json.dumps(KEY), json.dumps(KEY, ensure_ascii=False), f"https://x/?k={quote(KEY, safe='')}"):
        assert "odd" not in redact(f"before {shape} after")
    assert redact("token tok-998877!") == "token [secret]!"


def test_other_variables_and_short_values_stay() -> None:
    redact = Redactor({**ENVIRON, "RULEKIT_PIN": "12"})
    assert redact("cycle 1000, /usr/bin, 12 shares") == "cycle 1000, /usr/bin, 12 shares"
    assert Redactor({})("anything") == "anything"


def test_a_value_within_another_leaves_nothing_behind() -> None:
    redact = Redactor({"RULEKIT_A_KEY": "abcd", "RULEKIT_B_SECRET": "abcd-efgh"})
    assert redact("x abcd-efgh y") == "x [secret] y"


@given(st.text(st.characters(codec="utf-8"), min_size=6).filter(lambda text: text.strip() == text and len(text) >= 6))
def test_no_secret_in_any_log(secret: str) -> None:
    redact = Redactor({"RULEKIT_SECRET": secret})
    people, programs = io.StringIO(newline="\n"), io.StringIO(newline="\n")
    happened = Event(
        "action_refused", 0, "TCS", data={"rule": "R", "reason": f"bad login <{secret}>", secret: [secret]}
    )
    Console(people, redact=redact)(happened)
    JsonLines(programs, redact)(happened)
    row = json.loads(programs.getvalue())
    assert secret not in json.dumps(row["data"], ensure_ascii=False)
    if secret.isprintable():
        assert f"<{secret}>" not in people.getvalue()


def test_logs_take_out_the_environments_secrets_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RULEKIT_KITE_TOKEN", "tok-998877")
    people, programs = io.StringIO(), io.StringIO()
    happened = Event("alert", 0, data={"text": "login with tok-998877 failed", "level": "warning"})
    Console(people)(happened)
    JsonLines(programs)(happened)
    assert "login with [secret] failed" in people.getvalue()
    assert "login with [secret] failed" in programs.getvalue()
