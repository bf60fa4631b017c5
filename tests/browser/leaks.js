// The search for a key in everything that a page can read: what is collected, and how a key may be
// spelled in it.

/**
 * Every line on the console of this page and of its workers, and every message that they sent to
 * other tabs.
 * @type {Record<string, string[]>}
 */
export const collected = { console: [], broadcasts: [] };

/** Every error that a case expected. @type {string[]} */
export const reportedErrors = [];

for (const name of ["debug", "log", "info", "warn", "error"]) {
  const own = console[name];
  console[name] = (...words) => {
    collected.console.push(words.map(String).join(" "));
    own.apply(console, words);
  };
}
const { postMessage } = BroadcastChannel.prototype;
BroadcastChannel.prototype.postMessage = function (message) {
  collected.broadcasts.push(textOf(message));
  return postMessage.call(this, message);
};

// The browser's default list of requested URLs ends after 250, which the cases of one page exceed.
performance.setResourceTimingBufferSize(1_000_000);

/** Drops what is collected. What was there before a case cannot hold its key. */
export function forgetCollected() {
  for (const list of [...Object.values(collected), reportedErrors]) list.length = 0;
  performance.clearResourceTimings();
}

/**
 * The code with which each worker starts: it passes every line on its console and every message to
 * other tabs to the page, as `{ place, text }`.
 */
export const COLLECT_IN_WORKER = `
  for (const name of ["debug", "log", "info", "warn", "error"]) {
    const own = console[name];
    console[name] = (...words) => {
      postMessage({ place: "console", text: words.map(String).join(" ") });
      own.apply(console, words);
    };
  }
  const { postMessage: broadcast } = BroadcastChannel.prototype;
  BroadcastChannel.prototype.postMessage = function (message) {
    postMessage({ place: "broadcasts", text: JSON.stringify(message) ?? "" });
    return broadcast.call(this, message);
  };`;

/** Everything that can be read of a value; of an error also what JSON leaves out. */
export function textOf(value) {
  const json = (what) => {
    try {
      return JSON.stringify(what) ?? String(what);
    } catch (error) {
      return `unreadable: ${error}`;
    }
  };
  if (typeof value === "string") return value;
  if (!(value instanceof Error) && value?.name !== "KlingError") return json(value);
  return [value.message, value.stack, String(value.cause), json(value), json({ ...value })].join();
}

/**
 * All ways to write a key in a text: as it is in either case, each character percent-encoded or as
 * a JSON escape or not, and as a part of base64 in either alphabet. `Spellings` in the simulator is
 * the same for requests.
 * @param {string} key
 * @returns {RegExp[]}
 */
export function spellings(key) {
  const spelled = (text, flags) => {
    const characters = [...text].map((character) => {
      const hex = character
        .charCodeAt(0)
        .toString(16)
        .padStart(2, "0")
        .replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
      const plain = character.replace(/\W/, "\\$&");
      return `(?:${plain}|%(?:25)*${hex}|\\\\+(?:u00${hex}|${plain}))`;
    });
    return new RegExp(characters.join(""), flags);
  };
  const encoded = [0, 1, 2].flatMap((before) => {
    const bytes = "\0".repeat(before) + key;
    // What stands before and behind the key changes the characters that it shares bits with.
    const base64 = btoa(bytes).slice(
      Math.ceil((before * 8) / 6),
      Math.floor((bytes.length * 8) / 6),
    );
    return [base64, base64.replaceAll("+", "-").replaceAll("/", "_")];
  });
  return [spelled(key, "i"), ...[...new Set(encoded)].map((base64) => spelled(base64, ""))];
}
