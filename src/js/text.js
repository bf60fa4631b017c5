// Texts as the standards read them.

/**
 * An address as the URL standard writes it; nothing if it is broken.
 * @param {string} text
 * @param {boolean} isRelative whether it may be relative to the page's own
 * @returns {string | undefined}
 */
export function address(text, isRelative) {
  const base = isRelative ? globalThis.location?.href : undefined;
  try {
    return new URL(text, base).href;
  } catch {
    return base === undefined ? undefined : address(text, false);
  }
}

/** Whether no half of a surrogate pair stands alone in it. @param {string} text */
export const isWhole = (text) => !/\p{Surrogate}/u.test(text);

/**
 * Whether it is an object with names and values, also one of a class: no list, map, date, blob or
 * promise. @param {unknown} value
 */
export function isRecord(value) {
  try {
    return Object.prototype.toString.call(value) === "[object Object]";
  } catch {
    // A proxy that was revoked, or a tag that throws.
    return false;
  }
}
