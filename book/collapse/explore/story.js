// What a figure says beside its states: what it is compared with; moments can be visited;
// and a prediction is asked for before the figure gives the answer. Returns its pin.

function addStory(figure) {
  const pin = addComparison(figure);
  if (figure.data.ghost) addGhost(figure);
  if (figure.data.moments) addMoments(figure);
  if (figure.data.prediction) addPrediction(figure);
  return pin;
}

function addMoments({ root, data, positions, moveTo }) {
  const buttons = [...root.querySelectorAll(".explore-moments button")];
  const isHere = (moment) => positions().every((place, axis) => place === (moment[axis] ?? place));
  function tell() {
    buttons.forEach((button, number) => button.setAttribute("aria-pressed", isHere(data.moments[number])));
  }
  buttons.forEach((button, number) => button.addEventListener("click", () =>
    moveTo(positions().map((place, axis) => data.moments[number][axis] ?? place))));
  root.addEventListener("explore-moved", tell);
  tell();

  [...root.querySelectorAll("[data-name]")].forEach((element, axis) => {
    const places = new Set(data.moments.map((moment) => moment[axis]).filter((place) => place !== null));
    if (element.dataset.control !== "slider" || !places.size) return;
    const ticks = [...places].sort((a, b) => a - b).map((place) => {
      const middle = (100 * place) / element.max + "%";
      const [begin, end] = [`calc(${middle} - 1px)`, `calc(${middle} + 1px)`];
      return `transparent ${begin}, var(--accent) ${begin} ${end}, transparent ${end}`;
    });
    element.style.setProperty("--moments", `linear-gradient(var(--towards, to right), ${ticks.join(", ")})`);
  });
}

function addPrediction(figure) {
  const { root, data, playTo } = figure, { kind, state, lesson } = data.prediction;
  const form = root.querySelector(".explore-prediction"), said = form.querySelector(".explore-lesson");
  const answer = { pick: pickedIn, estimate: typedIn, sketch: drawnIn }[kind](form, figure);
  const again = buttonOf("Predict again", () => {
    store(null);
    delete form.dataset.answered;
    said.replaceChildren();
    answer.clear();
    form.querySelector("input, summary").focus();
  });

  // The answer stays in this browser; where it may not keep anything, it is asked again.
  const place = `explore-prediction:${location.pathname}#${root.id}`;
  function store(value) {
    try {
      if (value === null) localStorage.removeItem(place);
      else localStorage.setItem(place, JSON.stringify(value));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
  }
  function stored() {
    try {
      return JSON.parse(localStorage.getItem(place));
    } catch (error) {
      if (error instanceof DOMException || error instanceof SyntaxError) return null;
      throw error;
    }
  }

  function close(value) {
    form.dataset.answered = "";
    answer.draw(value);
    said.replaceChildren(`${answer.compare(value)} ${lesson} `, again);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const value = answer.read();
    if (value === null) return said.replaceChildren(answer.wanted);
    store(value);
    close(value);
    playTo(state);
  });
  form.hidden = false;
  const value = stored();
  if (answer.fits(value)) close(value);
}

function pickedIn(form, { data }) {
  const radios = [...form.querySelectorAll("input")], { answer } = data.prediction;
  return {
    wanted: "Choose one answer.",
    read: () => radios.find((radio) => radio.checked)?.value ?? null,
    fits: (value) => radios.some((radio) => radio.value === value),
    compare: (value) => value === answer ? `“${value}” is right.` : `You said “${value}”; it is “${answer}”.`,
    draw() {},
    clear: () => radios.forEach((radio) => (radio.checked = false)),
  };
}

function typedIn(form, figure) {
  const field = form.querySelector("input"), { answer, unit, panel } = figure.data.prediction;
  const line = panel === null ? null : overlay(figure, "path", DOTTED);
  const said = (value) => `${value}${unit && " "}${unit}`;
  return {
    wanted: "Type a number.",
    read() {
      const value = numberIn(field.value);
      return Number.isFinite(value) ? value : null;
    },
    fits: (value) => typeof value === "number",
    compare: (value) => `You said ${said(value)}; it is ${said(answer)}.`,
    draw(value) {
      if (!line) return;
      const frame = frameAt(figure), height = placeAt(frame.slice(5))?.(value);
      const [low, high] = [frame[8], frame[9]].sort((a, b) => a - b);
      if (height >= low && height <= high) line.setAttribute("d", `M${frame[3]} ${height}H${frame[4]}`);
    },
    clear() {
      field.value = "";
      line?.setAttribute("d", "");
    },
  };
}

// The scales of the panel that a prediction is about, as `numbers.js` reads them.
function frameAt({ data }) {
  const { panel, state } = data.prediction;
  return data.panels[data.panel.table[placeIn(data.panel, state)]][panel];
}

// From a value to its place in the drawing; null where a page cannot tell.
function placeAt([scale, from, to, begin, end]) {
  if (scale !== "linear" && scale !== "log") return null;
  const counted = scale === "log" ? Math.log : (value) => value;
  return (value) => begin + ((counted(value) - counted(from)) * (end - begin)) / (counted(to) - counted(from));
}

