"""Units, actions, lint codes, alert channels, sections of reports, feeds and brokers of installed packages."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from rulekit.editor.offers import offers
from rulekit.errors import RulekitError
from rulekit.language.formatter import formatted
from rulekit.language.plugged import learn_all
from rulekit.language.reading import check_text
from rulekit.language.sentences import policy_text
from rulekit.lint.linting import lint
from rulekit.market.feed import open_feed
from rulekit.model.events import Event
from rulekit.plugins import kinds
from rulekit.plugins.declared import DeclarationError
from rulekit.plugins.settings import PluginSettings
from rulekit.replay import read_bars
from rulekit.report.alert_settings import AlertSettings
from rulekit.report.channels import open_channels
from rulekit.runtime.plugin_sections import sections
from rulekit.runtime.plugin_trial import health
from tests.command_line import called
from tests.plugins.days import day
from tests.plugins.packages import install

TODAY = date(2026, 11, 20)


def canonical(text: str) -> str:
    checked = check_text(text)
    assert checked.tree is not None, checked.diagnostics
    return policy_text(checked.tree)


def troubles() -> dict[str, str]:
    return {each.entry.name: each.trouble for each in health()}


# --- units -----------------------------------------------------------------------------------------------------

PIPS = """
PIPS = UnitPlugin(name="pips", of="points", factor="0.01", help="paise", example="exit at 50 pips loss")
"""


@pytest.fixture
def pips(site: Path) -> None:
    install(site, "pip-words", PIPS, {"pips": "PIPS", "pip": "PIPS"}, group="rulekit.units")


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("exit at 50 pips loss", "exit at 0.5 points loss\n"),
        ("trail stop 250 pips", "trail stop 2.5 points\n"),
        ("exit when loss is above 1 pip", "exit when loss is above 0.01 points\n"),
        ("set my room to 200 pips\ntrail stop my room", "set my room to 2 points\n\ntrail stop my room\n"),
    ],
)
def test_a_unit_is_so_many_of_one_of_the_language(pips: None, text: str, read_as: str) -> None:
    assert canonical(text) == read_as
    assert troubles() == {"pips": "", "pip": ""}


def test_a_unit_means_nothing_where_no_number_stands_before_it(pips: None) -> None:
    assert check_text("exit when pips is above 5").tree is None
    assert check_text("exit when symbol is PIPS").tree is not None


# --- actions ---------------------------------------------------------------------------------------------------


def action(site: Path, means: str, name: str = "take the rent") -> None:
    fields = f"name={name!r}, means={means!r}, help='half', example='{name} at 5% profit'"
    source = f"X = ActionPlugin({fields})"
    install(
        site,
        f"rent-words-{zlib.crc32(source.encode())}",
        source,
        {name.replace(" ", "_"): "X"},
        group="rulekit.actions",
    )


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("take the rent at 5% profit", "book 50% of the original at 5% profit\n"),
        ("RENT: Take the Rent when rsi is above 70, once a day", None),
        ("exit at 5% loss\ntake the rent after 30 minutes", None),
    ],
)
def test_words_for_an_action_are_that_action(site: Path, text: str, read_as: str | None) -> None:
    action(site, "book 50% of the original")
    plain = text.lower().replace("take the rent", "book 50% of the original").replace("rent:", "RENT:")
    assert canonical(text) == (read_as or canonical(plain))
    assert troubles() == {"take the rent": ""}


def test_the_formatter_writes_what_an_action_stands_for(site: Path) -> None:
    action(site, "book 50%")
    checked = check_text("take  the rent at 5% profit # now\n")
    assert formatted(checked) == "book 50% at 5% profit  # now\n"


def test_an_error_behind_such_words_is_told_at_its_place(site: Path) -> None:
    action(site, "book 50%")
    (found,) = check_text("take the rent at 5 profit").diagnostics
    assert (found.code, found.span.column) == ("U101", 18)


@pytest.mark.parametrize(
    ("means", "said"),
    [
        ("sell me the moon", "is no sentence"),
        ("book 50% at 5% profit", "more than an action"),
        ("book 50%\nexit", "more than an action"),
        ("exit when rsi is above 70", "more than an action"),
    ],
)
def test_what_stands_for_more_than_an_action_is_refused(site: Path, means: str, said: str) -> None:
    action(site, means)
    (found,) = check_text("take the rent at 5% profit").diagnostics
    assert found.code == "N117" and said in found.message


def test_completion_offers_actions_and_units(site: Path, pips: None) -> None:
    action(site, "book 50%")
    learn_all()
    assert "take the rent" in [offer.text for offer in offers(check_text("ta"), "ta", 1, 3)]
    text = "exit at 50 p"
    assert "pips" in [offer.text for offer in offers(check_text(text), text, 1, len(text) + 1)]


# --- lint codes ------------------------------------------------------------------------------------------------

LINT = """
def find(tree):
    for rule in tree.rules:
        if not rule.label:
            {body}
