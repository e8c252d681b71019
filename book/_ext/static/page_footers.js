// Who reports a mistake hands on the address as it stands: it says the figure's state.
(function () {
  function complete({ target }) {
    const link = target.closest?.('a[href*="/issues/new?"]');
    if (!link) return;
    const address = new URL(link.href), asked = address.searchParams;
    // A copy on disk keeps its folder to itself: the published page stands for it.
    const here = (published) =>
      location.protocol === "file:" ? published.split("#")[0] + location.hash : location.href;
    asked.set("body", asked.get("body").replace(/^Page: (.*)$/m, (_, published) => `Page: ${here(published)}`));
    link.href = address.href;
  }
  for (const event of ["pointerdown", "focusin", "click"]) addEventListener(event, complete, true);

  // Where the clipboard is closed, the text is marked, to be copied by hand.
  for (const form of document.querySelectorAll(".citation-form")) {
    const button = form.querySelector("button"), text = form.querySelector("pre");
    const said = form.parentElement.querySelector("[role=status]");
    const byHand = () => {
      getSelection().selectAllChildren(text);
      said.textContent = "The text is marked: copy it with the keyboard.";
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      if (!navigator.clipboard) return byHand();
      navigator.clipboard.writeText(text.textContent).then(() => { said.textContent = "Copied."; }, byHand);
    });
  }
})();
