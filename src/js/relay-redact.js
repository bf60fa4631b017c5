// Removes the API key from a text, in every spelling of the key. The rule is that of
// `core/src/redact.rs`, which lists the spellings: percent-encoded, escaped in JSON, both in any
// mixture and more than once, and base64 in either alphabet. The search works on the text before a
// page parses it, and decodes one character after the other. Its time is linear in the length of the
// text.

const PLACEHOLDER = "[key]";

/** Shorter keys are no secrets: they may be part of any word. */
const MIN_SECRET_LENGTH = 8;

/** How deep escapes are read whose digits are escapes themselves. */
const MAX_DEPTH = 4;

/** How many backslashes before a character and decodings of it are read. */
const MAX_STEPS = 40;

const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const LETTER_U = 0x75;

/**
 * One character of a text, decoded: its code, where the backslashes before it end, and where it ends.
 * @typedef {{ code: number, runEnd: number, end: number }} Unit
 *
 * What is searched for: a key or its base64, decoded in the same way as the text. No spelling is
 * shorter than `minLength`; `depth` is 0 for a key as it is.
 * @typedef {{ codes: number[], minLength: number, depth: number }} Needle
 */

/**
 * A function that puts `[key]` in the place of a key of visible ASCII characters. JSON stays JSON.
 * @param {string} key @returns {(text: string) => string}
 */
export function redactorOf(key) {
  if (key.length < MIN_SECRET_LENGTH) return (text) => text;
  const needles = [needleOf(key, MAX_DEPTH)];
  if (/[\\%]/.test(key)) needles.push(needleOf(key, 0));
  // The key may begin at one of three places in a group of base64. The characters that also depend on
  // other bytes are left out.
  for (const [before, shared] of /** @type {const} */ ([
    [0, 0],
    [1, 2],
    [2, 3],
  ])) {
    const whole = Math.floor(((before + key.length) * 4) / 3);
    const base64 = btoa("\0".repeat(before) + key).slice(shared, whole);
    needles.push(needleOf(base64, MAX_DEPTH));
  }
  const firsts = new Set(needles.map(({ codes }) => codes[0]));

  return (text) => {
    let [redacted, copied] = ["", 0];
    for (let found; (found = nextKey(text, copied, needles, firsts)); copied = found.end)
      redacted += text.slice(copied, found.start) + PLACEHOLDER;
    return redacted + text.slice(copied);
  };
}

/** @param {string} text @param {number} depth @returns {Needle} */
function needleOf(text, depth) {
  const codes = [];
  for (let at = 0, unit; (unit = unitAt(text, at, depth)); at = unit.end) codes.push(unit.code);
  return { codes, minLength: text.length, depth };
}

/**
 * Where the next key begins and ends.
 * @param {string} text @param {number} from
 * @param {Needle[]} needles @param {Set<number | undefined>} firsts the codes that they begin with
 */
function nextKey(text, from, needles, firsts) {
  // The last escape.
  let start = from;
  let runEnd = from;
  let end = from;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    let mayBegin = firsts.has(sameInBase64(code));
    const isEscape = code === BACKSLASH || code === PERCENT;
    // The backslashes of a run come before the same character, so it is read from the first one only.
    const isWithinRun = isEscape && at < runEnd;
    if (isEscape && !isWithinRun) {
      const unit = unitAt(text, at, MAX_DEPTH);
      if (!unit) return undefined;
      start = at;
      ({ runEnd, end } = unit);
      mayBegin ||= firsts.has(unit.code);
    }
    if (!mayBegin) continue;
    let keyEnd = 0;
    for (const needle of needles) {
      if (!isWithinRun || needle.depth === 0) keyEnd = Math.max(keyEnd, endOf(needle, text, at));
    }
    // A key may begin with the last digits of an escape, and half an escape is not valid JSON.
    if (keyEnd > 0) return { start: at < end ? start : at, end: keyEnd };
  }
  return undefined;
}

/**
 * Where a needle ends in the text if it begins there; otherwise 0.
 * @param {Needle} needle @param {string} text @param {number} start
 */
function endOf({ codes, minLength, depth }, text, start) {
  let at = start;
  let end = 0;
  for (const wanted of codes) {
    const unit = unitAt(text, at, depth);
    if (unit?.code !== wanted) return 0;
    at = unit.end;
    // Backslashes at the end of a key stay in the text: they may escape the next character.
    if (wanted !== BACKSLASH) end = at;
  }
  return at - start < minLength ? 0 : end;
}

/**
 * The character at a place; as it is if the depth is 0.
 * @param {string} text @param {number} at @param {number} depth @returns {Unit | undefined}
 */
function unitAt(text, at, depth) {
  if (at >= text.length) return undefined;
  let code = text.charCodeAt(at);
  let runEnd = at;
  let end = at + 1;
  let isEscaped = false;
  for (let step = 0; depth > 0 && step < MAX_STEPS; step += 1) {
    if (code === BACKSLASH) {
      if (end >= text.length) break;
      code = text.charCodeAt(end);
      runEnd = end;
      end += 1;
      isEscaped = true;
      continue;
    }
    /** @type {boolean} */
    const isUnicode = code === LETTER_U && isEscaped;
    if (code !== PERCENT && !isUnicode) break;
    let decoded = 0;
    let next = end;
    for (let digits = isUnicode ? 4 : 2; digits > 0 && decoded >= 0; digits -= 1) {
      const unit = unitAt(text, next, depth - 1);
      const digit = unit ? digitOf(unit.code) : -1;
      decoded = digit < 0 ? -1 : decoded * 16 + digit;
      next = unit?.end ?? next;
    }
    if (decoded < 0) break;
    code = decoded;
    end = next;
    isEscaped &&= !isUnicode;
  }
  return { code: sameInBase64(code), runEnd, end };
}

/** The value of a hexadecimal digit, or -1. @param {number} code */
function digitOf(code) {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/**
 * Both alphabets of base64 count as the same, even in a key: `-` as `+`, and `_` as `/`.
 * @param {number} code
 */
const sameInBase64 = (code) => (code === 0x2d ? 0x2b : code === 0x5f ? 0x2f : code);
