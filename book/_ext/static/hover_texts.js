// Shows what a link leads to in a small box, while the pointer rests on the link or the
// keyboard's focus is there. The texts are in the page, in a template; a touch follows
// the link, as ever. As WCAG 1.4.13 asks: Escape closes the box and moves nothing, the
// pointer can go onto it, and it stays until pointer and focus have left.
(function () {
  const SHOW_AFTER = 200; // milliseconds: a pointer that only passes shows nothing
  const HIDE_AFTER = 300; // on the way from the link to the box it may stray
  const MARGIN = 8; // pixels, to the edges of the window
  const SMALLEST = 0.6; // a wide formula shrinks to this size, then it scrolls

  const template = document.querySelector("template.hover-texts");
  if (!template) return;

  const box = document.createElement("div");
  box.id = "hover-text";
  box.className = "hover-text";
  box.setAttribute("role", "tooltip");
  const card = document.createElement("div");
  box.append(card);

  // Which links have a text -----------------------------------------------------------

  let texts;

  function textFor(link) {
    const all = [...template.content.children];
    texts ??= new Map(all.map((text) => [text.dataset.for, text]));
    return texts.get(link.getAttribute("href"));
  }

  function linkAt(place) {
    const link = place instanceof Element && place.closest("article a.reference");
    return link && textFor(link) ? link : null;
  }

  // What is shown ---------------------------------------------------------------------

  let shown = null; // the link
  let number = 0; // of the line that it is shown at, where a link takes several
  let reasons = []; // of {by, link, y}, the newest last: the pointer, the focus

  function want(by, link, y) {
    reasons = reasons.filter((reason) => reason.by !== by);
    if (link) reasons.push({ by, link, y });
    show(reasons.at(-1));
  }

  function show(reason) {
    const link = reason?.link ?? null;
    if (link === shown) return;
    shown?.removeAttribute("aria-describedby");
    shown = link;
    box.remove();
    if (!link) return;
    link.removeAttribute("title"); // the browser would show it in a box of its own
    card.replaceChildren(textFor(link).cloneNode(true));
    document.body.append(box);
    link.setAttribute("aria-describedby", box.id);
    shrinkFormula();
    const lines = [...link.getClientRects()];
    const isAt = (line) => line.top <= reason.y && reason.y <= line.bottom;
    number = Math.max(0, lines.findIndex(isAt));
    place();
  }

  function dismiss() {
    clearTimeout(timer);
    reasons = [];
    show();
  }

  // Where it is shown -----------------------------------------------------------------

  function shrinkFormula() {
    for (const formula of box.querySelectorAll("div.formula")) {
      const size = parseFloat(getComputedStyle(formula).fontSize);
      const ratio = Math.max(formula.clientWidth / formula.scrollWidth, SMALLEST);
      if (ratio < 1) formula.style.fontSize = `${size * ratio}px`;
    }
  }

  // Below the link, or above it if it fits only there.
  function place() {
    const lines = shown.getClientRects();
    const line = lines[number] ?? lines[0];
    if (!line) return;
    const { clientWidth, clientHeight } = document.documentElement;
    Object.assign(box.style, { left: 0, top: 0, maxHeight: "none" });
    const natural = box.getBoundingClientRect();
    const below = clientHeight - line.bottom - MARGIN;
    const above = line.top - MARGIN;
    const isBelow = natural.height <= below || above <= below;
    const height = Math.min(natural.height, isBelow ? below : above);
    const leftwards = getComputedStyle(shown).direction === "rtl";
    const side = leftwards ? line.right - natural.width : line.left;
    const most = clientWidth - MARGIN - natural.width;
    const left = Math.max(MARGIN, Math.min(side, most));
    const top = isBelow ? line.bottom : line.top - height;
    // Its own place tells where the page's corner is: scrolled, or from right to left.
    Object.assign(box.style, {
      left: `${left - natural.left}px`,
      top: `${top - natural.top}px`,
      maxHeight: `${height}px`,
    });
  }

  // Pointer, focus, keys --------------------------------------------------------------

  let aim = null; // the link that the pointer is at, or at whose box
  let timer;

  function point(link, y) {
    if (link === aim) return;
    aim = link;
    clearTimeout(timer);
    const wait = link ? SHOW_AFTER : HIDE_AFTER;
    timer = setTimeout(() => want("pointer", link, y), wait);
  }

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    point(box.contains(event.target) ? shown : linkAt(event.target), event.clientY);
  });
  document.documentElement.addEventListener("pointerleave", () => point(null));

  document.addEventListener("focusin", (event) => {
    const link = linkAt(event.target);
    want("focus", link?.matches(":focus-visible") ? link : null);
  });
  document.addEventListener("focusout", () => want("focus", null));

  document.addEventListener("click", (event) => {
    if (linkAt(event.target)) dismiss();
  });
  addEventListener("keydown", (event) => event.key === "Escape" && dismiss(), true);
  addEventListener("resize", () => shown && place());
  // A link that gets the focus may be on its way into the window.
  document.addEventListener("scroll", () => shown && place(), { passive: true });
})();
