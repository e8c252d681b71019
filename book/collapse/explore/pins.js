// A state behind the others, faint, to be compared with them. It is hidden while the
// panels have other scales, by which it would lie in other places.

function faintPicture({ root, data, positions, drawn }) {
  const layers = [...root.querySelectorAll("g[data-layer]")];
  const moving = layers.flatMap((layer, number) => "series" in layer.dataset ? [number] : []);
  const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
  group.setAttribute("class", "explore-faint");
  group.setAttribute("opacity", 0.35);
  const scalesAt = (at) => data.panel.table[placeIn(data.panel, at)];
  let shown = "";

  function show(at) {
    if (shown !== String(at)) group.innerHTML = moving.map((number) => drawn(number, at)).join("");
    shown = String(at);
    group.style.display = scalesAt(at) === scalesAt(positions()) ? "" : "none";
    if (!group.isConnected) layers[moving[0]].before(group);
  }

  return { isPossible: moving.length > 0, show, remove: () => group.remove() };
}

function addPin(figure) {
  const { root, positions } = figure, picture = faintPicture(figure);
  let pinned = null;
  root.addEventListener("explore-moved", () => {
    if (pinned) picture.show(pinned);
  });

  function pin() {
    picture.show((pinned = positions()));
    note(root, `Pinned, faint: ${root.querySelector("figcaption").textContent}`);
  }

  function remove() {
    pinned = null;
    picture.remove();
    note(root, "");
  }

  return {
    isPossible: picture.isPossible,
    words: () => (pinned ? "Remove the pin" : "Pin this state"),
    toggle: () => (pinned ? remove() : pin()),
  };
}
