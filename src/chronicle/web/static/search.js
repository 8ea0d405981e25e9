// Names in any script: the same folding as chronicle.domain.names.

const ALIKE = { "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ـ": "", "ı": "i", "ł": "l", "ø": "o", "đ": "d" };
const ARTICLE = /(?<![\p{L}\p{N}])(?:[ae](?:l|th?|dh?|r|z|sh?|n)[^\p{L}\p{N}]+|ال)(?=[\p{L}\p{N}])/gu;

/** The key under which a name is found; empty when nothing of it is a word. */
export function fold(name) {
  const plain = name.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "");
  const alike = plain.replace(/['`’‘ʼʻʿʾ]/g, "").replace(/[ٱىیکةـıłøđ]/g, (c) => ALIKE[c]);
  return alike.replace(ARTICLE, "").replace(/[^\p{L}\p{N}]+/gu, "");
}

export class Finder {
  constructor(settlements) {
    this.keys = settlements.map((one) => {
      const names = [one.name, one.id, ...(one.aliases ?? [])];
      return names.map((name) => [fold(name), name]).filter(([key]) => key);
    });
    this.settlements = settlements;
  }

  /** At most `most` places: those of that very name, then that begin so, then that have it. */
  find(text, most = 8) {
    const wanted = fold(text);
    if (!wanted) return [];
    const found = [];
    this.keys.forEach((keys, place) => {
      let best = 9;
      let by = "";
      for (const [key, name] of keys) {
        const how = key === wanted ? 0 : key.startsWith(wanted) ? 1 : key.includes(wanted) ? 2 : 9;
        if (how < best) [best, by] = [how, name];
      }
      if (best < 9) found.push({ place, best, by });
    });
    const people = (one) => this.settlements[one.place].population ?? -1;
    found.sort((a, b) => a.best - b.best || people(b) - people(a) || a.place - b.place);
    return found.slice(0, most);
  }
}

/** The name of a place in a language: an alias in Arabic script, or its own. */
export function nameIn(settlement, language) {
  if (language !== "ar") return settlement.name;
  const arabic = (settlement.aliases ?? []).find((name) => /\p{Script=Arabic}/u.test(name) && !/\p{Script=Latin}/u.test(name));
  return arabic ?? settlement.name;
}
