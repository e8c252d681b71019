// The state on show beside one other: what was pinned, or what stood before a control was
// moved. That is faint behind, and named. Words and images would not be seen there; where
// there are such, a copy of the picture is pinned under it.

function addComparison(figure) {
  const { root, data, positions } = figure, picture = root.querySelector(".explore-picture");
  const faint = faintPicture(figure), copy = document.createElement("div"), tag = nameTag(figure);
  const isCopied = !faint.isPossible || picture.querySelector("[data-layer] image");
  const said = document.createElement("p"), dismiss = buttonOf("Dismiss", () => {
    if (isPinned()) return root.querySelector(".explore-menu li button").click();
    compare(null);
    root.querySelector("[data-name]").focus();
  });
  said.className = "explore-compared";
  said.setAttribute("role", "status");
  said.dir = "auto";
  let at = null, word = "", forget = null;

  const isPinned = () => at !== null && word === "pinned";

  // What stood beside is told when another state, or none, takes its place.
  function compare(wanted, itsWord = "", itsForget = null) {
    if (forget !== itsForget) forget?.();
    [at, word, forget] = [wanted, itsWord, itsForget];
    if (at) show();
    else for (const part of [faint, copy, tag, said]) part.remove();
  }

  function nameOf(place, axis) {
    const text = data.texts[axis][place], label = data.labels[axis];
    return text.startsWith(label) ? text : `${label[0].toLowerCase()}${label.slice(1)} ${text}`;
  }

  function show() {
    const now = positions(), names = at.flatMap((place, axis) => place === now[axis] ? [] : [nameOf(place, axis)]);
    const words = `${word}: ${names.join(", ") || "this state"}`, isCopy = isCopied && isPinned();
    const isSeen = isCopy ? showCopy() : showFaint(words);
    const sentence = words[0].toUpperCase() + words.slice(1) + (isSeen ? ". " : ", not drawn: other axes. ");
    if (said.firstChild?.data !== sentence) said.replaceChildren(sentence, dismiss);
    if (!said.isConnected) root.querySelector(".explore-note").before(said);
  }

  function showFaint(words) {
    faint.show(at);
    const isSeen = !root.querySelector(".explore-faint").style.display;
    tag.show(words, isSeen);
    return isSeen;
  }

  function showCopy() {
    if (copy.isConnected) return true;
    const copied = picture.cloneNode(true);
    copied.querySelector("defs").remove();  // the picture's serve it, too
    for (const part of copied.querySelectorAll("[data-series]")) part.removeAttribute("data-series");
    copied.removeAttribute("aria-labelledby");
    copied.setAttribute("aria-label", root.querySelector("figcaption").textContent);
    copy.replaceChildren(said, copied);
    picture.after(copy);
    return true;
  }

  root.addEventListener("explore-moved", () => isPinned() && show());
  Object.assign(figure, { compare, isPinned, canBeFaint: faint.isPossible });
  return {
    isPossible: true,
    words: () => (isPinned() ? "Remove the pin" : "Pin this state"),
    toggle: () => (isPinned() ? compare(null) : compare(positions(), "pinned")),
  };
}

// Words in the drawing, in the first panel in which something is faint: on no other words,
// and where fewest points of lines are, looked for once the state has been painted. They
// stay there until other words come under them.
function nameTag({ root, data, positions }) {
  const picture = root.querySelector(".explore-picture"), label = svgElement("g", {
    class: "explore-named", fill: "var(--ink)", stroke: "var(--paper)", "stroke-width": 40,
    "paint-order": "stroke",
  });
  let stands = null;
  label.style.fontSize = "calc(130px * var(--grow, 1))";

  function show(words, isSeen) {
    label.style.display = isSeen ? "" : "none";
    if (!label.isConnected || label.textContent !== words) {
      label.replaceChildren(...words.split(/(?<=, )/).map((line, n) => {
        const text = svgElement("text", { y: `${1.2 * n}em` });
        text.textContent = line;
        return text;
      }));
      label.style.visibility = "hidden";
      stands = null;
      picture.append(label);
    }
    requestAnimationFrame(() => setTimeout(place));
  }

  function place() {
    if (!label.isConnected || label.style.display) return;
    const { x, y, width, height } = label.getBBox(), edge = 60;
    const isIn = (a, b) => ([u, v]) => u > a && u < a + width && v > b && v < b + height;
    const others = [...picture.querySelectorAll("text")].filter((text) => !label.contains(text));
    const boxes = others.map((text) => text.getBBox());
    const isFree = (a, b) => !boxes.some((box) => box.x < a + width && box.x + box.width > a
      && box.y < b + height && box.y + box.height > b);
    if (stands && isFree(...stands)) return;
    const panel = parseInt(picture.querySelector(".explore-faint + g").dataset.series);
    const frame = data.panels[data.panel.table[placeIn(data.panel, positions())]][panel];
    const [left, right] = frame.slice(3), [top, bottom] = frame.slice(8).sort((a, b) => a - b);
    // Vertices, and three places on the way to each.
    const points = [...picture.querySelectorAll("path[d]")].flatMap((path) =>
      verticesOf(path.getAttribute("d")).flatMap(([u, v], n, all) => [0, 1, 2, 3].map((part) => [
        u + (part / 4) * ((all[n - 1]?.[0] ?? u) - u), v + (part / 4) * ((all[n - 1]?.[1] ?? v) - v)])));
    let least = Infinity;
    for (const low of [0, 0.5, 1, 0.25, 0.75])
      for (const far of [1, 0.5, 0, 0.75, 0.25]) {
        const a = left + edge + far * (right - left - width - 2 * edge);
        const b = top + edge + low * (bottom - top - height - 2 * edge);
        const taken = points.filter(isIn(a, b)).length + (isFree(a, b) ? 0 : 1e4);
        if (taken < least) [least, stands] = [taken, [a, b]];
      }
    label.setAttribute("transform", `translate(${stands[0] - x} ${stands[1] - y})`);
    label.style.visibility = "";
  }

  return { show, remove: () => label.remove() };
}

function svgElement(kind, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

const PAUSE = 700;  // ms: what moves later than that begins anew

// The setting that stood before a control began to move stays, with the first control
// where it is now. Where the first control alone was moved by hand, its place stays.
function addGhost(figure) {
  let left = null, from = null, before = figure.positions(), mover = null, time = 0;
  const play = figure.root.querySelector(".explore-play");
  const plays = () => play.dataset.does === "Pause" || document.activeElement === play;
  const forget = () => ([left, from, mover] = [null, null, null]);

  figure.root.addEventListener("explore-moved", ({ timeStamp }) => {
    const now = figure.positions(), moved = now.findLastIndex((place, axis) => place !== before[axis]);
    const isNew = moved !== mover || timeStamp - time > PAUSE;
    if (isNew && moved > 0) [left, from] = [before.slice(1), null];
    else if (plays()) from = null;
    else if (isNew && !left) from = before[0];
    [before, mover, time] = [now, moved, timeStamp];
    if (figure.isPinned() || !figure.canBeFaint) return;
    const at = left ? [now[0], ...left] : [from ?? now[0], ...now.slice(1)];
    figure.compare(String(at) === String(now) ? null : at, "before", forget);
  });
}
