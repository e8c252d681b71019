// A state to compare with: faint behind the others, with a word on what it is. A picture
// made of words or images would not be seen there: a copy of it stands under the figure.

const svgElement = (kind, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

// From left to right and from top to bottom, in the order in which they are looked at.
const CORNERS = [[1, 0], [0, 0], [0.5, 0], [1, 0.5], [0, 0.5], [0.5, 0.5], [1, 1], [0, 1], [0.5, 1]];

// Null where nothing would be seen. It is hidden while the panels have other scales, by
// which it would lie in other places.
function faintPicture({ root, data, positions, drawn }) {
  const layers = [...root.querySelectorAll("g[data-layer]")];
  const moving = layers.flatMap((layer, number) => /^\d+ (?!text )/.test(layer.dataset.series) ? [number] : []);
  if (!moving.length || layers.some((layer) => layer.querySelector("image"))) return null;
  // A group for each panel, above its background and below all that moves in it.
  const groups = Map.groupBy(moving, (number) => parseInt(layers[number].dataset.series));
  const parts = [...groups.values()].map((numbers) =>
    ({ numbers, group: svgElement("g", { class: "explore-faint", opacity: 0.35 }) }));
  const label = svgElement("g", {
    class: "explore-named", fill: "var(--ink)", stroke: "var(--paper)", "stroke-width": 40,
    "paint-order": "stroke", "stroke-linejoin": "round", style: "font-size:calc(130px*var(--grow,1))",
  });
  const scalesAt = (at) => data.panel.table[placeIn(data.panel, at)];
  let shown = "", said = "";

  function show(at, words) {
    const isSeen = scalesAt(at) === scalesAt(positions()), seen = isSeen ? "" : "none";
    for (const { group, numbers } of parts) {
      if (shown !== String(at)) group.innerHTML = numbers.map((number) => drawn(number, at)).join("");
      group.style.display = seen;
      if (!group.isConnected) layers[numbers[0]].before(group);
    }
    shown = String(at);
    label.style.display = seen;
    if (isSeen && (!label.isConnected || said !== String(words))) write(words);
    return isSeen;
  }

  // A line for each word, in a corner.
  function write(words) {
    label.replaceChildren(...words.map((word, n) => {
      const text = svgElement("text", { y: `${1.2 * n}em` });
      text.textContent = word + (n < words.length - 1 ? "," : "");
      return text;
    }));
    said = String(words);
    if (!label.isConnected) root.querySelector(".explore-picture").append(label);
    const box = label.getBBox(), frame = data.panels[scalesAt(positions())][parseInt(layers[moving[0]].dataset.series)];
    const inner = { x: frame[3] + 60, y: Math.min(frame[8], frame[9]) + 60 };
    const free = { x: frame[4] - 60 - inner.x - box.width, y: Math.max(frame[8], frame[9]) - 60 - inner.y - box.height };
    const placed = ([right, low]) => ({ x: inner.x + right * free.x, y: inner.y + low * free.y });
    const { x, y } = placed(leastTaken((corner) => ({ ...placed(corner), width: box.width, height: box.height })));
    label.setAttribute("transform", `translate(${x - box.x} ${y - box.y})`);
  }

  // The corner whose box holds fewest points of what is drawn, and no words.
  function leastTaken(boxOf) {
    const seen = (kind) => [...root.querySelectorAll(`.explore-picture ${kind}`)].filter((part) => !part.closest("defs, .explore-named"));
    const points = seen("path[d]").flatMap((path) => [...dotsOf(path), ...verticesOf(path.getAttribute("d"))]);
    const words = seen("text").map((text) => text.getBBox());
    const taken = CORNERS.map((corner) => {
      const { x, y, width, height } = boxOf(corner);
      return points.filter(([a, b]) => a > x && a < x + width && b > y && b < y + height).length
        + words.filter((word) => word.x < x + width && word.x + word.width > x && word.y < y + height && word.y + word.height > y).length * 1000;
    });
    return CORNERS[taken.indexOf(Math.min(...taken))];
  }

  function remove() {
    for (const { group } of parts) group.remove();
    label.remove();
  }

  return { show, remove };
}

// A copy of the picture as it is when it is first shown, under it.
function copiedPicture({ root }, said) {
  const box = document.createElement("div");
  function show() {
    if (box.isConnected) return true;
    const picture = root.querySelector(".explore-picture"), copied = picture.cloneNode(true);
    for (const part of copied.querySelectorAll("defs, .explore-sheet, .explore-predicted")) part.remove();
    for (const part of copied.querySelectorAll("g")) for (const name of Object.keys(part.dataset)) delete part.dataset[name];
    copied.removeAttribute("aria-labelledby");
    copied.setAttribute("aria-label", root.querySelector("figcaption").textContent);
    box.replaceChildren(said, copied);
    picture.after(box);
    return true;
  }
  return { show, remove: () => box.remove() };
}

// Another state beside the one on show: says in what it differs, and can be dismissed.
// Null where it would not be seen and a copy is not wanted.
function compared(figure, word, dismissal, mayCopy, forget) {
  const { root, data, positions } = figure, said = document.createElement("p");
  const picture = faintPicture(figure) ?? (mayCopy ? copiedPicture(figure, said) : null);
  if (!picture) return null;
  said.className = "explore-compared";
  said.setAttribute("role", "status");
  const dismiss = buttonOf(dismissal, () => {
    forget();
    hide();
    root.querySelector("[data-name]").focus();
  });

  function nameOf(place, axis) {
    const label = data.labels[axis], text = data.texts[axis][place];
    const inside = label.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());
    return text.startsWith(inside) ? text : `${inside} ${text}`;
  }

  function show(at) {
    const now = positions();
    const names = at.flatMap((place, axis) => place === now[axis] ? [] : [nameOf(place, axis)]);
    const [first = "this state", ...others] = names, words = [`${word}: ${first}`, ...others];
    const isSeen = picture.show(at, words);
    const sentence = words.join(", ") + (isSeen ? ". " : ", not drawn: the axes are others now. ");
    const capital = sentence[0].toUpperCase() + sentence.slice(1);
    if (said.firstChild?.data !== capital) said.replaceChildren(capital, dismiss);
    if (!said.isConnected) root.querySelector(".explore-note").before(said);
  }

  function hide() {
    picture.remove();
    said.remove();
  }

  return { show, hide };
}

// One state at a time is compared with: a pin takes the place of a ghost.
function addPin(figure) {
  let at = null;
  const { root, positions } = figure;
  const pin = compared(figure, "pinned", "Remove the pin", true, () => (at = null));
  root.addEventListener("explore-moved", () => at && pin.show(at));
  figure.isPinned = () => at !== null;
  return {
    words: () => (at ? "Remove the pin" : "Pin this state"),
    toggle() {
      at = at ? null : positions();
      root.dispatchEvent(new CustomEvent("explore-pinned"));
      if (at) pin.show(at);
      else pin.hide();
    },
  };
}
