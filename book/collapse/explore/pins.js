// A pinned state stays behind the others, faint, to be compared with them. It is hidden
// while the panels have other scales, by which it would lie in other places.

function addPin({ root, data, positions }) {
  let pinned = null, scales = null;

  const shownScales = () => data.panel.table[placeIn(data.panel, positions())];

  function place() {
    if (pinned) pinned.style.display = scales === shownScales() ? "" : "none";
  }
  root.addEventListener("explore-moved", place);

  function pin() {
    const moving = [...root.querySelectorAll("g[data-layer][data-series]")];
    pinned = document.createElementNS("http://www.w3.org/2000/svg", "g");
    pinned.setAttribute("class", "explore-pinned");
    pinned.setAttribute("opacity", 0.35);
    for (const layer of moving) {
      const copy = layer.cloneNode(true);
      copy.removeAttribute("data-layer");
      copy.removeAttribute("data-series");
      pinned.append(copy);
    }
    scales = shownScales();
    moving[0].before(pinned);
    note(root, `Pinned, faint: ${root.querySelector("figcaption").textContent}`);
  }

  function remove() {
    pinned.remove();
    pinned = null;
    note(root, "");
  }

  return {
    isPossible: root.querySelector("g[data-layer][data-series]") !== null,
    words: () => (pinned ? "Remove the pin" : "Pin this state"),
    toggle: () => (pinned ? remove() : pin()),
  };
}
