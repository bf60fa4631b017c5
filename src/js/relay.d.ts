/**
 * A relay for a site's own server, which adds the key, so that pages never have it. A page needs
 * only `createClient({ baseUrl: "/api/kling" })`. It uses web standards only: Node 18 and later,
 * Deno, Bun, Workers, route handlers.
 *
 * It may be mounted under any path. It passes on the three routes of the package, which it
 * recognises by the end of the path:
 *
 * | Route | Method | Goes to |
 * |---|---|---|
 * | `…/v1/videos/multi-image2video` | POST | the same below `baseUrl` |
 * | `…/v1/videos/multi-image2video/{id}` | GET | the same below `baseUrl` |
 * | `…/v1/videos/{id}/content` | GET | the same at the origin of `baseUrl`; the page requests it at its own origin, without the mount path |
 *
 * A request that it refuses is never sent, and the response is JSON in the service's form with a
 * 4xx status: 403 for another origin, for a refusal by `authorize`, or without a key; 404 for
 * another path; 405 for another method; 413 for a body that is too long; 415 for another type. 502
 * means that the service sent no response: a task may exist. No request is sent twice.
 *
 * @example A route handler of Next: `app/api/kling/[...path]/route.js`, and the same in
 * `app/v1/videos/[id]/content/route.js`.
 * ```js
 * import { createRelay } from "kling-multi-image2video/relay";
 *
 * const relay = createRelay({
 *   apiKey: () => process.env.COMETAPI_KEY,
 *   authorize: async (request, { action }) => action !== "create" || (await mayPay(request)),
 * });
 * export { relay as GET, relay as POST };
 * ```
 */
export function createRelay(options: RelayOptions): (request: Request) => Promise<Response>;

/**
 * The options of a relay. Another key, or a wrong value, throws a `TypeError`: with a misspelt
 * `authorize`, everyone could pay.
 */
export interface RelayOptions {
  /**
   * The API key, or a function that returns it for each request. It is sent to the service in one
   * header, and nowhere else.
   */
  apiKey: string | ((request: Request) => string | undefined | Promise<string | undefined>);
  /**
   * The part of the service's URL before `/v1/videos/…`; default `https://api.cometapi.com/kling`;
   * `https:`, or `http:` for loopback.
   */
  baseUrl?: string | URL | undefined;
  /**
   * Other origins whose pages may use the relay, for example `"https://example.com"`; default none.
   * Behind a proxy that terminates https, add the site's own origin: browsers without
   * `Sec-Fetch-Site` (Safari before 16.4) are recognised by their origin only. For other origins, a
   * route handler must be exported as `OPTIONS` too.
   */
  allowOrigins?: Iterable<string> | undefined;
  /**
   * The longest body of a request in bytes; default 64 MiB: four images of 10 MiB are 56 MB of
   * base64.
   */
  maxBodyBytes?: number | undefined;
  /**
   * Decides who may pay, and how often. Return `true` to allow the call, or a `Response` to send
   * back; give it a 4xx status, because after 5xx the page assumes that a task may exist. Anything
   * else, including `undefined`, becomes 403, and so does an error, without its message. `request`
   * has no body. Without `authorize`, everyone who can reach the relay can pay with its key,
   * including programs that send no origin.
   */
  authorize?:
    | ((request: Request, call: RelayedCall) => boolean | Response | Promise<boolean | Response>)
    | undefined;
  /** Called in place of the global `fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
}

/** A call that a page makes through the relay. */
export interface RelayedCall {
  /** `create` is paid; `query` reads a task, `content` its video */
  action: "create" | "query" | "content";
  /** the task id or external task id; absent for `create` */
  id?: string;
}
