// Draws what own_data.py asks for: a model learns the reader's points, the next one what
// this one makes, and so on. All generations are drawn at once; the slider shows them.
(() => {
  const root = document.getElementById("own-data");
  if (!root) return;
  const form = root.querySelector("form"), figure = root.querySelector("figure");
  const picture = root.querySelector(".own-data-picture"), said = root.querySelector("figcaption");
  const { points: field, generation, real } = form.elements;
  const { play, again, clear } = Object.fromEntries([...figure.querySelectorAll("button")].map((each) => [each.name, each]));
  const LAST = +root.dataset.generations, LEAST = 0, MOST = 100, FEWEST = 2, CLOSE = 9; // pixels
  const WORD = /^\d+(\.\d+)?$/;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  let luck = 1, points = [], generations = [], timer;

  // What the models do ----------------------------------------------------------------

  function fitted(data) {
    const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
    return { data, mean, spread: Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length) };
  }

  // So many of the points, none of them twice.
  function some(rng, count) {
    const left = [...points];
    return Array.from({ length: count }, () => left.splice(Math.floor(rng.uniform() * left.length), 1)[0]);
  }

  function live() {
    const rng = window.chance(luck), kept = +real.value;
    generations = points.length < FEWEST ? [] : [fitted(points)];
    while (generations.length && generations.length <= LAST) {
      const { mean, spread } = generations.at(-1);
      const made = Array.from({ length: points.length - kept }, () => mean + spread * rng.normal());
      generations.push({ ...fitted([...some(rng, kept), ...made]), kept });
    }
  }

  // The drawing -----------------------------------------------------------------------

  const HEAD = 132, LINE = 104, ROW = 5;

  function shape(name, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const edge = 14;
  const scale = () => (Math.max(240, picture.clientWidth) - 2 * edge) / (MOST - LEAST);
  const isDrawn = (x) => x >= LEAST - 3 && x <= MOST + 3;

  function dots(data, y, radius, kept) {
    const at = scale(), some = data.filter(isDrawn);
    return some.map((x) => shape("circle", {
      cx: (edge + at * (x - LEAST)).toFixed(1), cy: y, r: radius, class: data.indexOf(x) < kept ? "own-data-real" : "own-data-made" }));
  }

  // The model's bell curve over the line; a narrow one is no higher than there is room.
  function bell({ mean, spread }) {
    const at = scale(), width = Math.max(spread, 0.05);
    const height = (x) => Math.min(88, 900 / width) * Math.exp(-(((x - mean) / width) ** 2) / 2);
    const places = new Set([...Array.from({ length: 101 }, (_, i) => i), ...Array.from({ length: 61 }, (_, i) => mean + (i - 30) / 10 * width)]);
    const path = [...places].filter((x) => x >= LEAST && x <= MOST && height(x) > 0.5).sort((a, b) => a - b);
    return shape("polyline", { class: "own-data-model", points: path.map((x) => `${(edge + at * (x - LEAST)).toFixed(1)},${(LINE - height(x)).toFixed(1)}`).join(" ") });
  }

  function drawing(shown) {
    const at = scale(), width = 2 * edge + at * (MOST - LEAST), height = HEAD + (LAST + 1) * ROW;
    const svg = shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
      shape("rect", { class: "own-data-line", x: 0, y: 0, width, height: HEAD }),
      shape("path", { class: "own-data-axis", d: `M${edge} ${LINE}H${width - edge}` }),
      ...[0, 25, 50, 75, 100].map((x) => shape("text", { x: edge + at * x, y: LINE + 20, "text-anchor": "middle" }, String(x))));
    if (generations.length) svg.append(bell(generations[shown]));
    svg.append(...dots(points, LINE, 5, points.length));
    generations.slice(1, shown + 1).forEach(({ data, kept }, age) => svg.append(...dots(data, HEAD + (age + 1) * ROW, 2, kept)));
    return svg;
  }

  // In words --------------------------------------------------------------------------

  const digits = (number) => String(+number.toPrecision(2));

  function sentence(shown) {
    if (!generations.length) return "Tap at least two points onto the line.";
    const [first, now] = [generations[0].spread, generations[shown].spread];
    if (!first) return "All your points are one: there is nothing to lose. Add another.";
    const begin = `The spread of your ${points.length} points, their standard deviation, is ${digits(first)}.`;
    if (!shown) return `${begin} Blue: your points; orange: the model that has learned them. Press play.`;
    const half = generations.findIndex(({ spread }) => spread < first / 2);
    const kept = +real.value ? `, ${real.value} of them yours` : "";
    const lost = half > 0 && half <= shown ? ` Half of it was gone in generation ${half}.` : "";
    const rows = generations.slice(1, shown + 1), out = rows.flatMap(({ data }) => data).filter((x) => !isDrawn(x)).length;
    const beyond = out ? `; ${out} of all points lie beyond its ends` : "";
    return `${begin} Generation ${shown} has learned from ${points.length} points${kept}; its spread is ${digits(now)}.${lost} Each row below the line is a generation's data${beyond}.`;
  }

  function show() {
    const shown = generations.length ? +generation.value : 0;
    picture.replaceChildren(drawing(shown));
    said.textContent = sentence(shown);
    const state = generations[shown];
    root.dataset.spread = state ? state.spread : "";
    for (const each of [generation, real]) form.querySelector(`label[for="${each.id}"] output`).textContent = each.value;
  }

  // The controls ----------------------------------------------------------------------

  function stop() {
    clearInterval(timer);
    timer = undefined;
    play.textContent = "Play";
  }

  function begin() {
    if (timer) return stop();
    if (!generations.length) return;
    if (+generation.value === LAST) generation.value = 0;
    play.textContent = "Pause";
    timer = setInterval(() => {
      generation.value = +generation.value + 1;
      show();
      if (+generation.value === LAST) stop();
    }, calm.matches ? 400 : 160);
  }

  function renew() {
    live();
    show();
  }

  // Take what the field holds; what is no point is said and the old points stay.
  function read() {
    const words = field.value.split(/[\s,;]+/).filter(Boolean);
    const wrong = words.filter((word) => !WORD.test(word) || +word > MOST);
    field.toggleAttribute("aria-invalid", wrong.length > 0);
    if (wrong.length) {
      said.textContent = `A point is a number from ${LEAST} to ${MOST}; “${wrong[0]}” is not.`;
      return;
    }
    take(words.map(Number));
  }

  function take(wanted) {
    stop();
    points = wanted;
    generation.value = 0;
    real.max = Math.max(0, points.length);
    play.disabled = again.disabled = generation.disabled = real.disabled = points.length < FEWEST;
    renew();
  }

  function tap(event) {
    const box = picture.getBoundingClientRect(), at = scale();
    if (event.clientY - box.top > HEAD) return;
    const value = (event.clientX - box.left - edge) / at + LEAST;
    const near = points.findIndex((x) => Math.abs(x - value) * at < CLOSE);
    const whole = Math.round(Math.min(MOST, Math.max(LEAST, value)));
    const wanted = near < 0 ? [...points, whole] : points.filter((_, i) => i !== near);
    field.value = wanted.join(", ");
    field.removeAttribute("aria-invalid");
    take(wanted);
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("input", read);
  generation.addEventListener("input", () => {
    stop();
    show();
  });
  real.addEventListener("input", renew);
  picture.addEventListener("click", tap);
  play.addEventListener("click", begin);
  again.addEventListener("click", () => {
    luck++;
    renew();
    if (+generation.value < LAST && !timer) begin();
  });
  clear.addEventListener("click", () => {
    field.value = "";
    read();
    field.focus();
  });
  field.value = root.dataset.example;
  form.hidden = figure.hidden = false;
  root.querySelector(".own-data-loop").hidden = true;
  read();
  let width = picture.clientWidth;
  new ResizeObserver(() => {
    if (width === picture.clientWidth) return;
    width = picture.clientWidth;
    show();
  }).observe(picture);
})();
