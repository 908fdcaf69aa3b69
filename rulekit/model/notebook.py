"""What a notebook shows of a value: a small card of escaped HTML that reads well on a light and on a dark page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

Cells = Sequence[object]
"""The cells of one row; numbers are set to the right."""

_DARK = "--rk-ink:#e6e6e6;--rk-faint:#a8a8a8;--rk-line:#4a4a4a;--rk-paper:#1e1e1e;--rk-mark:#7cc4a0;--rk-warn:#e0a96d;"
STYLE = (
    "<style>.rulekit-card{--rk-ink:#1f2328;--rk-faint:#59636e;--rk-line:#d0d7de;--rk-paper:#ffffff;--rk-mark:#1a7f4b;"
    "--rk-warn:#9a5b00;color:var(--rk-ink);background:var(--rk-paper);border:1px solid var(--rk-line);"
    "border-radius:6px;padding:.6em .9em;max-width:60em;overflow-x:auto;font:13px/1.5 system-ui,sans-serif}"
    f"@media (prefers-color-scheme:dark){{.rulekit-card{{{_DARK}}}}}"
    # JupyterLab and VS Code have a theme of their own, whatever the browser prefers.
    "[data-jp-theme-light=true] .rulekit-card,.vscode-light .rulekit-card{--rk-ink:#1f2328;--rk-faint:#59636e;"
    "--rk-line:#d0d7de;--rk-paper:#ffffff;--rk-mark:#1a7f4b;--rk-warn:#9a5b00}"
    f"[data-jp-theme-light=false] .rulekit-card,.vscode-dark .rulekit-card{{{_DARK}}}"
    ".rulekit-card b.rk-title{font-size:14px}.rulekit-card .rk-faint{color:var(--rk-faint)}"
    ".rulekit-card table{border-collapse:collapse;margin:.4em 0 .2em;font:inherit;color:inherit;background:none}"
    ".rulekit-card th{text-align:left;font-weight:600;color:var(--rk-faint)}"
    ".rulekit-card th,.rulekit-card td{padding:.15em 1em .15em 0;border:0;border-bottom:1px solid var(--rk-line);"
    "vertical-align:top;background:none;text-align:left}"
    ".rulekit-card td.rk-number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".rulekit-card .rk-mark{color:var(--rk-mark)}.rulekit-card .rk-warn{color:var(--rk-warn)}</style>"
)


def card(title: str, subtitle: str, *parts: str) -> str:
    """Return a card: title and subtitle are escaped, `parts` are HTML from `table` and `line`."""
    head = f'<b class="rk-title">{escape(title)}</b> <span class="rk-faint">{escape(subtitle)}</span>'
    return f'{STYLE}<div class="rulekit-card">{head}{"".join(parts)}</div>'


def table(head: Sequence[str], rows: Sequence[Cells], *, caption: str = "") -> str:
    """Return a table of escaped cells, or nothing where there are no rows."""
    if not rows:
        return ""
    above = f'<div class="rk-faint">{escape(caption)}</div>' if caption else ""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"{above}<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def line(text: str, *, kind: str = "faint") -> str:
    """Return one escaped line; `kind` is faint, mark or warn."""
    return f'<div class="rk-{kind}">{escape(text)}</div>'


def _cell(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"<td>{escape('' if value is None else str(value))}</td>"
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
    return f'<td class="rk-number">{text}</td>'
