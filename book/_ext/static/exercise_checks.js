// Checks the answers to the forms of exercise_checks.py: of the lines of a checker's table
// the first that holds for the number is said.
(() => {
  // A number as people write it; NaN where it is none, null where a comma has two meanings.
  function decimal(written) {
    let word = written.trim();
    if (/^[+-]?\d{1,3}( \d{3})+(?!\d)/.test(word)) word = word.replaceAll(" ", "");
    if (/^[+-]?[1-9]\d{0,2},(?!000)\d{3}$/.test(word)) return null;
    if (/^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/.test(word)) word = word.replaceAll(",", "");
    word = word.replace(/^([+-]?\d*),(\d+)$/, "$1.$2");
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word) ? Number(word) : NaN;
  }

  // Also a quotient, and per cent, which is a hundredth where a share is asked for.
  function read(text, isShare) {
    const isPart = isShare && text.endsWith("%");
    const parts = text.replace(/%$/, "").split("/").map(decimal);
    if (parts.includes(null)) return null;
    const value = parts.length > 2 ? NaN : parts.reduce((above, below) => above / below);
    return isPart ? value / 100 : value;
  }

  // What is said of a text: the sentence, where it leads, whether it is right.
  function verdict(text, { table, isShare, noNumber, notFinite }) {
    if (!text) return ["Type a number first."];
    const value = read(text, isShare);
    if (value === null)
      return [`The comma may mean two things: write ${text.replaceAll(",", "")} or ${text.replaceAll(",", ".")}.`];
    if (isNaN(value)) return [`${noNumber} '${text.length > 78 ? text.slice(0, 76) + "..." : text + "'"}.`];
    if (!isFinite(value)) return [notFinite];
    const [, , , correct, said, figure] = table.find(
      ([low, high, whole]) =>
        (low ?? -Infinity) <= value && value <= (high ?? Infinity) && (!whole || Number.isInteger(value)));
    return [said, figure, correct];
  }

  for (const box of document.querySelectorAll(".exercise-check")) {
    const checker = JSON.parse(box.dataset.checker);
    const form = box.querySelector("form"), said = box.querySelector("output"), { answer } = form.elements;

    function say(sentence, figure, correct) {
      if (sentence && correct === undefined) answer.setAttribute("aria-invalid", "true");
      else answer.removeAttribute("aria-invalid");
      said.classList.toggle("exercise-right", Boolean(correct));
      said.replaceChildren(sentence);
      if (!figure) return;
      const link = Object.assign(document.createElement("a"), { className: "explore-link", href: figure });
      link.append("See it.");
      said.append(" ", link);
    }

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      say(...verdict(answer.value.trim().replace(/\s+/g, " ").replaceAll("−", "-"), checker));
    });
    answer.addEventListener("input", () => say(""));
    form.hidden = false;
  }
})();