X = LintPlugin(code="P101", name="house-labels", severity="warning", summary="a rule of our desk without a label",
               what="Our desk labels every rule.", why="The log is read by labels.", find=find,
               bad="exit at 5% loss", good="OUT: exit at 5% loss")
"""
FINDS = 'yield rule.span, "our desk labels every rule", "put a label before it"'


def linted(site: Path, body: str, text: str = "exit at 5% loss") -> list[tuple[str, str]]:
    install(
        site,
        f"desk-lints-{zlib.crc32(body.encode())}",
        LINT.replace("{body}", body),
        {"p101": "X"},
        group="rulekit.lints",
    )
    return [(each.code, each.message) for each in lint(check_text(text), TODAY) if each.code.startswith("P")]


def test_a_code_of_a_package_finds_explains_and_can_be_allowed(site: Path, tmp_path: Path) -> None:
    assert linted(site, FINDS) == [("P101", "our desk labels every rule")]
    assert troubles() == {"p101": ""}
    allowed = "# allow P101: it is old\nexit at 5% loss"
    assert [each.code for each in lint(check_text(allowed), TODAY) if each.code[0] in "PX"] == []
    policy = tmp_path / "x.policy"
    policy.write_text("exit at 5% loss\n", encoding="utf-8")
    for form in ("text", "json", "sarif", "junit", "github"):
        assert "P101" in called("lint", "--format", form, "x.policy", cwd=tmp_path).stdout
    assert "P101" not in called("lint", "--ignore", "P", "x.policy", cwd=tmp_path).stdout
    assert called("lint", "--severity", "P101=error", "x.policy", cwd=tmp_path).returncode == 1
    assert "## Why\n\nThe log is read" in called("lint", "--explain", "house-labels", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("1 / 0; yield", "raised ZeroDivisionError"),
        ("yield 'here'", "raised ValueError"),
        ("yield (1, 2, 3)", "raised TypeError"),
        ("__import__('sys').exit(4); yield", "raised SystemExit"),
        ("__import__('threading').Event().wait(5); yield", "did not come back within"),
    ],
)
def test_a_code_that_fails_is_a_finding_and_stops_no_other(
    site: Path, monkeypatch: pytest.MonkeyPatch, body: str, said: str
) -> None:
    monkeypatch.setattr("rulekit.lint.plugged.BUDGET_S", 0.3)
    ((code, message),) = linted(site, body)
    assert code == "P000" and said in message and "`P101`" in message
    assert "R106" in [each.code for each in lint(check_text("exit when rsi is above 101"), TODAY)]


# --- alert channels --------------------------------------------------------------------------------------------

CHANNEL = """
def send(address, level, title, body):
    {body}
