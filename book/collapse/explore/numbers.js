// The numbers of a state, read off its drawing by the scales of its panels: as exact as
// the drawing, whose coordinates are whole tenths of a pixel.

function csv(root, data, positions) {
  const panels = data.panels[data.panel.table[placeIn(data.panel, positions)]];
  const rows = [["panel", "series", "x", "y", "text"]];
  for (const group of root.querySelectorAll("[data-series]")) {
    const [, number, kind, name] = group.dataset.series.match(/^(\d+) (\w+) (.*)$/s);
    const x = valueAt(panels[number].slice(0, 5)), y = valueAt(panels[number].slice(5));
    if (!x || !y) continue;
    for (const [across, down, text = ""] of pointsOf(group, kind, y))
      rows.push([+number + 1, name, x(across), y(down), text]);
  }
  const quoted = (value) => /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  return rows.map((row) => row.map((value) => quoted(String(value))).join(",")).join("\r\n") + "\r\n";
}

// From a place in the drawing to a value, rounded to what a tenth of a pixel can tell.
function valueAt([scale, from, to, begin, end]) {
  if (!scale || begin === end) return null;
  const isLog = scale === "log";
  const [low, high] = isLog ? [Math.log(from), Math.log(to)] : [from, to];
  const exact = (place) => {
    const value = low + ((high - low) * (place - begin)) / (end - begin);
    return isLog ? Math.exp(value) : value;
  };
  return (place) => {
    const value = exact(place), step = Math.abs(exact(place + 0.5) - exact(place - 0.5));
    if (scale === "date") return new Date(Math.round(value * 864e5)).toISOString().replace("T00:00:00.000Z", "");
    const digits = Math.max(0, -Math.floor(Math.log10(step)));
    return +value.toFixed(Math.min(digits, 20));
  };
}

function pointsOf(group, kind, y) {
  if (kind === "text")
    return [...group.querySelectorAll("text")].map((text) => [...placeOf(text), text.textContent]);
  const paths = [...group.querySelectorAll("path")];
  if (kind === "points") return paths.flatMap(dotsOf);
  if (kind === "bar" || kind === "barh") return paths.map((path) => endOf(path, kind, y));
  // What is repeated along a line are its markers, not its course.
  return paths.map((path) => path.getAttribute("d")).filter((d) => !/[a-z]/.test(d)).flatMap(verticesOf);
}

function placeOf(text) {
  if (text.hasAttribute("x")) return [+text.getAttribute("x"), +text.getAttribute("y")];
  return text.getAttribute("transform").match(/-?[\d.]+/g).slice(0, 2).map(Number);
}

// Absolute commands as they are drawn: the last point of each is a vertex.
function verticesOf(d) {
  return [...d.matchAll(/[MLQC]([^A-Za-z]*)/g)].map(([, numbers]) => numbers.trim().split(/[ ,]+/).slice(-2).map(Number));
}

// A stamp is repeated from the points where it begins; one shape lies around its point.
function dotsOf(path) {
  const d = path.getAttribute("d");
  if (/[a-z]/.test(d)) return [...d.matchAll(/M(-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [+x, +y]);
  const { x, y, width, height } = path.getBBox();
  return [[x + width / 2, y + height / 2]];
}

function endOf(path, kind, y) {
  const { x, y: top, width, height } = path.getBBox();
  if (kind === "barh") return [x + width, top + height / 2];
  const end = Math.abs(y(top)) >= Math.abs(y(top + height)) ? top : top + height;
  return [x + width / 2, end];
}