function overlay({ root }, kind, attributes) {
  const element = svgElement(kind, attributes);
  root.querySelector(".explore-picture").append(element);
  return element;
}

const DOTTED = {
  class: "explore-predicted", fill: "none", stroke: "currentColor", "stroke-width": 30,
  "stroke-linecap": "round", "stroke-dasharray": "0 60", "pointer-events": "none",
};

const COLUMNS = 48, TYPED = 5;

// The curve that a reader draws: a height for each of some columns of the panel.
function drawnIn(form, figure) {
  const { root, data, drawn } = figure, picture = root.querySelector(".explore-picture");
  const { panel, series, state, x } = data.prediction;
  const frame = frameAt(figure), [, , , left, right, , , , bottom, top] = frame;
  const across = valueAt(frame.slice(0, 5)), up = valueAt(frame.slice(5)), heightOf = placeAt(frame.slice(5));
  const placeOf = (column) => left + ((right - left) * column) / (COLUMNS - 1);
  const box = { x: left, y: Math.min(top, bottom), width: right - left, height: Math.abs(bottom - top) };
  const line = overlay(figure, "path", DOTTED), sheet = overlay(figure, "rect", { class: "explore-sheet", ...box });
  let heights, last;

  function draw(given) {
    heights = given;
    const points = heights.flatMap((height, column) => height === null ? [] : [`${placeOf(column)} ${height}`]);
    line.setAttribute("d", points.length ? "M" + points.join("L") : "");
    sheet.style.display = "answered" in form.dataset ? "none" : "";
  }

  function clear() {
    last = null;
    for (const field of fields) field.value = "";
    draw(new Array(COLUMNS).fill(null));
  }

  // A quick hand skips columns: what lies between is filled in.
  function join([column, height], [other, far]) {
    const steps = Math.abs(other - column);
    for (let step = 0; step <= steps; step++) {
      const share = steps ? step / steps : 1;
      heights[Math.round(column + (other - column) * share)] = Math.round(height + (far - height) * share);
    }
  }

  function follow(event) {
    const { x: place, y: height } = new DOMPoint(event.clientX, event.clientY)
      .matrixTransform(picture.getScreenCTM().inverse());
    const column = Math.round(((place - left) / (right - left)) * (COLUMNS - 1));
    const here = [Math.min(Math.max(column, 0), COLUMNS - 1),
      Math.min(Math.max(height, box.y), box.y + box.height)];
    join(last ?? here, here);
    last = here;
    draw(heights);
  }
  sheet.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    sheet.setPointerCapture(event.pointerId);
    last = null;
    follow(event);
  });
  sheet.addEventListener("pointermove", (event) => {
    if (sheet.hasPointerCapture(event.pointerId)) follow(event);
  });

  // A few heights may be typed instead, from the first of them to the last.
  const typed = form.querySelector("details");
  const columns = Array.from({ length: TYPED }, (_, n) => Math.round(((COLUMNS - 1) * n) / (TYPED - 1)));
  const fields = columns.map((column) => {
    const label = document.createElement("label"), field = document.createElement("input");
    field.size = 6;
    field.inputMode = "decimal";
    field.autocomplete = "off";
    label.append(`${x} ${short(across(placeOf(column)))} `, field);
    typed.append(label);
    field.addEventListener("input", () => {
      const given = fields.flatMap(({ value }, n) => {
        const height = heightOf?.(numberIn(value));
        return Number.isFinite(height) ? [[columns[n], height]] : [];
      });
      heights.fill(null);
      given.forEach((point, n) => join(given[Math.max(n - 1, 0)], point));
      draw(heights);
    });
    return field;
  });
  if (!across || !heightOf) typed.hidden = true;

  function truth() {
    const layers = [...root.querySelectorAll("g[data-layer]")];
    const number = layers.findIndex((layer) => layer.dataset.series === `${panel} line ${series}`);
    return [...drawn(number, state).matchAll(/ d="([^"]*)"/g)].flatMap(([, d]) => verticesOf(d));
  }

  clear();
  return {
    wanted: "Draw a curve across most of the panel.",
    read: () => heights.filter((height) => height !== null).length > COLUMNS / 2 ? heights : null,
    fits: (value) => Array.isArray(value) && value.length === COLUMNS,
    compare(value) {
      if (!across || !up) return "";
      const points = truth();
      let most = { gap: -1 };
      value.forEach((height, column) => {
        const real = height === null ? null : between(points, placeOf(column));
        if (real !== null && Math.abs(real - height) > most.gap)
          most = { gap: Math.abs(real - height), column, height, real };
      });
      if (most.gap < 0) return "";
      const where = `${x} ${short(across(placeOf(most.column)))}`;
      return `You are farthest off at ${where}: you drew ${short(up(most.height))}, and it is ${short(up(most.real))}.`;
    },
    draw,
    clear,
  };
}

const short = (value) => String(typeof value === "number" ? +value.toPrecision(2) : value);

// The height of a course of points at a place; null where it does not reach.
function between(points, place) {
  for (let n = 1; n < points.length; n++) {
    const [[x, y], [right, far]] = [points[n - 1], points[n]];
    if (place >= x && place <= right) return right === x ? far : y + ((far - y) * (place - x)) / (right - x);
  }
  return null;
}
