// Draws a recorded figure in any of its states. `mount` needs only the figure's element
// and its data, and returns a function that moves to given positions of its controls, and
// one that writes what a layer shows there.

// Where in a table the entry for some positions stands.
const placeIn = ({ strides }, positions) => strides.reduce((sum, step, axis) => sum + step * positions[axis], 0);

function mount(root, data, id) {
  const at = (layer, positions) => layer.table[placeIn(layer, positions)];
  const layers = [...root.querySelectorAll("g[data-layer]")];
  const caption = root.querySelector("figcaption");
  const shown = data.layers.map((layer) => layer.drawings[at(layer, data.start)]);

  // Coordinates are stored as differences of some order; adding up restores them.
  const decoded = new Map();
  function coordinates(number) {
    if (!decoded.has(number)) {
      const [order, ...values] = data.coordinates[number];
      for (let pass = order; pass > 0; pass--)
        for (let i = pass; i < values.length; i++) values[i] += values[i - 1];
      decoded.set(number, values);
    }
    return decoded.get(number);
  }

  const PAIRS = { M: 1, L: 1, Q: 2, C: 3, Z: 0 };
  const written = new Map();
  function pathData(mark) {
    if (written.has(mark)) return written.get(mark);
    const kind = data.marks[mark];
    let d = "";
    if (kind[0] === 0) {
      const [, , operations, xs, ys] = kind;
      const x = coordinates(xs), y = coordinates(ys);
      let i = 0;
      for (const [, letter, times] of data.strings[operations].matchAll(/([A-Z])(\d*)/g))
        for (let n = +times || 1; n > 0; n--) {
          d += letter;
          for (let pair = PAIRS[letter]; pair > 0; pair--, i++)
            d += (pair < PAIRS[letter] ? " " : "") + x[i] + " " + y[i];
        }
    } else {
      const [, , stamp, , xs, ys] = kind;
      const x = coordinates(xs), y = coordinates(ys);
      for (let i = 0; i < x.length; i++) d += place(x[i], y[i], data.strings[stamp]);
    }
    written.set(mark, d);
    return d;
  }

  // A stamp is a relative path; one that does not move first draws from its point.
  function place(x, y, stamp) {
    return "M" + x + " " + y + stamp;
  }

  function attributes(number) {
    return data.strings[number].replaceAll("#@", "#" + id);
  }

  const escape = (text) => text.replace(/[&<]/g, (sign) => `&#${sign.charCodeAt()};`);

  // Without a transform a browser need not look for a text's style again.
  function placement([, , , x, y, angle]) {
    return angle ? { transform: `translate(${x} ${y}) rotate(${angle})` } : { x, y };
  }

  function markup(mark) {
    const kind = data.marks[mark];
    if (kind[0] === 0 || (kind[0] === 1 && kind[3]))
      return `<path ${attributes(kind[1])} d="${pathData(mark)}"/>`;
    if (kind[0] === 1) {
      const [, look, stamp, , xs, ys] = kind;
      const x = coordinates(xs), y = coordinates(ys);
      const points = x.map((_, i) => `<path d="${place(x[i], y[i], data.strings[stamp])}"/>`);
      return `<g ${attributes(look)}>${points.join("")}</g>`;
    }
    if (kind[0] === 2) {
      const [, clip, look, , , , size, growth, text] = kind;
      const where = Object.entries(placement(kind)).map(([name, value]) => ` ${name}="${value}"`);
      const words = `<text ${attributes(look)} font-size="calc(${size}px*min(var(--grow,1),${growth}))"`
        + `${where.join("")}>${escape(text)}</text>`;
      return data.strings[clip] ? `<g${attributes(clip)}>${words}</g>` : words;
    }
    const [, clip, where, source] = kind;
    return `<g${attributes(clip)}><image ${data.strings[where]} href="${data.strings[source]}"/></g>`;
  }

  // Where only a path's course, a text's words and place, or an image's pixels differ,
  // the element stays.
  const KEPT = [[1], [1, 3], [1, 2, 5, 6, 7], [1, 2]];
  function canStay(old, mark) {
    const a = data.marks[old], b = data.marks[mark];
    return old === mark || (a[0] === b[0] && KEPT[a[0]].every((i) => a[i] === b[i])
      && (a[0] !== 1 || a[3]));
  }

  function redraw(element, mark) {
    const kind = data.marks[mark];
    if (kind[0] < 2) return element.setAttribute("d", pathData(mark));
    const inner = element.localName === "g" ? element.firstChild : element;
    if (kind[0] === 3) return inner.setAttribute("href", data.strings[kind[3]]);
    for (const [name, value] of Object.entries(placement(kind))) inner.setAttribute(name, value);
    if (inner.textContent !== kind[8]) inner.textContent = kind[8];
  }

  function show(number, drawing) {
    const group = layers[number], old = shown[number];
    shown[number] = drawing;
    if (old.length === drawing.length && drawing.every((mark, i) => canStay(old[i], mark)))
      drawing.forEach((mark, i) => {
        if (mark !== old[i]) redraw(group.children[i], mark);
      });
    else group.innerHTML = drawing.map(markup).join("");
  }

  function move(positions) {
    const state = positions.join(" ");
    if (root.dataset.state === state) return;
    root.dataset.state = state;
    data.layers.forEach((layer, number) => {
      const drawing = layer.drawings[at(layer, positions)];
      if (drawing !== shown[number]) show(number, drawing);
    });
    const sentence = data.captions[at(data.caption, positions)];
    if (caption.textContent !== sentence) caption.textContent = sentence;
  }

  const drawn = (number, positions) => {
    const layer = data.layers[number];
    return layer.drawings[at(layer, positions)].map(markup).join("");
  };
  return { move, drawn };
}
