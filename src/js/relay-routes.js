// The routes that the relay passes on, and the ids in them.

const ROUTES = /** @type {const} */ ([
  ["create", "POST", /\/v1\/videos\/multi-image2video$/],
  ["query", "GET", /\/v1\/videos\/multi-image2video\/([^/]+)$/],
  ["content", "GET", /\/v1\/videos\/([^/]+)\/content$/],
]);

/**
 * The route of a path; `undefined` for another path and for an unsafe id. Throws if the id is not
 * valid percent-encoded UTF-8.
 * @param {string} pathname
 */
export function routeOf(pathname) {
  for (const [action, method, path] of ROUTES) {
    const match = path.exec(pathname);
    if (!match) continue;
    const [, segment] = match;
    const id = segment === undefined ? undefined : decodeURIComponent(segment);
    return id === undefined || isSafe(id) ? { action, method, id } : undefined;
  }
  return undefined;
}

/**
 * An id that is empty or too long, or leads to another directory. Some servers end a path at a
 * control character.
 */
const UNSAFE_ID = /^$|^.{8193}|(^|[/\\])\.\.?($|[/\\;?#\0-\x1f])/s;

/** Whether an id is safe however often a proxy decodes it. @param {string} id */
function isSafe(id) {
  for (let text = id, last = ""; text !== last;) {
    // Parsers of URLs leave out line breaks, tabs, and control characters at the ends.
    if (UNSAFE_ID.test(text) || UNSAFE_ID.test(text.replace(/[\0-\x1f]/g, ""))) return false;
    last = text;
    text = text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  }
  return true;
}
