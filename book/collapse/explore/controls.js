// The controls of a figure: sliders, buttons of which one is pressed, lists, and a die.
// `controlOf` makes all kinds alike: a position from 0 to `last`, and a way to show it.

function controlOf(element, texts, moved) {
  const kind = element.dataset.control;
  const output = element.parentElement.querySelector("output");
  const control = { last: texts.length - 1, position: 0 };
  element.style.cssText = element.dataset.track;
  const radios = [...element.querySelectorAll("input")];

  function read() {
    if (kind === "buttons") return radios.findIndex((radio) => radio.checked);
    return kind === "die" ? +element.dataset.position : +element.value;
  }

  const show = {
    slider() {
      element.value = control.position;
      element.setAttribute("aria-valuetext", texts[control.position]);
      element.style.setProperty("--filled", (100 * control.position) / (control.last || 1) + "%");
    },
    buttons: () => (radios[control.position].checked = true),
    list: () => (element.value = control.position),
    die: () => (element.dataset.position = control.position),
  }[kind];

  control.set = (position) => {
    control.position = position;
    show();
    if (output && output.textContent !== texts[position]) output.textContent = texts[position];
  };
  control.set(read());

  function take(position) {
    control.set(position);
    moved();
  }
  if (kind === "die") element.addEventListener("click", () => take((control.position + 1) % texts.length));
  else element.addEventListener("input", () => take(read()));
  if (kind === "slider") letType(element, output, texts, take);
  return control;
}

// A value can be typed: begin with its first digit, or click on the value.
function letType(slider, output, texts, take) {
  const numbers = texts.map(numberIn);

  function nearest(typed) {
    const same = texts.findIndex((text) => plainly(text) === plainly(typed));
    if (same >= 0) return same;
    const wanted = numberIn(typed), gaps = numbers.map((number) => Math.abs(number - wanted));
    const least = Math.min(...gaps.filter((gap) => gap === gap));
    return gaps.indexOf(least);
  }

  function open(begun) {
    const field = document.createElement("input");
    field.className = "explore-typed";
    field.size = Math.max(...texts.map((text) => text.length));
    field.setAttribute("aria-label", slider.labels[0].textContent + ", a value");
    field.value = begun;
    output.hidden = true;
    output.after(field);
    field.focus();
    if (!begun) {
      field.value = output.textContent;
      field.select();
    }
    let open = true;
    function close(how) {
      if (!open) return;
      open = false;
      const position = how === "taken" ? nearest(field.value) : -1;
      field.remove();
      output.hidden = false;
      if (position >= 0) take(position);
    }
    field.addEventListener("keydown", ({ key }) => {
      if (key !== "Enter" && key !== "Escape") return;
      close(key === "Enter" ? "taken" : "left");
      slider.focus();
    });
    field.addEventListener("blur", () => close("taken"));
  }

  output.addEventListener("click", () => open(""));
  slider.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !/^[\d.,\-−]$/.test(event.key)) return;
    event.preventDefault();
    open(event.key);
  });
}

const plainly = (text) => text.replace(/[\s%]/g, "").replace("−", "-").toLowerCase();

// The number that a text begins with: 1 000 points, 2.5 %, 1e-3; not a number otherwise.
function numberIn(text) {
  const found = plainly(text).replace(",", ".").match(/^[^\d.\-]*(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)/);
  return found ? +found[1] : NaN;
}

// A page may hold the same figure twice: each copy gets ids of its own.
function ownIds(root, id) {
  let own = id, other;
  for (let n = 2; (other = document.getElementById(own + "caption")) && !root.contains(other); n++)
    own = id + "c" + n;
  if (own !== id) {
    root.removeAttribute("id");
    root.innerHTML = root.innerHTML.replaceAll(id, own);
  }
  return own;
}

// Connects a figure with its controls and the play button. Where a kernel is at hand, a
// model without a view (widget.py) hears "explore-moved" and answers "explore-move".
function connect(root, data, id, addMore) {
  // VS Code runs a copy of the script that stands behind the figure's box, not in it.
  if (!root.matches("figure")) root = root.querySelector("figure.explore");
  const { move, drawn } = mount(root, data, ownIds(root, id));
  const box = root.querySelector(".explore-controls");
  const button = box.querySelector(".explore-play");
  const caption = root.querySelector("figcaption");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let timer, goal;
  const controls = [...box.querySelectorAll("[data-name]")].map((element, axis) =>
    controlOf(element, data.texts[axis], () => {
      if (timer) stop();
      note(root, "");
      refresh();
    }));
  const first = controls[0];
  const positions = () => controls.map((control) => control.position);

  function refresh() {
    const was = root.dataset.state;
    move(positions());
    if (was && was !== root.dataset.state) tell("explore-moved", positions());
  }

  function tell(event, detail) {
    root.dispatchEvent(new CustomEvent(event, { bubbles: true, detail }));
  }

  function moveTo(wanted) {
    if (controls.every((control, axis) => control.position === wanted[axis])) return;
    if (timer) stop();
    controls.forEach((control, axis) => control.set(wanted[axis]));
    refresh();
  }
  root.addEventListener("explore-move", ({ detail }) => moveTo(detail));

  function name(word) {
    button.dataset.does = word;
    button.setAttribute("aria-label", word + ": " + button.dataset.what);
    button.title = word;
  }

  function stop() {
    clearTimeout(timer);
    caption.setAttribute("aria-live", "polite");
    if (timer) caption.textContent = caption.textContent;  // says where it stopped
    timer = null;
    name(calm.matches ? "Step" : "Play");
  }

  function go(position) {
    first.set(position);
    refresh();
  }

  function step() {
    if (first.position < goal) go(first.position + 1);
    if (first.position >= goal) stop();
  }

  // Slowly at first, so that the beginning is seen.
  function play(steps) {
    const pace = +button.dataset.pace || Math.min(500, Math.max(80, 6000 / first.last));
    timer = setTimeout(() => {
      step();
      if (timer) play(steps + 1);
    }, Math.max(pace, Math.min(700, pace * (4 - steps))));
  }

  function start() {
    caption.setAttribute("aria-live", "off");
    name("Pause");
    play(0);
  }

  // The first control plays to its place, from the beginning where it is beyond it.
  function playTo(wanted) {
    goal = wanted[0];
    const begin = first.position < goal ? first.position : 0;
    moveTo(calm.matches || !goal ? wanted : [begin, ...wanted.slice(1)]);
    if (first.position < goal) start();
  }

  // With reduced motion nothing runs by itself: each press is one step.
  button.addEventListener("click", () => {
    if (timer) return stop();
    goal = first.last;
    if (first.position === first.last) {
      go(0);
      if (calm.matches) return;
    }
    if (calm.matches) return step();
    start();
  });
  calm.addEventListener("change", stop);
  stop();
  refresh();
  // JupyterLab leaves the arrow keys alone here, its shortcuts' and its cells' own.
  box.dataset.lmSuppressShortcuts = "true";
  box.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
  });
  box.hidden = false;
  const figure = { root, data, positions, moveTo, playTo, drawn };
  followAddress(figure);
  addMenu(figure, addMore?.(figure) ?? addPin(figure));
  tell("explore-ready");
}
