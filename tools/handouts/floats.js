// A figure that does not fit on the rest of a page leaves it blank. Where that is much,
// paragraphs that follow the figure go before it, as in any printed book.
//
// Each chapter is laid out as columns of a page's size: the browser breaks columns where
// it breaks pages, and says where things lie. Returns how many paragraphs were moved.
([width, height, most]) => {
  const style = document.createElement("style");
  style.textContent = `.chapter { columns: ${width}mm; column-gap: 0; column-fill: auto;
    width: ${width}mm; height: ${height}mm; }`;
  document.head.append(style);
  const isParagraph = element => element?.localName === "p";
  const next = element => element?.nextElementSibling;
  const withFigure = run => run.some(cell => cell.querySelector("figure"));

  // A paragraph, or a sentence with formulas in it; none that leads to what is not text.
  function sentence(first) {
    if (!isParagraph(first)) return [];
    const parts = [first];
    while (next(parts.at(-1))?.matches("div.math")) {
      parts.push(next(parts.at(-1)));
      if (isParagraph(next(parts.at(-1)))) parts.push(next(parts.at(-1)));
    }
    const after = next(parts.at(-1));
    return !after || after.matches("p, section, .admonition") ? parts : [];
  }

  // How much of a page is blank between the end of an element and what stands below it.
  function blank(chapter, element, below) {
    const end = [...element.getClientRects()].at(-1), start = below.getClientRects()[0];
    if (!end || !start || start.left - end.left < end.width / 2) return 0;
    const { top, height } = chapter.getBoundingClientRect();
    return (top + height - end.bottom) / height;
  }

  let moved = 0;
  for (const chapter of document.querySelectorAll(".chapter"))
    for (const cell of chapter.querySelectorAll(".cell")) {
      const run = [cell];
      while (next(run.at(-1))?.matches(".cell")) run.push(next(run.at(-1)));
      const before = () => cell.previousElementSibling;
      if (!withFigure(run) || !before()) continue;
      while (blank(chapter, before(), cell) > most) {
        const parts = sentence(next(run.at(-1)));
        if (!parts.length) break;
        cell.before(...parts);
        moved++;
      }
    }
  style.remove();
  return moved;
}