X = ChannelPlugin(name="pigeon", send=send, help="by pigeon", example="pigeon://loft")
"""


def alerted(site: Path, body: str) -> list[Event]:
    """Tell an alert by a channel of a package; return what the log heard."""
    name = f"pigeon-{zlib.crc32(body.encode())}"
    install(site, name, CHANNEL.replace("{body}", body), {"pigeon": "X"}, group="rulekit.channels")
    heard: list[Event] = []
    channels = open_channels(AlertSettings(), {"RULEKIT_ALERT_URLS": "pigeon://loft/SECRETWORD"})
    with channels:
        emit = channels.hearing(heard.append)
        emit(Event("alert", 5, "INFY", "Mine", data={"text": "price is up", "level": "critical"}))
        for channel in channels.channels:
            channel.stop(10.0)
        emit(Event("cycle_evaluated", 6, data={}))
    return heard


def test_an_alert_goes_out_by_a_package(site: Path, tmp_path: Path) -> None:
    target = tmp_path / "letter.txt"
    body = f"open({str(target)!r}, 'w').write('|'.join([address, level, title, body])); return True"
    assert [event.name for event in alerted(site, body)] == ["alert", "cycle_evaluated"]
    said = target.read_text(encoding="utf-8")
    assert said.startswith("pigeon://loft/SECRETWORD|critical|Rulekit Mine INFY|CRITICAL: price is up")


@pytest.mark.parametrize("body", ["return False", "1 / 0", "import os; os._exit(1)", "while True: pass"])
def test_a_channel_that_fails_is_told_by_number_and_kind(
    site: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.setattr("rulekit.report.channels.SEND_S", 0.3)
    last = alerted(site, body)[-1]
    assert (
        last.name == "alert" and last.data["text"] == "alerts do not go out by channel 1 (pigeon): 1 failed, 0 dropped"
    )


# --- sections of reports ---------------------------------------------------------------------------------------


def test_sections_are_written_and_failing_ones_named(site: Path) -> None:
    source = """
    A = ReportPlugin(name="fees", help="h", section=lambda rules: f"{len(rules)} rules: {rules[0]['rule']}")
    B = ReportPlugin(name="gone", help="h", section=lambda rules: 1 / 0)
    C = ReportPlugin(name="odd", help="h", section=lambda rules: 5)
    D = ReportPlugin(name="object", help="h", section=lambda rules: object())
    """
    names = {"fees": "A", "gone": "B", "odd": "C", "object": "D"}
    install(site, "report-words", source, names, group="rulekit.reports")
    found = {title: (text, trouble) for title, text, trouble in sections([{"rule": "OUT", "fired": 1}])}
    assert found["fees"] == ("1 rules: OUT", "")
    assert "raised ZeroDivisionError" in found["gone"][1] and "`report-words`" in found["gone"][1]
    assert "returned a int and no text" in found["odd"][1]
    assert "no plain value" in found["object"][1]


def test_the_summary_shows_them(site: Path, tmp_path: Path) -> None:
    source = 'A = ReportPlugin(name="how many", help="h", section=lambda rules: f"there were {len(rules)} rules")'
    install(site, "count-words", source, {"how_many": "A"}, group="rulekit.reports")
    day("LOSS: exit at 2% loss", tmp_path / "day.journal", PluginSettings(), fall=400.0)
    shown = called("summary", "--journal", "day.journal", cwd=tmp_path).stdout
    assert "\nhow many\nthere were " in shown


# --- feeds -----------------------------------------------------------------------------------------------------

FEED = """
def read(source):
    {body}
X = FeedPlugin(name="tape", read=read, help="our tape", example="tape:monday")
"""
ROWS = """
    return [{"symbol": source.upper(), "time": f"2026-11-20T09:{15 + place}:00+05:30", "open": 100.0 + place,
             "high": 101.0 + place, "low": 99.0, "close": 100.5 + place, "volume": 10} for place in range(20)]
"""


def test_bars_come_through_a_package(site: Path) -> None:
    install(site, "tape-feed", FEED.replace("{body}", ROWS.strip()), {"tape": "X"}, group="rulekit.feeds")
    (series,) = read_bars("tape:infy").series.values()
    assert (series.key.symbol, series.rows, series.length) == ("INFY", 20, 60_000_000)
    assert series.table["close"].to_pylist()[:2] == [10_050.0, 10_150.0]
    assert open_feed(Path("tape:infy")).count == 80


@pytest.mark.parametrize(
    ("body", "said"),
    [("1 / 0", "raised ZeroDivisionError"), ("return 5", "no table of prices"), ("return []", "no price of `infy`")],
)
def test_a_feed_that_fails_is_a_sentence(site: Path, body: str, said: str) -> None:
    install(site, f"tape-{len(body)}", FEED.replace("{body}", body), {"tape": "X"}, group="rulekit.feeds")
    with pytest.raises(RulekitError, match=said):
        read_bars("tape:infy")


# --- brokers ---------------------------------------------------------------------------------------------------

BROKER = """
from pathlib import Path
from rulekit.broker.paper import PaperBroker
from rulekit.broker.paper_settings import PaperSettings
from rulekit.market.ticks import Tick
from rulekit.model import calendar
from rulekit.model.instant import SECOND
from rulekit.model.instrument import Instrument

