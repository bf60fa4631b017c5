/**
 * A relay for a site's own server, so that no page ever holds a key. The page's side is just
 * `baseUrl`:
 * `createClient({ baseUrl: "/api/kling" })`. Web-standard only: Node ≥ 18, Deno, Bun, Workers,
 * route handlers.
 *
 * It passes on the three routes that the package asks for, told by the end of the path, wherever it
 * is mounted:
 *
 * | Route | Method | Goes to |
 * |---|---|---|
 * | `…/v1/videos/multi-image2video` | POST | the same below `baseUrl` |
 * | `…/v1/videos/multi-image2video/{id}` | GET | the same below `baseUrl` |
 * | `…/v1/videos/{id}/content` | GET | the same at the origin of `baseUrl`; the page asks for it at its own origin, below no path |
 *
 * Whatever it refuses itself is JSON in the service's form with a status of 4xx, before anything
 * was sent: 403 another origin,
 * `authorize`, or no key; 404 another path; 405 another method; 413 a body that is too long; 415
 * another type. 502 is no answer of the service, after which a task may exist. Nothing is ever sent
 * twice.
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
 * Names that are no option are refused with a `TypeError`: a misspelt `authorize` would stand open.
 */
export interface RelayOptions {
  /**
   * The key, or a function that supplies one for each call. It goes to the service in one header,
   * and into nothing else.
   */
  apiKey: string | ((request: Request) => string | undefined | Promise<string | undefined>);
  /**
   * Everything before `/v1/videos/…`; default `https://api.cometapi.com/kling`; `https:`, or
   * `http:` of this machine.
   */
  baseUrl?: string | URL | undefined;
  /**
   * Other origins whose pages may use it, such as `"https://example.com"`; default none. Behind a
   * proxy that speaks https for the server the site's own belongs here: browsers without
   * `Sec-Fetch-Site` (Safari before 16.4) are told by their origin alone. A route handler for other
   * origins must be exported as `OPTIONS` too.
   */
  allowOrigins?: Iterable<string> | undefined;
  /** Of the request, in bytes; default 64 MiB: four pictures of 10 MiB are 56 MB as base64. */
  maxBodyBytes?: number | undefined;
  /**
   * The site's own say in each call: who may pay, and how often. `true` lets it pass, a `Response`
   * is passed back as it is (let it be 4xx: after 5xx the page must believe that a task may exist).
   * Anything else is 403, also nothing, as
   * `user?.mayPay` is of nobody; and so is what it throws, without its words. The request has no
   * body. Without `authorize` everybody who can reach the relay pays with its key, programs that
   * name no origin among them.
   */
  authorize?:
    | ((request: Request, call: RelayedCall) => boolean | Response | Promise<boolean | Response>)
    | undefined;
  /** default the global one */
  fetch?: typeof globalThis.fetch | undefined;
}

export interface RelayedCall {
  action: "create" | "query" | "content";
  /** of the task, or its external task id; not of `create` */
  id?: string;
}
