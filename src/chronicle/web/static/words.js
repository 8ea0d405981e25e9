// The words of the page in English and Arabic, and how days and numbers are written.

import { EN } from "./words_en.js";
import { AR } from "./words_ar.js";

const LANGUAGES = { en: EN, ar: AR };
const LOCALES = { en: "en-GB", ar: "ar-SY-u-nu-latn" };

export class Words {
  constructor(language) {
    this.language = language in LANGUAGES ? language : "en";
    this.table = LANGUAGES[this.language];
    const locale = LOCALES[this.language];
    this.dayFormat = new Intl.DateTimeFormat(locale, { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" });
    this.shortFormat = new Intl.DateTimeFormat(locale, { timeZone: "UTC", day: "numeric", month: "short" });
    this.monthFormat = new Intl.DateTimeFormat(locale, { timeZone: "UTC", month: "short", year: "numeric" });
    this.momentFormat = new Intl.DateTimeFormat(locale, {
      timeZone: "UTC", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
    });
    this.numbers = new Intl.NumberFormat(locale);
    this.brief = new Intl.NumberFormat(this.language === "en" ? "en-US" : locale, { notation: "compact", maximumSignificantDigits: 3 });
    this.days = new Map();
  }

  get rightToLeft() {
    return this.language === "ar";
  }

  /** The words of a key, with {names} filled in. */
  say(key, values = {}) {
    const told = this.table[key] ?? EN[key] ?? key;
    return told.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
  }

  /** A word of the record's own vocabulary, such as a status; itself where unknown. */
  term(word) {
    return this.table[`term.${word}`] ?? word;
  }

  day(day) {
    if (day === null || day === undefined) return "–";
    if (!this.days.has(day)) this.days.set(day, this.dayFormat.format(day * 864e5));
    return this.days.get(day);
  }

  shortDay(day) {
    return this.shortFormat.format(day * 864e5);
  }

  month(day) {
    return this.monthFormat.format(day * 864e5);
  }

  moment(microseconds) {
    return `${this.momentFormat.format(microseconds / 1000)} UTC`;
  }

  number(value) {
    return value === null || value === undefined ? "–" : this.numbers.format(value);
  }

  people(value) {
    return value === null || value === undefined ? "–" : this.brief.format(value);
  }
}

export const isoOf = (day) => new Date(day * 864e5).toISOString().slice(0, 10);

/** A day of ISO text as days since 1970; null for what is none. */
export function dayOfIso(text) {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text ?? "")) return null;
  const at = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(at) ? null : Math.round(at / 864e5);
}
