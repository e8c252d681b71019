// A state behind the others, faint, to be compared with them. It has no words, which
// could not be read below others. It is hidden while the panels have other scales, by
// which it would lie in other places.

function faintPicture({ root, data, positions, drawn }) {
  const layers = [...root.querySelectorAll("g[data-layer]")];
  const moving = layers.flatMap((layer, number) => /^\d+ (?!text )/.test(layer.dataset.series) ? [number] : []);
  // A group for each panel, above its background and below all that moves in it.
  const groups = Map.groupBy(moving, (number) => parseInt(layers[number].dataset.series));
  const parts = [...groups.values()].map((numbers) => {
    const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
    group.setAttribute("class", "explore-faint");
    group.setAttribute("opacity", 0.45);
    return { group, numbers };
  });
  const scalesAt = (at) => data.panel.table[placeIn(data.panel, at)];
  let shown = "";

  function show(at) {
    for (const { group, numbers } of parts) {
      if (shown !== String(at)) group.innerHTML = numbers.map((number) => drawn(number, at)).join("");
      group.style.display = scalesAt(at) === scalesAt(positions()) ? "" : "none";
      if (!group.isConnected) layers[numbers[0]].before(group);
    }
    shown = String(at);
  }

  return {
    isPossible: moving.length > 0,
    show,
    remove: () => parts.forEach(({ group }) => group.remove()),
  };
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
