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
 * It is closed by default: without `authorize`, `createRelay` throws a `TypeError`.
 *
 * A request that it refuses is never sent, or is aborted before the end of its body, so that no task
 * is created. The response is JSON in the service's form, `{ code, message, data: null }`:
 *
 * | Status | `code` | Cause |
 * |---|---|---|
 * | 400 | `relay_torn` | the body is empty, breaks off, stalls for 30 s, is not as long as its `Content-Length`, or does not end with `}` |
 * | 400 | `relay_length` | `Content-Length` is not a number of bytes |
 * | 403 | `relay_origin` | a page of another origin, which `allowOrigins` does not list |
 * | 403 | `relay_forbidden` | `authorize` returned neither `true` nor a `Response` |
 * | 403 | `relay_key` | `apiKey` returned no key of visible ASCII characters |
 * | 403 | `relay_failed` | `authorize` or `apiKey` failed, the page left before they settled, or the body was already read |
 * | 404 | `relay_path` | another path; or an id that is empty, longer than 8192 characters, or leads to another directory when a proxy decodes it (`..` between slashes) |
 * | 405 | `relay_method` | another method, also `HEAD` |
 * | 413 | `relay_size` | a body of more than `maxBodyBytes` |
 * | 415 | `relay_type` | a body that is not JSON, or has a content encoding |
 * | 400, 503 | `relay_timeout` | `authorize` or `apiKey` did not settle within 30 s each: 400 for a `create`, 503 for other calls, which the page repeats |
 *
 * 502 with `do_request_failed` means that the service sent no response, or a broken one; 504 with the
 * same code, that it sent none in time: within 120 s after the last part of the body of a `create`,
 * within 60 s of a `query` or `content`. After a `create`, a task may exist. A video that has begun has
 * no limit. A redirect of the service is not followed; its status is returned, with `redirected`. No
 * request is sent twice.
 *
 * When the page leaves, a `query` or `content` is aborted; a `create` only before its body is sent.
 *
 * No response contains the key: the relay replaces it with `[key]` in texts and headers, also where it
 * is percent-encoded, escaped in JSON or in base64. A key of fewer than 8 characters is not replaced.
 * Of the service's headers, only `Content-Type`, `Retry-After` and those of a video are passed on.
 *
 * The body of a request is passed on while it arrives, one part late: the last part is sent after
 * the whole body was checked. The service gets the page's `Content-Length`; without one, and always
 * in Deno, whose `fetch` sends no length with a stream, the body goes out in chunks. Videos are
 * passed on while they arrive: successful responses of type `video/*`, `application/octet-stream`,
 * `binary/octet-stream`, `application/mp4` or none that begin as an MP4, MOV or WebM file does, and
 * later parts (206) of these types. Any other response of `content` is a text of at most 1 MiB. A video
 * is passed on with `Content-Length` (except if the body was unpacked), `Content-Range`,
 * `Accept-Ranges`, `ETag` and `Last-Modified`; `Range` and `If-Range` of the page are sent.
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
 * The options of a relay. Another key, or a wrong value, throws a `TypeError`.
 * @example
 * ```ts
 * import type { RelayOptions } from "kling-multi-image2video/relay";
 *
 * const options: RelayOptions = {
 *   apiKey: () => process.env.COMETAPI_KEY,
 *   authorize: (request) => mayPay(request),
 * };
 * ```
 */
export interface RelayOptions {
  /**
   * The API key, or a function that returns it for each request, within 30 s. It is sent to the
   * service in one header, and nowhere else.
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
   * The longest body of a request in bytes; default 64 MiB (67,108,864): four images of 10 MiB are
   * 56 MB of base64. A framework in front of the relay may have a lower limit of its own.
   */
  maxBodyBytes?: number | undefined;
  /**
   * Decides who may pay, and how often, within 30 s. It is called once for each call, before the body
   * is read. Return `true` to allow the call, or a `Response` to send back; give it a 4xx status,
   * because after 5xx the page assumes that a task may exist. Anything else, including `undefined`,
   * becomes 403, and so does an error, without its message. `request` has the page's URL, method and
   * headers, and no body.
   *
   * With `authorize: () => true`, everyone who can reach the relay can pay with its key, including
   * programs that send no origin.
   */
  authorize: (
    request: Request,
    call: RelayedCall,
  ) => boolean | Response | Promise<boolean | Response>;
  /**
   * Called in place of the global `fetch`. The body of a paid request is a stream, which must be sent
   * once, and must not be ended as if it were complete after an error or an abort of `signal`. A
   * clone of it cannot be read, because that would keep the whole body in memory. The relay does not
   * wait longer for a function that ignores `signal`.
   */
  fetch?: typeof globalThis.fetch | undefined;
}

/**
 * A call that a page makes through the relay.
 * @example
 * ```ts
 * import type { RelayedCall } from "kling-multi-image2video/relay";
 *
 * const isPaid = ({ action }: RelayedCall) => action === "create";
 * ```
 */
export interface RelayedCall {
  /** `create` is paid; `query` reads a task, `content` its video */
  action: "create" | "query" | "content";
  /** the task id or external task id, decoded; absent for `create` */
  id?: string;
}
