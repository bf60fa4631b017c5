// Strings and objects, read as the standards define it.

/**
 * A URL as the URL standard writes it; `undefined` if it is malformed.
 * @param {string} url
 * @param {boolean} mayBeRelative to the URL of the page
 * @returns {string | undefined}
 */
export function parsedUrl(url, mayBeRelative) {
  const base = mayBeRelative ? globalThis.location?.href : undefined;
  try {
    return new URL(url, base).href;
  } catch {
    return base === undefined ? undefined : parsedUrl(url, false);
  }
}

/** Whether a string has no lone surrogate, which UTF-8 cannot express. @param {string} string */
export const isWellFormed = (string) => !/\p{Surrogate}/u.test(string);

/**
 * Whether a value is an object with named members, also an instance of a class, and not an array,
 * map, date, blob or promise.
 * @param {unknown} value
 */
export function isRecord(value) {
  try {
    return Object.prototype.toString.call(value) === "[object Object]";
  } catch {
    // A revoked proxy, or a `toStringTag` that throws.
    return false;
  }
}
