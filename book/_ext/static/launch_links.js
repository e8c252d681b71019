// Answers the form of launch_links.py: a link that opens a chapter on a platform.
(() => {
  const root = document.getElementById("launch-links");
  if (!root) return;
  const form = root.querySelector("form"), said = root.querySelector(".launch-said");
  const { page, platform, hub, link } = form.elements;
  const copyButton = form.querySelector("button");

  // A hub's address as its owner may paste it: without https, or with a page behind it.
  function hubAddress(text) {
    const whole = /^[a-z]+:/i.test(text) ? text : `https://${text}`;
    const { protocol, origin, pathname, hostname } = new URL(whole);
    if (!/^https?:$/.test(protocol) || !/\.|^localhost$/.test(hostname)) throw new Error("no address");
    return origin + pathname.replace(/\/(hub|user|lab|tree)(\/.*)?$/, "").replace(/\/+$/, "");
  }

  function answer() {
    const { link: template, hub: usual, about, needsHub } = platform.selectedOptions[0].dataset;
    const asks = template.includes("{hub}"), text = hub.value.trim();
    hub.closest("p").hidden = !asks;
    hub.required = needsHub !== undefined;
    hub.placeholder = usual;
    hub.removeAttribute("aria-invalid");
    let address = usual;
    try {
      if (asks && (text || hub.required)) address = hubAddress(text);
    } catch {
      if (text) hub.setAttribute("aria-invalid", "true");
      link.value = "";
      copyButton.disabled = true;
      said.textContent = text ? `“${text}” is no address of a hub.` : "Give the address of your hub.";
      return;
    }
    link.value = template.replace("{hub}", address).replace("{page}", page.value);
    copyButton.disabled = false;
    said.textContent = about;
  }

  // Where a page may not write to the clipboard, the link can be copied by hand.
  function copy() {
    const byHand = () => {
      link.focus();
      link.select();
      said.textContent = "The link is selected: copy it.";
    };
    if (!navigator.clipboard) return byHand();
    navigator.clipboard.writeText(link.value).then(() => (said.textContent = "Link copied."), byHand);
  }

  form.hidden = false;
  root.querySelector(".launch-by-hand").hidden = true;
  form.addEventListener("input", answer);
  form.addEventListener("submit", (event) => event.preventDefault());
  copyButton.addEventListener("click", copy);
  answer();
})();
