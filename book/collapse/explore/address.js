// The address of a state: #name?generation=150&estimator=unbiased, by value. A figure
// with a name follows the page's address and writes where the reader has come to.

function stateAddress(data, positions) {
  const words = new URLSearchParams(data.names.map((name, axis) => [name, data.keys[axis][positions[axis]]]));
  return "#" + data.name + "?" + words;
}

// What an address asks of a figure: positions, and what it asks in vain. Controls that it
// does not name stay as they are. Null where it asks for another figure, or for none.
function askedFor(hash, data, positions) {
  const [name, query = ""] = hash.slice(1).split(/\?(.*)/s);
  if (name !== data.name) return null;
  const wanted = [...positions], vain = [];
  for (const [word, value] of new URLSearchParams(query)) {
    const axis = data.names.indexOf(word), place = axis < 0 ? -1 : data.keys[axis].indexOf(value);
    if (place >= 0) wanted[axis] = place;
    else vain.push(`${word} = ${value}`);
  }
  return { wanted, vain };
}

// Each entry of the browser's history remembers where every figure stood, so that back
// and forward lead to what was seen.
function followAddress({ root, data, positions, moveTo }) {
  if (!("addressed" in root.dataset) || !data.name) return;
  const isFramed = window !== window.parent;
  let timer = null;

  function remember(how, address = location.href) {
    const explore = { ...history.state?.explore, [data.name]: positions() };
    history[how]({ ...history.state, explore }, "", address);
  }

  function read() {
    const asked = askedFor(location.hash, data, positions());
    if (asked) {
      moveTo(asked.wanted);
      if (asked.vain.length)
        note(root, `The address asks for ${asked.vain.join(" and ")}, which this figure does not have.`);
      const { top, bottom } = root.getBoundingClientRect();
      if (bottom < 80 || top > innerHeight - 80) root.scrollIntoView({ block: "nearest" });
    }
    clearTimeout(timer);
    remember("replaceState");
  }

  addEventListener("hashchange", read);
  addEventListener("popstate", ({ state }) => {
    if (state?.explore) moveTo(state.explore[data.name] ?? data.start);
  });
  root.addEventListener("explore-moved", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const address = stateAddress(data, positions());
      if (address !== location.hash) remember(isFramed ? "replaceState" : "pushState", address);
    }, 600);
  });
  moveTo(history.state?.explore?.[data.name] ?? positions());
  read();
}

// What a figure has to say of itself, once, to the eye and to a screen reader.
function note(root, sentence, ...more) {
  root.querySelector(".explore-note").replaceChildren(sentence, ...more);
}
