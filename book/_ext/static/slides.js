// reveal.js moves a deck's slides where there is room for slides; on a phone, and without
// this script, the deck is a page to scroll. Keys pressed inside a figure are the figure's.
(() => {
  const deck = document.querySelector(".deck");
  const isWide = matchMedia("(min-width: 40rem) and (min-height: 20rem)").matches;
  const isOfSpeaker = new URLSearchParams(location.search).has("receiver");
  if (!isWide && !isOfSpeaker) return;
  const inFigure = () => document.activeElement.closest("figure.explore");

  deck.classList.add("reveal");
  new Reveal(deck, {
    plugins: [RevealNotes],
    keyboardCondition: () => !inFigure(),
    disableLayout: true, // letters and figures follow the window by CSS
    display: "flex",
    center: false,
    transition: "none",
    viewDistance: 2, // the next figure wakes before its turn
    mobileViewDistance: 2,
    hash: true,
    slideNumber: "c/t",
  }).initialize();

  // Who used a mouse turns slides by the next key; who used the keyboard, by Escape, which
  // an open menu and a number that is being typed need for themselves.
  const leave = (kinds) => {
    const { activeElement: here } = document;
    if (inFigure() && here.matches(kinds) && !here.closest("[open]")) here.blur();
  };
  addEventListener("pointerup", () => setTimeout(leave, 0, "[type=range], [type=radio], button"));
  addEventListener("keydown", ({ key }) => {
    if (key === "Escape") leave(":not(.explore-typed)");
  }, true);
})();
