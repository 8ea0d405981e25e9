// Elements made of text: nothing of the record is ever read as markup.

// Controls that turn the direction of text around them; a name has no need of them.
const TURNS = /[\u202A-\u202E\u2066-\u2069\u200E\u200F\u061C]/gu;

/** Text of the record as it is shown: without controls of direction. */
export const shown = (text) => String(text ?? "").replace(TURNS, "");

export const $ = (id) => document.getElementById(id);

/** An element with properties and children; strings become text. */
export function h(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (name in made && !name.includes("-") && name !== "list") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

/** Text of the record, kept apart from the direction of what is around it. */
export const bdi = (text, properties = {}) => h("bdi", properties, shown(text));

/** A square of the colour of a side; colours go through the CSSOM, as the policy wants. */
export function chip(colour) {
  const made = h("span", { class: "chip", "aria-hidden": "true" });
  made.style.background = colour;
  return made;
}
