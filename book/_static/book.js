// Parts of a page that are far from the screen wait to be laid out (book.css). Who leaps
// needs the real height of all that lies between: by a link, a search, the keyboard.
(function () {
  const page = document.documentElement.dataset;

  addEventListener("click", (event) => {
    if (event.target.closest?.("a[href*='#']")) page.whole = "";
  }, true);
  addEventListener("keydown", (event) => {
    const searches = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "f";
    if (event.key === "Tab" || searches) page.whole = "";
  }, true);

  // Formulas get their letters (they lie in a style sheet) before the lines around them
  // are broken, or a leap would end beside its aim.
  addEventListener("load", () => document.fonts.forEach((font) => font.load()));

  // Whoever stays gets the rest part by part, while nothing else is to be done.
  const idle = window.requestIdleCallback ?? ((task) => setTimeout(task, 50));
  addEventListener("load", () => setTimeout(() => {
    const parts = [
      ...document.querySelectorAll(".bd-article > section > section, .bd-article .claim"),
    ];
    (function layOut() {
      const part = parts.shift();
      if (!part) page.whole = "";
      else {
        part.style.contentVisibility = "visible";
        idle(layOut);
      }
    })();
  }, 2000));
})();

// What runs off the side of the page can be scrolled with the keyboard, too: a formula,
// a listing or a table becomes a tab stop while it is wider than its place. To find out,
// all of the page is laid out, so it is looked for when the first Tab is pressed.
(function () {
  const WIDE = {
    ".formula": "Formula",
    "div.highlight pre, .cell_output pre": "Code",
    ".pst-scrollable-table-container": "Table",
  };

  // All is read before anything is written: the page is laid out once, not once a box.
  function markWide() {
    const boxes = Object.entries(WIDE).flatMap(([selector, name]) =>
      [...document.querySelectorAll(`.bd-article :is(${selector})`)].map((box) => ({
        box,
        name,
        isWide: box.scrollWidth > box.clientWidth + 1,
      })));
    for (const { box, name, isWide } of boxes) {
      if (isWide) {
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

  function begin(event) {
    if (event.key !== "Tab") return;
    removeEventListener("keydown", begin, true);
    markWide();
    addEventListener("resize", markWide);
    addEventListener("toggle", markWide, true);
  }
  addEventListener("keydown", begin, true);
})();

// The search field that Ctrl+K lays over the page gives the focus back where it took it.
(function () {
  addEventListener("DOMContentLoaded", () => {
    const field = document.querySelector(".search-button__wrapper");
    let before = null;
    field?.addEventListener("focusin", ({ relatedTarget }) => {
      if (relatedTarget && !field.contains(relatedTarget)) before = relatedTarget;
    });
    if (field) new MutationObserver(() => {
      if (!field.classList.contains("show")) before?.focus({ preventScroll: true });
    }).observe(field, { attributeFilter: ["class"] });
  });
})();

// Paper has no address bar; solutions are printed folded or, with the button, open.
(function () {
  addEventListener("DOMContentLoaded", () => {
    for (const address of document.querySelectorAll(".colophon .address")) {
      if (location.protocol.startsWith("http")) {
        address.textContent = location.origin + location.pathname;
      }
    }
  });

  window.printWithSolutions = function () {
    const folded = document.querySelectorAll(".solution .toggle-button-hidden");
    for (const button of folded) button.click();
    print();
    for (const button of folded) button.click();
  };
})();
