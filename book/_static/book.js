// What runs off the side of the page can be scrolled with the keyboard, too: a formula,
// a listing or a table becomes a tab stop while it is wider than its place.
(function () {
  const WIDE = {
    ".formula": "Formula",
    "div.highlight pre, .cell_output pre": "Code",
    ".pst-scrollable-table-container": "Table",
  };

  function markWide() {
    for (const [selector, name] of Object.entries(WIDE)) {
      for (const box of document.querySelectorAll(`.bd-article :is(${selector})`)) {
        if (box.scrollWidth > box.clientWidth + 1) {
          box.tabIndex = 0;
          box.setAttribute("role", "region");
          box.setAttribute("aria-label", `${name}, scrolls sideways`);
        } else if (box.getAttribute("role") === "region") {
          for (const name of ["tabindex", "role", "aria-label"]) {
            box.removeAttribute(name);
          }
        }
      }
    }
  }

  addEventListener("load", markWide);
  addEventListener("resize", markWide);
  addEventListener("toggle", markWide, true);
})();
