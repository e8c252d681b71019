// The menu of a figure: what a reader takes along. An item stands there only where it
// works: a link where the page has an address, data where the recording carries them.

function addMenu({ root, data, positions }, pin) {
  const menu = root.querySelector(".explore-menu");
  const { embed, code } = root.dataset;
  const items = [];
  if (pin.isPossible) items.push([pin.words, pin.toggle]);
  if ("addressed" in root.dataset && data.name) items.push(["Copy link", copyLink]);
  if (embed) items.push(["Copy HTML to embed", copyFrame]);
  items.push(["Save as PNG", savePicture], ["Save as SVG", saveDrawing]);
  if (root.querySelector("[data-series]")) items.push(["Save data as CSV", saveData]);
  if (code) items.push(["Show the code", showCode]);

  const list = menu.querySelector("ul");
  list.replaceChildren(...items.map(([words, act]) => {
    const button = buttonOf(typeof words === "function" ? words() : words, () => {
      close();
      act();
      if (typeof words === "function") button.textContent = words();
    });
    const item = document.createElement("li");
    item.append(button);
    return item;
  }));

  function close() {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    close();
  });
  document.addEventListener("click", ({ target }) => {
    if (!menu.contains(target)) menu.open = false;
  });
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !menu.contains(relatedTarget)) menu.open = false;
  });

  const state = () => data.name ? stateAddress(data, positions()) : "";
  const fileName = (ending) => [data.name || "figure", ...positions().map((place, axis) =>
    data.keys[axis][place].replace(/[^\w.-]+/g, "-"))].join("_") + ending;

  function copyLink() {
    copy(new URL(state(), location.href).href, "Link copied.");
  }

  function copyFrame() {
    const address = new URL(embed + state(), document.baseURI).href;
    const height = Math.ceil(root.getBoundingClientRect().height) + 32;
    const title = root.querySelector("figcaption").textContent.replaceAll('"', "&quot;");
    copy(`<iframe src="${address}" title="${title}" width="100%" height="${height}" style="border:0;max-width:48rem" loading="lazy"></iframe>`,
      "HTML copied.");
  }

  // Where a page may not write to the clipboard, the text can be copied by hand.
  function copy(text, said) {
    const field = document.createElement("textarea");
    field.value = text;
    field.readOnly = true;
    field.rows = 3;
    field.setAttribute("aria-label", "To copy");
    const byHand = () => {
      note(root, "Copy this:", field);
      field.focus();
      field.select();
    };
    if (!navigator.clipboard) return byHand();
    navigator.clipboard.writeText(text).then(() => note(root, said), byHand);
  }

  function save(blob, ending) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = fileName(ending);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    note(root, `Saved as ${link.download}.`);
  }

  // The picture as shown, with the theme's colours written into it.
  function drawing() {
    const shown = root.querySelector(".explore-picture"), copied = shown.cloneNode(true);
    const look = getComputedStyle(shown), { width, height } = shown.viewBox.baseVal;
    const ink = look.color, paper = colourOf(shown, "--paper");
    const title = document.createElementNS(copied.namespaceURI, "title");
    title.textContent = root.querySelector("figcaption").textContent;
    copied.prepend(title);
    copied.querySelector(".explore-sheet")?.remove();
    copied.removeAttribute("aria-labelledby");
    copied.removeAttribute("class");
    const size = shown.getBoundingClientRect();
    copied.setAttribute("width", size.width);
    copied.setAttribute("height", (size.width * height) / width);
    copied.setAttribute("style", `--ink:${ink};--paper:${paper};--grow:${look.getPropertyValue("--grow") || 1};`
      + `color:${ink};background:${paper};font-family:${look.fontFamily.replaceAll('"', "'")};white-space:pre`);
    return new XMLSerializer().serializeToString(copied);
  }

  function saveDrawing() {
    save(new Blob([drawing()], { type: "image/svg+xml" }), ".svg");
  }

  function savePicture() {
    const { width, height } = root.querySelector(".explore-picture").getBoundingClientRect();
    const picture = new Image(), canvas = document.createElement("canvas");
    canvas.width = Math.round(2 * width);
    canvas.height = Math.round(2 * height);
    picture.onload = () => {
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => save(blob, ".png"));
    };
    picture.onerror = () => note(root, "This browser cannot make a picture of the figure.");
    picture.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(drawing());
  }

  function saveData() {
    save(new Blob([csv(root, data, positions())], { type: "text/csv" }), ".csv");
  }

  function showCode() {
    const fold = document.getElementById(code);
    fold.open = true;
    fold.scrollIntoView({ block: "nearest" });
    fold.querySelector("summary").focus();
  }
}

function buttonOf(words, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words;
  button.addEventListener("click", act);
  return button;
}

// A custom property may hold a formula; a colour that is computed holds none.
function colourOf(element, property) {
  const probe = document.createElement("span");
  probe.style.color = `var(${property})`;
  element.parentElement.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
