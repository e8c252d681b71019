// What the search shows: the words of articles alone, around what was looked for; and
// in which order. site_search.py writes the file of words.
{
  const BEFORE = 100, LENGTH = 240;
  const SENTENCE = 3;
  let coming;

  const wordsOfPages = () => coming ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.onload = () => resolve(window.wordsOfPages);
    script.onerror = reject;
    script.src = "search_words.js";
    document.body.append(script);
  });
  window.fetch = async page => new Response((await wordsOfPages())[page] ?? "");

  // The text of an article from a place in it to its end, or to the glossary's next term.
  function textFrom(html, anchor) {
    const { body } = new DOMParser().parseFromString(html, "text/html");
    const range = document.createRange();
    range.selectNodeContents(body);
    const place = anchor && body.querySelector(`[id="${CSS.escape(anchor.slice(1))}"]`);
    if (place) {
      range.setStartBefore(place);
      const { DOCUMENT_POSITION_FOLLOWING: AFTER } = Node;
      const next = [...body.querySelectorAll('[id^="term-"]')].find(term =>
        place.compareDocumentPosition(term) & AFTER && !place.contains(term));
      if (next) range.setEndBefore(next);
    }
    return range.toString();
  }

  // Where the most of what was looked for stands together, a stem for each word.
  function bestPlace(text, stems) {
    const stemmer = new Stemmer();
    const hits = [];
    for (const { 0: found, index } of text.matchAll(/[\p{L}\p{N}_]+/gu)) {
      const word = found.toLowerCase();
      // A stem may differ from its words in its last letter: "varieti".
      const stem = stems.find(each => word.includes(each)
        || word.startsWith(each.slice(0, -1)) && stemmer.stemWord(word) === each);
      if (stem) hits.push({ index, stem });
    }
    let best = 0, most = 0;
    hits.forEach(({ index }, first) => {
      const near = new Set();
      for (let i = first; hits[i]?.index < index + LENGTH - BEFORE; i++) {
        near.add(hits[i].stem);
      }
      if (near.size > most) [best, most] = [index, near.size];
    });
    return best;
  }

  function excerpt(html, stems, anchor) {
    const text = textFrom(html, anchor).replace(/\s+/g, " ");
    const place = bestPlace(text, [...stems]);
    // From a word's beginning to another one's end.
    const start = place > BEFORE ? text.indexOf(" ", place - BEFORE) + 1 : 0;
    const rest = text.slice(start, start + LENGTH);
    const isAll = start + LENGTH >= text.length;
    const summary = document.createElement("p");
    summary.className = "context";
    summary.textContent = (start ? "… " : "")
      + (isAll ? rest : `${rest.slice(0, rest.lastIndexOf(" "))} …`);
    return summary;
  }

  const wordsOf = text => text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(word => word);

  // Before Sphinx begins: its script follows this one, and waits for the same event.
  document.addEventListener("DOMContentLoaded", () => {
    const asked = wordsOf(new URLSearchParams(location.search).get("q") ?? "");
    const findAll = Search._performSearch;

    // Terms before titles of pages, if a word of theirs begins like each that is looked
    // for. Some words of a claim lead to it; one or two of them stand in too many.
    Scorer.score = ([, title, anchor, description, score]) => {
      const isMeant = anchor.startsWith("#term-")
        ? asked.every(each => wordsOf(title).some(word => word.startsWith(each)))
        : asked.length >= SENTENCE;
      return description ? isMeant ? Scorer.title + 1 : 1 : score;
    };
    // A place once, the last being the best; of a term its definition.
    Search._performSearch = (...query) => {
      const places = new Map();
      for (const result of findAll(...query)) {
        const [page, title, anchor, description] = result;
        const name = namesInIndex[`${page}.html${anchor}`];
        if (anchor.startsWith("#term-") && description) {
          result[1] = `Glossary: ${title}`;
          result[3] = null;
        } else if (name && !description) {
          result[1] = `${title}: ${name}`;
        }
        places.delete(page + anchor);
        places.set(page + anchor, result);
      }
      return [...places.values()];
    };
    Search.makeSearchSummary = excerpt;
    Documentation.TRANSLATIONS[
      "Search finished, found ${resultCount} page(s) matching the search query."
    ] = "Search finished, places found: ${resultCount}.";
  });
}
