// Answers the form of calculator.py: how much real data a tolerated loss asks for, by the
// closed forms of collapse.theory, with a simulation drawn beside it. The page's address
// carries the settings: #how-much?loss=5&diet=fresh.
(() => {
  const root = document.getElementById("how-much");
  if (!root) return;
  const form = root.querySelector("form");
  const [said, figure, picture, caption, again, formulas] =
    [".how-much-said", "figure", ".how-much-picture", "figcaption", "button", ".how-much-formulas"]
      .map((each) => root.querySelector(each));
  const NAME = "how-much";
  const CHAINS = 192, FEW_CHAINS = 48; // few where each point has to be drawn
  const MOST = 1e15; // points; beyond it 1 - 1/M is not told from 1
  const MOST_DRAWN = 4e6; // points of all histories, where each has to be drawn
  const ROUNDING = 1e-9;

  // What is kept of the variance ------------------------------------------------------
  //
  // A plan is a diet, the size M of a generation, the count k of real points in it, and
  // what is left of the variance of a model's samples, `push`.

  const isMixed = (diet) => diet === "fresh" || diet === "replay";
  const isEach = (diet) => !isMixed(diet) && diet !== "once";

  function* course({ diet, size, count, push }) {
    const share = count / size, made = 1 - share, drift = 1 / size;
    let variance = 1 - drift;
    let scatter = diet === "replay" ? made / count : drift; // of the mean
    for (let fit = 2; ; fit++) {
      yield variance;
      const pushed = push * variance;
      if (diet === "replace") variance = (1 - drift) * pushed;
      else if (diet === "accumulate")
        variance *= 1 - (1 - push) / fit - push / (size * fit ** 2);
      else if (diet === "accumulate-subsample") {
        const lost = (1 - push) * (size - 1) + (2 + push * (1 - drift)) / fit;
        variance *= 1 - lost / (fit * size - 1);
      } else if (diet === "fresh") {
        variance = (1 - drift) * (share + made * pushed) + share * made * scatter;
        scatter = made ** 2 * scatter + drift * (share + made * pushed);
      } else if (diet === "replay") {
        variance = share - drift + made * (1 - drift) * pushed + share * made * scatter;
        scatter = made ** 2 * scatter + made * drift * pushed;
      }
    }
  }

  function first(fits, plan) {
    const steps = course(plan);
    return Array.from({ length: fits }, () => steps.next().value);
  }

  function forEver({ diet, size, count, push }) {
    if (isEach(diet) && push < 1) return 0;
    const share = count / size, made = 1 - share, pushed = made * push;
    switch (diet) {
      case "replace":
        return 0;
      case "accumulate": {
        const x = Math.PI / Math.sqrt(size);
        return Math.sin(x) / x;
      }
      case "accumulate-subsample": {
        const root = Math.sqrt(12 * size - 3), [r, s] = [1 + root, 1 - root].map((x) => x / (2 * size));
        return (1 - 1 / size) * Math.exp(logGamma(2 - 1 / size) - logGamma(2 - r) - logGamma(2 - s));
      }
      case "fresh": {
        const scatter = 1 / (size * (1 + made) * (1 - pushed) + pushed), held = share + made * (1 - push);
        return (1 - scatter) * (held ? share / held : 1);
      }
      case "replay":
        return (share - 1 / size) / (1 - pushed + pushed / (size * (1 + made)));
    }
  }

  function logGamma(x) {
    let above = 0;
    for (; x < 12; x++) above += Math.log(x);
    const inverse = 1 / x ** 2;
    const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / x;
    return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series - above;
  }

  function lost(count, { diet, horizon, points }, push) {
    if (diet === "once") return 1 / count;
    if (isMixed(diet) && !points) return { fresh: 1, replay: 3 }[diet] / (2 * count + 1);
    const plan = { diet, size: points ?? count, count, push };
    return 1 - (horizon ? first(horizon, plan).at(-1) : forEver(plan));
  }

  // How much is needed ----------------------------------------------------------------

  // The least count that loses no more than `loss`; or what is lost at the least.
  function least(loss, settings, push) {
    const { diet, points } = settings;
    const isEnough = (count) => lost(count, settings, push) <= loss * (1 + ROUNDING);
    const fewest = isEach(diet) ? 2 : diet !== "fresh" || !points ? 1 : 0;
    const most = points ?? MOST;
    if (!isEnough(most)) return { atLeast: lost(most, settings, push), tolerated: loss };
    let [low, high] = [0, most - fewest];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (isEnough(fewest + middle)) high = middle;
      else low = middle + 1;
    }
    return { count: fewest + low };
  }

  function needed(settings) {
    const { loss, diet, push, group, points } = settings;
    const asked = [least(loss, settings, push)];
    if (group) asked.push(least(group / (1 + group), settings, 1));
    const failed = asked.find((each) => each.atLeast !== undefined);
    if (failed) return failed;
    const count = Math.max(...asked.map((each) => each.count)), alone = asked[0].count;
    if (points) return { count, alone, share: count / points };
    const pushed = (1 - push) * (1 - loss);
    return { count, alone, share: isMixed(diet) && pushed ? pushed / (loss + pushed) : undefined };
  }

  function formulasFor({ diet, horizon, push, group, points }) {
    const names = [diet];
    if (isMixed(diet) && points) names[0] += horizon ? "-size-during" : "-size";
    else if (isMixed(diet) && push < 1) names.push("share");
    else if (diet.startsWith("accumulate") && !horizon) names[0] += push < 1 ? "" : "-ever";
    return group ? [...names, "group"] : names;
  }

  // A simulation by the exact law -----------------------------------------------------

  function generator(seed) {
    const { uniform, normal } = window.chance(seed);
    function gamma(shape) { // Marsaglia and Tsang (2000)
      if (shape < 1) return shape && gamma(shape + 1) * (1 - uniform()) ** (1 / shape);
      const d = shape - 1 / 3, c = 1 / Math.sqrt(9 * d);
      for (;;) {
        const x = normal(), v = (1 + c * x) ** 3;
        if (v > 0 && Math.log(1 - uniform()) < x * x / 2 + d * (1 - v + Math.log(v))) return d * v;
      }
    }
    return { uniform, normal, gamma };
  }

  // Number, mean and squared deviations of points, without the points.
  function draw(rng, count, mean, variance) {
    if (!count) return [0, 0, 0];
    return [count, mean + Math.sqrt(variance / count) * rng.normal(), 2 * variance * rng.gamma((count - 1) / 2)];
  }

  function pool([m, mean, squares], [n, other, more]) {
    const share = n / (m + n), gap = other - mean;
    return [m + n, mean + share * gap, squares + more + m * share * gap * gap];
  }

  // The variances of one history, fit by fit.
  function history(rng, fits, { diet, size, count, push }) {
    if (diet === "accumulate-subsample") return subsampled(rng, fits, size, push);
    const isReal = isMixed(diet) ? count : 0, kept = draw(rng, isReal, 0, 1);
    let all = isReal < size ? pool(draw(rng, size - isReal, 0, 1), kept) : kept;
    const variances = [all[2] / all[0]];
    while (variances.length < fits) {
      if (diet !== "once") {
        let batch = draw(rng, size - isReal, all[1], push * variances.at(-1));
        if (isReal) batch = pool(batch, diet === "replay" ? kept : draw(rng, isReal, 0, 1));
        all = diet === "accumulate" ? pool(all, batch) : batch;
      }
      variances.push(all[2] / all[0]);
    }
    return variances;
  }

  // Which points are taken again is chance, too: so here each point is drawn.
  function subsampled(rng, fits, size, push) {
    const points = new Float64Array(size * fits), variances = [];
    let mean = 0, variance = 1;
    for (let have = size; variances.length < fits; have += size) {
      const sd = Math.sqrt((have > size ? push : 1) * variance);
      for (let i = have - size; i < have; i++) points[i] = mean + sd * rng.normal();
      let [sum, squares] = [0, 0];
      for (let i = 0; i < size; i++) {
        const j = i + Math.floor((have - i) * rng.uniform());
        [points[i], points[j]] = [points[j], points[i]];
        sum += points[i];
      }
      mean = sum / size;
      for (let i = 0; i < size; i++) squares += (points[i] - mean) ** 2;
      variances.push((variance = squares / size));
    }
    return variances;
  }

  // What is drawn: the answer; where there is none, how a hundred points fare, or all.
  function planFor(settings, { count, share }) {
    const { diet, horizon, push, points } = settings;
    let size = count ?? points ?? 100;
    if (isMixed(diet)) size = points ?? (share ? Math.max(2, Math.floor(count / share)) : 20 * count);
    const plan = { diet, size, count: count ?? size, push };
    if (diet === "once") return { diet, size, count: size, push, fits: 1 };
    const slow = isMixed(diet) ? Math.ceil((2 * size) / plan.count) : 0;
    return { ...plan, fits: horizon ?? Math.min(1000, Math.max(count === undefined ? 100 : 50, slow)) };
  }

  function simulated(plan) {
    const isDrawn = plan.diet === "accumulate-subsample", chains = isDrawn ? FEW_CHAINS : CHAINS;
    if (isDrawn && plan.size * plan.fits * chains > MOST_DRAWN) return [];
    const rng = generator(luck);
    return Array.from({ length: chains }, () => history(rng, plan.fits, plan));
  }

  // In words --------------------------------------------------------------------------

  // From five digits on, as in the sentences of the book.
  const grouped = (number) => number < 1e4 ? String(number) : String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const percent = (share, digits = 2) => `${+(100 * share).toFixed(digits)}\u00a0%`;
  function percentAbove(share) { // three digits, never too few
    if (!share) return percent(0);
    const unit = 10 ** (Math.floor(Math.log10(100 * share)) - 2);
    return `${+(Math.ceil((100 * share) / unit - ROUNDING) * unit).toPrecision(3)}\u00a0%`;
  }
  const points = (count) => `${grouped(count)} ${count === 1 ? "point" : "points"}`;
  const real = (count) => `${grouped(count)} real ${count === 1 ? "point" : "points"}`;

  function sentences(settings, { count, share, atLeast, tolerated }) {
    const { loss, diet, horizon, push, points: size } = settings;
    const time = horizon ? `over ${points(horizon).replace("point", "generation")}` : "for ever";
    if (atLeast !== undefined)
      return ["No amount is enough", `: ${atLeast > 1 - ROUNDING ? "all" : `at least ${percent(atLeast)}`} of the variance is lost, on average and ${time}. ${tolerated < loss ? "The smallest group bears" : "You tolerate"} ${percent(tolerated, tolerated < loss ? 2 : 4)}.`];
    const held = `keep at least ${percent(1 - loss, 4)} of the variance, on average`;
    const kind = diet === "fresh" ? "new ones" : "the same ones";
    if (diet === "once") return [real(count), `, fitted once, ${held}.`];
    if (!isMixed(diet))
      return [`${points(count)} a generation`, ` ${held} and ${time}. Those of the first are real; no real point is needed after it.`];
    const some = `${grouped(count)} of ${points(size)}`, number = `${real(count)} a generation`;
    const must = `${percentAbove(share)} must be real`;
    if (size && push < 1)
      return [must, `: ${some} in each generation, ${kind} each time. They ${held} and ${time}. It is the share that holds a push.`];
    if (size)
      return [`${some} must be real`, ` in each generation, ${kind} each time: ${percentAbove(share)}. They ${held} and ${time}.`];
    if (push < 1)
      return [must, ` of each generation, however large it is: that holds the push. Against chance alone `, number, `, ${kind} each time, would ${held} and for ever.`];
    const few = diet === "fresh" ? " Among few it takes some more: say how many points a generation has." : "";
    return [number, `, ${kind} each time, ${held} and for ever, however many more synthetic points stand beside them.${few}`];
  }

  function* warnings(settings, { count, alone, atLeast }, plan, expected) {
    const { loss, diet, horizon, push, group, points: size } = settings;
    const isHeld = atLeast === undefined;
    if (diet === "replace") yield isHeld
      ? "The answer grows with the horizon: if all data are replaced for ever, no amount is enough."
      : "If all data are replaced, chance takes some of the variance each time. Keep data, or add real ones.";
    if (isEach(diet) && push < 1)
      yield "No number of points holds a push, only a share of real data in each generation does. This diet has none: the loss grows with the horizon.";
    if (isMixed(diet) && size && !isHeld)
      yield "Even if all points were real: a larger generation, or a larger loss, is needed.";
    if (isMixed(diet) && !size && horizon)
      yield "The answer is for ever, whatever the horizon. Say how many points a generation has, and it is for the horizon.";
    if (isMixed(diet) && !size && push < 1)
      yield `Count and share are each for one cause alone. Both causes at once take ${percent(1 - expected.at(-1))} in the drawing. Say how many points a generation has, and the answer is for both.`;
    if (alone < count)
      yield `The smallest group asks for so many; for the tolerated loss ${grouped(alone)} would do.`;
    if (group && push < 1 && diet !== "once")
      yield "The group is held against chance. What a push takes of it depends on where it lies.";
    if (isHeld && !group) {
      const drifted = lost(count, settings, 1);
      yield drifted < 1 / 3
        ? `An expected variance bounds no tail. With so many points a group of less than ${percent(drifted / (1 - drifted))} may vanish.`
        : "An expected variance bounds no tail. With so few points any group may vanish.";
    }
    if (isHeld) yield "The level is held on average: some histories lose more.";
  }

  function callFor({ loss, diet, horizon, push, group, points: size }) {
    const words = [loss, `"${diet}"`];
    if (horizon) words.push(`horizon=${horizon}`);
    if (push < 1) words.push(`shrinkage=${push}`);
    if (group) words.push(`smallest_group=${group}`);
    if (size) words.push(`sample_size=${size}`);
    return `theory.real_data_needed(${words.join(", ")})`;
  }

  function captionFor({ diet, size, count, fits }, expected, runs, level) {
    const about = {
      fresh: `, ${grouped(count)} of them real and new`,
      replay: `, ${grouped(count)} of them the same real ones each time`,
    }[diet] ?? "";
    const made = diet === "once" ? `fits to ${real(size)}` : `histories of ${points(size)} a generation${about}`;
    const line = `Dashed: the variance that the formula expects, ${percent(expected.at(-1))} of the real one after ${points(fits).replace("point", "fit")}.`;
    const tolerated = `The line across is the tolerated level, ${percent(level, 4)}.`;
    if (!runs.length) return `${points(size)} a generation are too many to draw histories here. ${line} ${tolerated}`;
    const ends = runs.map((run) => run.at(-1)), chains = runs.length;
    const mean = ends.reduce((sum, end) => sum + end) / chains;
    const error = Math.sqrt(ends.reduce((sum, end) => sum + (end - mean) ** 2, 0) / (chains - 1) / chains);
    return `${chains} simulated ${made}. ${line} Solid: the mean of the ${chains}, ${percent(mean, 1)}, give or take ${percent(2 * error, 1)}. Shaded: nine tenths of them. Thin: one of them. ${tolerated}`;
  }

  // The drawing -----------------------------------------------------------------------

  function shape(name, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function ticks(low, high, most) {
    const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((each) => each * power >= rough) * power;
    const begin = Math.ceil(low / step - ROUNDING);
    return Array.from({ length: Math.floor(high / step + ROUNDING) - begin + 1 }, (_, i) => (begin + i) * step);
  }

  function drawing(plan, expected, runs, level, colour) {
    const { fits } = plan, every = Math.ceil(fits / 240);
    const at = Array.from({ length: fits + 1 }, (_, fit) => fit).filter((fit) => fit % every === 0 || fit === fits);
    const sorted = runs.length ? at.map((fit) => runs.map((run) => run[fit - 1] ?? 1).sort((a, b) => a - b)) : [];
    const lines = { expected: at.map((fit) => expected[fit - 1] ?? 1) };
    let band = [];
    if (runs.length) {
      lines.mean = sorted.map((row) => row.reduce((a, b) => a + b) / runs.length);
      lines.one = at.map((fit) => runs[0][fit - 1] ?? 1);
      const cut = Math.round(runs.length / 20);
      band = [sorted.map((row) => row[cut]), sorted.map((row) => row[runs.length - 1 - cut])];
    }
    const all = [1, level, ...Object.values(lines).flat(), ...band.flat()];
    const room = 0.06 * (Math.max(...all) - Math.min(...all));
    const low = Math.min(...all) - room, high = Math.max(...all) + room;

    const width = Math.max(240, picture.clientWidth), height = 270;
    const [left, right, top, bottom] = [64, width - 12, 30, height - 44];
    const sx = (right - left) / fits, sy = (bottom - top) / (high - low);
    const x = (fit) => left + sx * fit, y = (value) => bottom - sy * (value - low);
    const path = (values) => at.map((fit, i) => `${fit},${+values[i].toPrecision(9)}`);
    const text = (words, x, y, anchor) => shape("text", { x, y, "text-anchor": anchor }, words);
    const curve = (name, extra) => lines[name] && shape("polyline", {
      class: `how-much-${name}`, points: path(lines[name]).join(" "), fill: "none", "vector-effect": "non-scaling-stroke", ...extra });

    const places = ticks(low, high, 5), digits = Math.max(0, -Math.floor(Math.log10(100 * (places[1] - places[0])) + ROUNDING));
    const svg = shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
      ...places.flatMap((value) => [
        shape("path", { d: `M${left} ${y(value)}H${right}`, class: "how-much-grid" }),
        text(`${(100 * value).toFixed(digits)}\u00a0%`, left - 8, y(value) + 4, "end")]),
      ...ticks(0, fits, width < 480 ? 4 : 8).filter(Number.isInteger).map((fit) => text(grouped(fit), x(fit), bottom + 18, "middle")),
      text("variance of the model, of the real one", 4, 16, "start"),
      text("fits", (left + right) / 2, height - 6, "middle"),
      shape("g", { transform: `matrix(${sx} 0 0 ${-sy} ${left} ${bottom + low * sy})` },
        ...(band.length ? [shape("polygon", { points: [...path(band[0]), ...path(band[1]).reverse()].join(" "), fill: colour, "fill-opacity": 0.25 })] : []),
        ...[
          curve("one", { stroke: colour, "stroke-width": 1 }),
          curve("mean", { stroke: colour, "stroke-width": 2.5 }),
          curve("expected", { stroke: "currentColor", "stroke-width": 2, "stroke-dasharray": "7 4" }),
        ].filter(Boolean)),
      shape("path", { d: `M${left} ${y(level)}H${right}`, class: "how-much-level" }),
      text("tolerated", left + 6, y(level) + (y(level) > bottom - 20 ? -6 : 16), "start"));
    svg.lastChild.setAttribute("class", "how-much-halo");
    return svg;
  }

  // The form --------------------------------------------------------------------------

  let luck = 1;
  let redraw = () => {};

  function settingsNow() {
    const { loss, horizon, diet, push, group, points } = form.elements;
    const number = (input) => (input.disabled || input.value === "" ? undefined : +input.value);
    const share = (input) => number(input) && number(input) / 100;
    return { loss: share(loss), diet: diet.value, horizon: number(horizon), push: 1 - (share(push) ?? 0), group: share(group), points: number(points) };
  }

  function element(name, ...children) {
    const made = document.createElement(name);
    made.append(...children);
    return made;
  }

  function complaint(input) {
    const { min, max, step } = input;
    const kind = step === "1" ? "a whole number" : "a number";
    return `${input.labels[0].firstChild.data.trim()} must be ${kind} from ${min} to ${max}.`;
  }

  // Show what belongs to the form as it is.
  function answer() {
    const diet = form.elements.diet.value;
    form.elements.points.disabled = !isMixed(diet);
    form.elements.horizon.disabled = form.elements.push.disabled = diet === "once";
    const inputs = [...form.elements], wrong = inputs.filter((input) => !input.disabled && !input.validity.valid);
    for (const input of inputs) input.toggleAttribute("aria-invalid", wrong.includes(input));
    figure.hidden = formulas.hidden = wrong.length > 0;
    if (wrong.length) {
      said.replaceChildren(...wrong.map((input) => element("p", complaint(input))));
      return;
    }
    const settings = settingsNow(), result = needed(settings), plan = planFor(settings, result);
    const expected = first(plan.fits, plan);
    const parts = sentences(settings, result).map((text, i) => (i % 2 ? text : element("strong", text)));
    const warned = [...warnings(settings, result, plan, expected)].map((text) => element("li", text));
    said.replaceChildren(element("p", ...parts), element("ul", ...warned), element("p", "In Python: ", element("code", callFor(settings))));
    const used = formulasFor(settings).map((name) => `how-much-${name}`);
    for (const each of formulas.querySelectorAll("dt, dd")) each.hidden = !used.some((name) => each.classList.contains(name));

    const runs = simulated(plan), level = 1 - settings.loss;
    const { colour } = form.elements.diet.selectedOptions[0].dataset;
    caption.textContent = captionFor(plan, expected, runs, level);
    again.hidden = !runs.length;
    redraw = () => picture.replaceChildren(drawing(plan, expected, runs, level, colour));
    redraw();
  }

  // The address -----------------------------------------------------------------------

  // Takes the settings of an address; says which it asks for in vain.
  function read() {
    const [name, query] = location.hash.slice(1).split(/\?(.*)/s);
    if (name !== NAME || !query) return;
    form.reset();
    luck = 1;
    const vain = [];
    for (const [word, value] of new URLSearchParams(query)) {
      const input = Object.hasOwn(NAMES, word) && NAMES[word];
      if (word === "luck" && /^[1-9]\d{0,8}$/.test(value)) luck = +value;
      else if (!input || !take(input, value)) vain.push(`${word} = ${value}`);
    }
    answer();
    if (vain.length)
      said.prepend(element("p", `The address asks for ${vain.join(" and ")}, which the calculator does not have.`));
  }
  const NAMES = Object.fromEntries([...form.elements].map((input) => [input.name, input]));

  function take(input, value) {
    if (input.type === "number" && !/^\d+(\.\d+)?$/.test(value)) return false;
    const before = input.value;
    input.value = value;
    if (input.value === value && input.validity.valid) return true;
    input.value = before;
    return false;
  }

  let timer;
  function write() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const filled = [...new FormData(form)].filter(([, value]) => value);
      const words = new URLSearchParams([...filled, ["luck", luck]]);
      window.history.replaceState(window.history.state, "", `#${NAME}?${words}`);
    }, 300);
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    answer();
    write();
  });
  again.addEventListener("click", () => {
    luck++;
    answer();
    write();
  });
  addEventListener("hashchange", read);
  form.hidden = figure.hidden = false;
  formulas.querySelector("p").textContent = "By the formula:";
  answer();
  read();
  let width = picture.clientWidth;
  new ResizeObserver(() => {
    if (width === picture.clientWidth) return;
    width = picture.clientWidth;
    redraw();
  }).observe(picture);
})();