class Bench(PaperBroker):
    '''A paper account whose share falls by a rupee a second.'''

    def quotes(self, keys):
        now = self.clock.now()
        self.on_tick(Tick(now // SECOND, "NSE", "INFY", now, 150000.0 - (now - self.began) / SECOND * 100, None))
        return super().quotes(keys)

def connect(options, clock):
    bench = Bench(Path(options["book"]), clock=clock, instruments=lambda key: Instrument(*key),
                  settings=PaperSettings(), calendar=calendar.default(), account="bench")
    bench.clock, bench.began = clock, clock.now()
    bench.enter(exchange="NSE", symbol="INFY", product="NRML", side=1, quantity=10, price=150000.0,
                at=clock.now(), reference="first")
    return bench

X = BrokerPlugin(name="bench", connect=connect, help="a bench")
"""


@pytest.mark.slow
def test_a_run_with_the_account_of_a_package(site: Path, tmp_path: Path) -> None:
    """From 15:29 to the close at ten times the speed: the fall of 1% gets the position out by a real order."""
    install(site, "bench-broker", BROKER, {"bench": "X"}, group="rulekit.brokers")
    (tmp_path / "x.policy").write_text("LOSS: exit at 1% loss\n", encoding="utf-8")
    book = (tmp_path / "book.paper").as_posix()
    (tmp_path / "rulekit.toml").write_text(
        f'[plugins.options.bench]\nbook = "{book}"\n[engine]\ncycle_s = 2\n'
        "[execution]\nsquare_off_minutes = { NSE = 0 }\n",
        encoding="utf-8",
    )
    looked = called("doctor", "--broker", "bench", cwd=tmp_path)
    assert "ok    account: bench is connected; this is bench" in looked.stdout, looked.stdout + looked.stderr
    assert "ok    book: 1 positions, 1 orders and 1 trades today" in looked.stdout
    assert "ok    prices: heard for 1 instruments" in looked.stdout
    assert "api key" not in looked.stdout, "nobody asks for an account at Zerodha"
    (tmp_path / "book.paper").unlink()
    done = called(
        "run", "--policy", "x.policy", "--broker", "bench", "--feed", "bench", "--journal", "day.journal",
        "--clock", "2026-11-20T15:29:10+05:30*20", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    history = called("history", "--journal", "day.journal", "--format", "json", cwd=tmp_path).stdout
    assert '"rule": "LOSS"' in history and '"filled"' in history


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "X = BrokerPlugin(name='bench', connect=lambda options, clock: 1 / 0, help='h')",
            "could not connect: ZeroDivision",
        ),
        ("X = BrokerPlugin(name='bench', connect=lambda options, clock: object(), help='h')", "lacks `place`"),
        ("import nowhere_to_be_found", "cannot be used"),
    ],
)
def test_a_broker_that_is_none_is_a_sentence(site: Path, tmp_path: Path, source: str, said: str) -> None:
    install(site, f"none-broker-{len(source)}", source, {"bench": "X"}, group="rulekit.brokers")
    (tmp_path / "x.policy").write_text("LOSS: exit at 1% loss\n", encoding="utf-8")
    call = ("run", "--policy", "x.policy", "--broker", "bench", "--feed", "bench", "--journal", "day.journal")
    done = called(*call, cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_an_unknown_broker_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.policy").write_text("LOSS: exit at 1% loss\n", encoding="utf-8")
    done = called("run", "--policy", "x.policy", "--broker", "moon", "--feed", "x", "--journal", "j", cwd=tmp_path)
    assert done.returncode == 2 and "there is no broker `moon`" in done.stderr


# --- declarations ----------------------------------------------------------------------------------------------

GOOD: Mapping[type, Mapping[str, object]] = {
    kinds.UnitPlugin: {"name": "pips", "of": "points", "factor": "0.01", "help": "h", "example": "e"},
    kinds.ActionPlugin: {"name": "take the rent", "means": "exit", "help": "h", "example": "e"},
    kinds.ChannelPlugin: {"name": "pigeon", "send": len, "help": "h", "example": "e"},
    kinds.ReportPlugin: {"name": "fees", "section": len, "help": "h"},
    kinds.FeedPlugin: {"name": "tape", "read": len, "help": "h", "example": "e"},
    kinds.BrokerPlugin: {"name": "bench", "connect": len, "help": "h"},
    kinds.LintPlugin: {
        "code": "P101", "name": "a-b", "severity": "info", "summary": "s", "what": "w", "why": "y", "bad": "b",
        "good": "g", "find": len,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "field", "value", "said"),
    [
        *((kind, "name", "A B!", "no name") for kind in GOOD),
        *((kind, "help", "", "no help") for kind in GOOD if "help" in GOOD[kind]),
        (kinds.UnitPlugin, "of", "furlongs", "no measure"),
        (kinds.UnitPlugin, "factor", "-1", "no factor"),
        (kinds.UnitPlugin, "factor", "1/0", "no factor"),
        (kinds.UnitPlugin, "factor", "some", "no factor"),
        (kinds.ChannelPlugin, "send", 5, "no `send`"),
        (kinds.LintPlugin, "code", "Q101", "no code"),
        (kinds.LintPlugin, "severity", "grave", "no severity"),
    ],
)
def test_a_declaration_says_what_would_do(kind: type, field: str, value: object, said: str) -> None:
    kind(**GOOD[kind])
    with pytest.raises(DeclarationError, match=said):
        kind(**{**GOOD[kind], field: value})
