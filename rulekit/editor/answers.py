"""Each request of the protocol about one open policy, and its answer: places turned into the editor's and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from rulekit.editor import colours, outline
from rulekit.editor.documents import Document
from rulekit.editor.edits import Change, difference, formatting
from rulekit.editor.findings import shown
from rulekit.editor.hover import explained
from rulekit.editor.mending import Remedy, remedies
from rulekit.editor.offers import Offer, offers
from rulekit.editor.rename import Named, NotRenamedError, mentions, named_at, renamed
from rulekit.language.tree import Span

Answer = Callable[[Document, Any, date], Any]

FIX_ALL = f"{lsp.CodeActionKind.SourceFixAll.value}.rulekit"
LEGEND = lsp.SemanticTokensLegend([each.value for each in colours.Colour], ["declaration"])
_TYPES = {colour: place for place, colour in enumerate(colours.Colour)}

# --- offers and explanations ------------------------------------------------------------

_KINDS = {
    "sample": lsp.CompletionItemKind.Value,
    "name": lsp.CompletionItemKind.Variable,
    "label": lsp.CompletionItemKind.Reference,
    "UNIT": lsp.CompletionItemKind.Unit,
    "TIME_UNIT": lsp.CompletionItemKind.Unit,
    "FACT": lsp.CompletionItemKind.Property,
    "TEXT_FACT": lsp.CompletionItemKind.Property,
    "PRICE_NAME": lsp.CompletionItemKind.Property,
}


def completion(document: Document, params: lsp.CompletionParams, today: date) -> lsp.CompletionList:
    """Offer what may stand at the cursor."""
    line, column = document.places.place(params.position)
    found = offers(document.checked, document.text, line, column, document.vocabulary)
    items = [_item(each, place, document, params.position) for place, each in enumerate(found)]
    return lsp.CompletionList(is_incomplete=True, items=items)


def _item(offer: Offer, place: int, document: Document, cursor: lsp.Position) -> lsp.CompletionItem:
    start = document.places.position(offer.line, offer.column)
    end = document.places.line_range(offer.line, offer.line).end if offer.to_end else cursor
    return lsp.CompletionItem(
        label=offer.text.strip(),
        kind=_KINDS.get(offer.kind, lsp.CompletionItemKind.Keyword),
        detail=offer.detail or None,
        documentation=lsp.MarkupContent(lsp.MarkupKind.Markdown, offer.help) if offer.help else None,
        sort_text=f"{place:04}",
        filter_text=offer.text,
        text_edit=lsp.TextEdit(lsp.Range(start, end), offer.text),
    )


def hover(document: Document, params: lsp.HoverParams, today: date) -> lsp.Hover | None:
    """Explain what is pointed at."""
    line, column = document.places.place(params.position)
    found = explained(document.checked, document.findings(today), line, column, document.vocabulary)
    if found is None:
        return None
    return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, found.text), document.places.range(found.span))


# --- mending ------------------------------------------------------------


def code_action(document: Document, params: lsp.CodeActionParams, today: date) -> list[lsp.CodeAction]:
    """List what can be done about the findings that a selection touches."""
    first, last = document.places.place(params.range.start), document.places.place(params.range.end)
    found = document.findings(today)
    here = [each for each in found if _touches(each.span, first, last)]
    actions: list[lsp.CodeAction] = []
    if _wanted(params, lsp.CodeActionKind.QuickFix):
        actions += [_quick_fix(each, document) for each in remedies(document.checked, here)]
    if _wanted(params, FIX_ALL) and any(each.fix is not None and each.fix.safe for each in found):
        edits = difference(document.text, document.mended(today), document.places)
        if edits:
            edit = lsp.WorkspaceEdit(changes={document.uri: edits})
            actions.append(lsp.CodeAction("Mend all spelling and form", FIX_ALL, edit=edit))
    return actions


def _touches(span: Span, first: tuple[int, int], last: tuple[int, int]) -> bool:
    return (span.line, span.column) <= last and first <= (span.end_line, span.end_column)


def _wanted(params: lsp.CodeActionParams, kind: str) -> bool:
    """Tell whether a kind is asked for: itself or one that it is a kind of."""
    only = params.context.only
    return only is None or any(f"{kind}.".startswith(f"{_plain(each)}.") for each in only)


def _plain(kind: lsp.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, lsp.CodeActionKind) else kind


def _quick_fix(remedy: Remedy, document: Document) -> lsp.CodeAction:
    return lsp.CodeAction(
        title=remedy.title,
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=[shown(remedy.found, document.uri, document.places)],
        is_preferred=remedy.safe or None,
        edit=_workspace_edit(remedy.changes, document),
    )


def _workspace_edit(changes: list[Change] | tuple[Change, ...], document: Document) -> lsp.WorkspaceEdit:
    edits = [lsp.TextEdit(document.places.range(span), text) for span, text in changes]
    return lsp.WorkspaceEdit(changes={document.uri: edits})


def format_document(document: Document, params: lsp.DocumentFormattingParams, today: date) -> list[lsp.TextEdit]:
    """Bring a policy to its canonical form; one with errors stays as it is."""
    return formatting(document.checked, document.places, document.vocabulary)


# --- names ------------------------------------------------------------


def prepare_rename(document: Document, params: lsp.PrepareRenameParams, today: date) -> Any:
    """Return the name at a place, if it can be changed."""
    named = _named(document, params.position)
    if named is None:
        return None
    return lsp.PrepareRenamePlaceholder(document.places.range(named.span), named.name)


def rename(document: Document, params: lsp.RenameParams, today: date) -> lsp.WorkspaceEdit:
    """Give a label or a defined name another name everywhere."""
    named = _named(document, params.position)
    if named is None:
        raise _refusal("only labels and the names that `set` and `define` give can be renamed")
    try:
        return _workspace_edit(renamed(document.checked, named, params.new_name, document.vocabulary), document)
    except NotRenamedError as error:
        raise _refusal(f"{error.message}; {error.help}" if error.help else error.message) from None


def _refusal(message: str) -> JsonRpcException:
    return JsonRpcException(message, lsp.LSPErrorCodes.RequestFailed)


def _named(document: Document, position: lsp.Position) -> Named | None:
    line, column = document.places.place(position)
    return named_at(document.checked, line, column, document.vocabulary)


def references(document: Document, params: lsp.ReferenceParams, today: date) -> list[lsp.Location] | None:
    """List the places of a label or a defined name."""
    named = _named(document, params.position)
    if named is None:
        return None
    found = mentions(document.checked, named, document.vocabulary)
    return [
        lsp.Location(document.uri, document.places.range(each.span))
        for each in found
        if params.context.include_declaration or not each.defines
    ]


def definition(document: Document, params: lsp.DefinitionParams, today: date) -> list[lsp.Location] | None:
    """Return where a label or a name is given."""
    named = _named(document, params.position)
    if named is None:
        return None
    found = mentions(document.checked, named, document.vocabulary)
    return [lsp.Location(document.uri, document.places.range(each.span)) for each in found if each.defines]


# --- the whole text ------------------------------------------------------------


def document_symbol(document: Document, params: lsp.DocumentSymbolParams, today: date) -> list[lsp.DocumentSymbol]:
    """List the parts of a policy."""
    return outline.symbols(document.checked, document.places)


def folding_range(document: Document, params: lsp.FoldingRangeParams, today: date) -> list[lsp.FoldingRange]:
    """List what can be folded away."""
    return outline.folds(document.checked)


def semantic_tokens(document: Document, params: lsp.SemanticTokensParams, today: date) -> lsp.SemanticTokens:
    """Colour a policy; each token is told by its distance from the one before."""
    data: list[int] = []
    line = character = 0
    for each in colours.coloured(document.checked):
        start = document.places.position(each.line, each.column)
        end = document.places.position(each.line, each.end_column)
        if start.line != line:
            data.append(start.line - line)
            line, character = start.line, 0
        else:
            data.append(0)
        data += [start.character - character, end.character - start.character, _TYPES[each.colour], int(each.defines)]
        character = start.character
    return lsp.SemanticTokens(data)


ANSWERS: tuple[tuple[str, Any, Answer], ...] = (
    (
        lsp.TEXT_DOCUMENT_COMPLETION,
        lsp.CompletionOptions(trigger_characters=[" ", '"', "%", "₹", "("]),
        completion,
    ),
    (lsp.TEXT_DOCUMENT_HOVER, None, hover),
    (
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix, FIX_ALL]),
        code_action,
    ),
    (lsp.TEXT_DOCUMENT_FORMATTING, None, format_document),
    (lsp.TEXT_DOCUMENT_PREPARE_RENAME, None, prepare_rename),
    (lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True), rename),
    (lsp.TEXT_DOCUMENT_REFERENCES, None, references),
    (lsp.TEXT_DOCUMENT_DEFINITION, None, definition),
    (lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, None, document_symbol),
    (lsp.TEXT_DOCUMENT_FOLDING_RANGE, None, folding_range),
    (lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, LEGEND, semantic_tokens),
)
"""Method, its options, and what answers it."""
