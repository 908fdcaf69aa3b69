"""A real client talks to the real command over its pipes: from opening a policy to saying goodbye."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from rulekit.language.formatter import formatted
from rulekit.language.reading import check_text
from tests.editor.conversation import Editor

SEVEN = """# 😀 Take ₹ off the table
policy "Management"
set first target to 15%
define strong momentum as momentum over 15 minutes is at least 2%

HALF: book 50% at first target profit after 30 minutes
MORE: move stop to entry at 5% profit when strong momentum
"Square off": exit at 15:15

example "the first target ₹😀"
  long 100 KOTAKBANK at 1690, held 45 minutes
  price 1998.50
  "Square off" acted 1 times
  expect book 50 because HALF
"""


@pytest.fixture(scope="module")
def editor() -> Iterator[Editor]:
    made = Editor()
    yield made
    assert made.close() == 0


def test_it_says_what_it_can_do(editor: Editor) -> None:
    can = editor.capabilities
    assert can.position_encoding == "utf-16"
    assert can.completion_provider and can.hover_provider and can.code_action_provider and can.rename_provider
    assert can.document_formatting_provider and can.document_symbol_provider and can.semantic_tokens_provider
    assert can.folding_range_provider and can.definition_provider and can.references_provider


def test_findings_come_and_go_with_the_text(editor: Editor) -> None:
    policy = editor.open("boook half at 10% profit\n")
    (found,) = policy.findings()
    assert (found.code, found.source, found.severity) == ("E101", "rulekit", lsp.DiagnosticSeverity.Error)
    assert (found.range.start.character, found.range.end.character) == (0, 5)
    policy.change("book half at 10% profit\n")
    assert policy.findings() == []
    policy.change('# 😀 ₹\n# x\n  \n"x₹😀": book half at 10 profit\n')
    (found,) = policy.findings()
    assert (found.code, found.range.start.line) == ("U101", 3)
    editor.do(
        lambda: editor.client.text_document_did_close(lsp.DidCloseTextDocumentParams(policy.identifier)),
    )
    policy.version = None  # type: ignore[assignment]
    assert policy.findings() == []


def test_places_count_rupees_and_emoji_as_the_editor_does(editor: Editor) -> None:
    policy = editor.open('"😀₹": exit when momentun is at least 2%\n')
    (found,) = policy.findings()
    assert (found.range.start, found.range.end) == (
        policy.at("momentun", after=False),
        policy.at("momentun"),
    )
    assert found.range.start.character == 17


def test_related_places_lead_to_the_other_line(editor: Editor) -> None:
    policy = editor.open("A: exit at 15:15\nA: exit at 15:20\n")
    (found,) = policy.findings()
    assert found.code == "N104"
    (related,) = found.related_information or ()
    assert related.location.uri == policy.uri and related.location.range.start.line == 0


TWO_BOOKS = "HALF: book 50% at 15% profit\nMORE: book 75% at 15% profit\nexit at 2% loss\nexit at 15:15\n"


def test_proofs_follow_when_the_text_stands_still(editor: Editor) -> None:
    policy = editor.open(TWO_BOOKS)
    found = policy.proved("Q201")
    assert "(proved)\nfor example:\n  long 100 KOTAKBANK" in found.message
    assert [each.location.range.start.line for each in found.related_information or ()] == [1]
    assert "in all 87 of 100 are sold" in policy.hover("HALF")


def test_a_proof_about_an_older_text_is_dropped(editor: Editor) -> None:
    policy = editor.open(TWO_BOOKS)
    for number in range(2, 7):
        policy.change(TWO_BOOKS.replace("book 75%", f"boook {number}%"))
    policy.change(TWO_BOOKS.replace("book 75% at 15%", "book 75% at 25%"))
    policy.proved("Q201")
    heard = editor.found[policy.uri]
    assert [version for version, _ in heard] == sorted(version or 0 for version, _ in heard)
    assert all("Q201" not in {each.code for each in found} for version, found in heard if version != policy.version)


def test_offers_are_what_may_stand_next(editor: Editor) -> None:
    policy = editor.open(SEVEN + "book \nexit when profit is at lea\nexpect")
    assert {"first target", "50%", "half", "everything"} <= set(policy.offered("\nbook "))
    assert policy.offered("profit is at lea") == ["is at least"]
    policy.change(SEVEN.replace("because HALF", "because "))
    assert policy.offered("because ") == ["HALF", "MORE", '"Square off"']


def test_an_offer_replaces_what_was_typed(editor: Editor) -> None:
    policy = editor.open('set first target to 15%\n"😀": exit at first ta')
    params = lsp.CompletionParams(policy.identifier, policy.at("exit at first ta"))
    (item,) = [each for each in policy.ask("completion", params).items if each.label == "first target"]
    after = policy.apply(lsp.WorkspaceEdit({policy.uri: [item.text_edit]}))
    assert after == 'set first target to 15%\n"😀": exit at first target'


def test_hover_speaks_plainly(editor: Editor) -> None:
    policy = editor.open(SEVEN)
    assert "profit is at least 15%" in policy.hover("HALF:")
    assert "book 50% at first target profit after 30 minutes" in policy.hover("book 50% at")
    assert "**first target** is 15%" in policy.hover("first target profit")
    assert "change of price over the window" in policy.hover("momentum over")
    assert policy.hover("\n\nHALF") == ""
    broken = editor.open("exit at 25:15\n")
    assert "no-such-time" in broken.hover("25:15")


def test_a_quick_fix_leaves_a_clean_policy(editor: Editor) -> None:
    policy = editor.open('# ₹😀\n"😀": boook half at 10% profit\n')
    assert [each.code for each in policy.findings()] == ["E101"]
    (action,) = [each for each in policy.actions("boook") if each.kind == lsp.CodeActionKind.QuickFix]
    policy.change(policy.apply(action.edit))
    assert policy.text == '# ₹😀\n"😀": book half at 10% profit\n'
    assert policy.findings() == []


def test_all_spelling_is_mended_at_once(editor: Editor) -> None:
    policy = editor.open("A: boook half at 10% profit\nB: exitt at 15:15\n")
    assert len(policy.findings()) == 2
    (action,) = policy.actions("boook", only=["source.fixAll"])
    policy.change(policy.apply(action.edit))
    assert policy.findings() == []


def test_a_finding_can_be_allowed_with_a_reason(editor: Editor) -> None:
    policy = editor.open("exit at 16:00\n")
    assert [each.code for each in policy.findings()] == ["T102"]
    (action,) = [each for each in policy.actions("16:00") if each.title.startswith("Allow T102")]
    policy.change(policy.apply(action.edit))
    assert policy.text == "# allow T102: the reason\nexit at 16:00\n"
    assert policy.findings() == []


def test_it_looks_for_what_the_settings_ask(editor: Editor, tmp_path: Path) -> None:
    settings = tmp_path / "rulekit.toml"
    settings.write_text('[lint]\nignore = ["T"]\nproofs = false\n', encoding="utf-8")
    policy = editor.open("exit at 16:00\n", (tmp_path / "a.policy").as_uri())
    assert policy.findings() == []
    settings.write_text("[lint]\nignore = 7\n", encoding="utf-8")
    changed = lsp.FileEvent(settings.as_uri(), lsp.FileChangeType.Changed)
    params = lsp.DidChangeWatchedFilesParams([changed])
    editor.do(lambda: editor.client.workspace_did_change_watched_files(params))
    policy.wait(lambda: any(each.code == "T102" for each in policy.findings()))
    assert "a list of codes is meant here" in editor.told[-1]


def test_a_code_leads_to_its_page(editor: Editor) -> None:
    policy = editor.open("exit at 16:00\n")
    (found,) = policy.findings()
    assert found.code_description is not None
    page = Path(unquote(urlsplit(found.code_description.href).path))
    assert page.name == "T102-outside-session.md" and page.is_file()
    why = page.read_text(encoding="utf-8").split("## Why")[1].split("##")[0].strip()
    assert why in policy.hover("16:00")


def test_formatting_gives_what_fmt_gives(editor: Editor) -> None:
    rough = "# ₹ 😀\nHALF:   trim half at 15 percent profit   # agreed\n\n\nOUT: close at 3:15 pm"
    policy = editor.open(rough)
    assert policy.formatted() == formatted(check_text(rough)) != rough
    policy.change(rough + "\nboook\n")
    assert policy.formatted() == policy.text


def test_windows_line_ends_stay(editor: Editor) -> None:
    rough = "# ₹ 😀\r\nHALF:   trim half at 15 percent profit\r\n\r\n\r\nOUT: close at 3:15 pm\r\nX: boook half\r\n"
    policy = editor.open(rough)
    (found,) = policy.findings()
    assert (found.range.start.line, found.range.start.character) == (5, 3)
    (action,) = [each for each in policy.actions("boook") if each.kind == lsp.CodeActionKind.QuickFix]
    policy.change(policy.apply(action.edit))
    assert policy.findings() == []
    assert policy.formatted() == formatted(check_text(policy.text))
    assert "\n" not in policy.formatted().replace("\r\n", "")


def test_a_label_is_renamed_with_what_examples_say_of_it(editor: Editor) -> None:
    policy = editor.open(SEVEN)
    policy.change(policy.apply(policy.rename("HALF", "the first half")))
    assert policy.text == SEVEN.replace("HALF:", '"the first half":').replace(
        "because HALF", 'because "the first half"'
    )
    assert policy.findings() == []


def test_a_defined_name_is_renamed_everywhere(editor: Editor) -> None:
    text = SEVEN.replace("HALF: ", "").replace(
        "because HALF", "because book 50% at first target profit after 30 minutes"
    )
    policy = editor.open(text)
    assert policy.findings() == []
    policy.change(policy.apply(policy.rename("first target", "goal")))
    assert policy.text == text.replace("first target", "goal").replace('"the goal ₹', '"the first target ₹')
    assert policy.findings() == []
    policy.change(policy.apply(policy.rename('"Square off": exit', "out")))
    assert policy.text.count("out: exit") == policy.text.count("  out acted 1 times") == 1
    policy.change(policy.apply(policy.rename("strong momentum", "push")))
    assert policy.text.count("push") == 2 and policy.findings() == []


@pytest.mark.parametrize(
    ("mark", "name", "why"),
    [
        ("first target", "stop", "a word of the language"),
        ("first target", "profit", "a word of the language"),
        ("first target", "strong momentum", "is defined already"),
        ("first target", "15%", "is no name"),
        ("first target", "", "is no name"),
        ("HALF", "MORE", "another rule"),
        ("HALF", 'a "b"', "is no label"),
        ("profit", "gain", "only labels"),
    ],
)
def test_what_cannot_be_a_name_is_refused(editor: Editor, mark: str, name: str, why: str) -> None:
    policy = editor.open(SEVEN)
    with pytest.raises(JsonRpcException, match=why):
        policy.rename(mark, name)


def test_names_lead_to_where_they_are_given(editor: Editor) -> None:
    policy = editor.open(SEVEN)
    (place,) = policy.ask("definition", lsp.DefinitionParams(policy.identifier, policy.at("at first ")))
    assert place.range.start == policy.at("set ")
    params = lsp.ReferenceParams(lsp.ReferenceContext(True), policy.identifier, policy.at("HALF", after=False))
    assert [each.range.start.line for each in policy.ask("references", params)] == [5, 13]


def test_the_outline_and_the_folds(editor: Editor) -> None:
    policy = editor.open(SEVEN)
    symbols = policy.ask("document_symbol", lsp.DocumentSymbolParams(policy.identifier))
    assert [each.name for each in symbols] == [
        "Management",
        "first target",
        "strong momentum",
        "HALF",
        "MORE",
        "Square off",
        "the first target ₹😀",
    ]
    assert len(symbols[-1].children) == 4
    folds = policy.ask("folding_range", lsp.FoldingRangeParams(policy.identifier))
    assert [(each.start_line, each.end_line) for each in folds] == [(9, 13)]


def test_colours_cover_words_by_what_they_mean(editor: Editor) -> None:
    policy = editor.open('"😀₹": exit when momentum is at least 2% # ₹😀\n')
    tokens = policy.ask("semantic_tokens_full", lsp.SemanticTokensParams(policy.identifier)).data
    legend = editor.capabilities.semantic_tokens_provider.legend.token_types
    raw = policy.text.encode("utf-16-le")
    seen, at = [], 0
    for place in range(0, len(tokens), 5):
        at += tokens[place + 1]
        text = raw[2 * at : 2 * (at + tokens[place + 2])].decode("utf-16-le")
        seen.append((text, legend[tokens[place + 3]]))
    assert seen == [
        ('"😀₹":', "function"),
        ("exit", "keyword"),
        ("when", "modifier"),
        ("momentum", "property"),
        ("is at least", "modifier"),
        ("2", "number"),
        ("%", "type"),
        ("# ₹😀", "comment"),
    ]
