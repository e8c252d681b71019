// On a page of many figures each wakes when it comes near, is touched, or is asked for by
// the page's address: then its data is loaded, a script that calls `showFigure`.
const asleep = new Map(
  [...document.querySelectorAll("figure.explore[data-figure]")].map((root) => [root.dataset.figure, root]),
);

window.showFigure = (source, data, id) => {
  const root = document.querySelector(`figure.explore[data-figure="${source}"]`);
  const cell = root.closest(".cell");
  const folds = cell ? [...cell.querySelectorAll(":scope > details")] : [];
  const code = folds.at(-1) ?? cell?.querySelector(".cell_input");
  if (code) root.dataset.code = code.id ||= id + "code";
  connect(root, data, id, addStory);
};

function wake(root) {
  if (!root || !asleep.delete(root.dataset.figure)) return;
  near.unobserve(root);
  const script = document.createElement("script");
  script.src = root.dataset.up + root.dataset.figure;
  document.body.append(script);
}

const near = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) if (isIntersecting) wake(target);
}, { rootMargin: "100% 0px" });
for (const root of asleep.values()) near.observe(root);

for (const event of ["pointerdown", "focusin"])
  addEventListener(event, ({ target }) => wake(target.closest?.("figure.explore")));

function wakeAddressed() {
  const name = location.hash.slice(1).split("?")[0];
  if (!name) return;
  const root = document.getElementById(name);
  if (root?.matches("figure.explore")) wake(root);
  else if (location.hash.includes("?")) tellMissing(name);
}
addEventListener("hashchange", wakeAddressed);
wakeAddressed();

function tellMissing(name) {
  const said = document.createElement("p");
  said.className = "explore-missing";
  said.setAttribute("role", "status");
  document.querySelector("main, body").prepend(said);
  said.textContent = `The address asks for the figure “${name}”, which this page does not have.`;
}

// A frame tells the page around it how high it is; a deck of slides fills what it gets.
if (window !== window.parent && !document.querySelector(".deck")) {
  const tell = () => window.parent.postMessage(
    { type: "explore-height", height: Math.ceil(document.documentElement.getBoundingClientRect().height), address: location.href },
    "*",
  );
  new ResizeObserver(tell).observe(document.body);
}
