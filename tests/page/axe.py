"""The accessibility checker over a page in a browser."""

from __future__ import annotations

from typing import Any


def serious(page: Any) -> list[str]:
    """Return what axe finds serious or critical, with the elements."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"]})
    return [
        f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']][:3]}"
        for one in found.response["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def assert_nothing_serious(page: Any) -> None:
    """Fail with what is serious."""
    assert serious(page) == []


def beyond_the_edge(page: Any) -> list[str]:
    """Name elements that stick out of the window to the right and are not in a box that scrolls."""
    return page.evaluate(  # type: ignore[no-any-return]
        """() => {
        const found = [];
        const wide = document.documentElement.clientWidth;
        for (const one of document.querySelectorAll("body *")) {
          const box = one.getBoundingClientRect();
          if (!box.width || !box.height || box.right <= wide + 1) continue;
          let inside = one.parentElement, scrolls = false;
          while (inside) {
            const style = getComputedStyle(inside);
            if (["auto", "scroll", "hidden"].includes(style.overflowX)) { scrolls = true; break; }
            inside = inside.parentElement;
          }
          if (!scrolls) found.push(`${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 40)}`);
        }
        return found;
      }"""
    )
