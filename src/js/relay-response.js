// The responses for the page: the service's, without the key, and the relay's own.

import { VIDEO_TYPE, isLaterPart, looksLikeVideo, peekable } from "./relay-video.js";

/** The longest response that is passed on, except a video. */
const MAX_RESPONSE_BYTES = 1 << 20;

/** The headers of the service's response that are passed on. */
const PASSED_HEADERS =
  "content-type content-range accept-ranges retry-after etag last-modified".split(" ");

/** @typedef {"none" | "whole" | "part"} Expected what of a video the page has requested */

/**
 * The service's response for the page: a video while it arrives, any other response as a text without
 * the key.
 * @param {Response} response @param {(text: string) => string} redact
 * @param {Expected} video
 */
export async function forPage(response, redact, video) {
  const { status, body } = response;
  if (response.type === "opaqueredirect" || (status >= 300 && status < 400)) {
    // A 304 has no body, and is no response to a request of the relay.
    if (status === 304) throw new Error("not modified");
    // This status means to the page that no task was created. The target is left out.
    const message = "the service responded with a redirect, which is not followed with a key";
    return refusal(status || 307, "redirected", message);
  }
  const headers = passedHeaders(response, redact);
  const isEmpty = status === 204 || status === 205;
  const parts = peekable(body);
  const type = response.headers.get("content-type") ?? "";
  if (video !== "none" && response.ok && !isEmpty && VIDEO_TYPE.test(type)) {
    if ((video === "part" && isLaterPart(response)) || (await looksLikeVideo(parts)))
      return streamed(response, parts, headers);
  }
  const text = redact(await textOf(parts));
  // An HTML error of the gateway must not run as a page of this site.
  headers.set("Content-Security-Policy", "sandbox; default-src 'none'");
  return new Response(isEmpty ? null : text, { status, headers });
}

/** @param {ReturnType<typeof peekable>} parts */
async function textOf(parts) {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for (let part; (part = await parts.next());) {
    length += part.byteLength;
    if (length > MAX_RESPONSE_BYTES) {
      await parts.cancel();
      throw new Error("too long");
    }
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/** @param {Response} response @param {ReturnType<typeof peekable>} parts @param {Headers} headers */
function streamed(response, parts, headers) {
  // With a content encoding, the header has the length of the encoded body, and `fetch` decodes it.
  const isPacked = response.headers.has("content-encoding");
  const length = isPacked ? null : response.headers.get("content-length");
  if (length !== null) headers.set("content-length", length);
  const source = {
    // Workers send this as `Content-Length`, other runtimes send the header.
    ...(length !== null && { expectedLength: Number(length) }),
    /** @param {ReadableStreamDefaultController<Uint8Array>} controller */
    async pull(controller) {
      const part = await parts.next();
      if (part) controller.enqueue(part);
      else controller.close();
    },
    cancel: parts.cancel,
  };
  const body = new ReadableStream(source, { highWaterMark: 0 });
  return new Response(body, { status: response.status, headers });
}

/** @param {Response} response @param {(text: string) => string} redact */
function passedHeaders(response, redact) {
  const headers = new Headers();
  for (const name of PASSED_HEADERS) {
    const value = response.headers.get(name);
    if (value !== null) headers.set(name, redact(value));
  }
  return headers;
}

/**
 * A response of the relay itself, in the service's form, which the package reads. A 4xx status tells
 * the page that the request was not sent.
 * @param {number} status @param {string} code @param {string} message
 * @param {Record<string, string>} [headers]
 */
export const refusal = (status, code, message, headers) =>
  new Response(JSON.stringify({ code, message, data: null }), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });

/**
 * The response with the headers for every page. @param {Response} response
 * @param {string | undefined} origin another origin that may read it
 */
export function finished(response, origin) {
  const headers = new Headers(response.headers);
  headers.set("Cache-Control", "no-store");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.append("Vary", "Origin");
  if (origin !== undefined) {
    headers.set("Access-Control-Allow-Origin", origin);
    headers.set("Access-Control-Allow-Methods", "GET, POST");
    headers.set("Access-Control-Allow-Headers", "Authorization, Content-Type, Range");
    headers.set("Access-Control-Expose-Headers", "Content-Length, Content-Range, Retry-After");
    headers.set("Access-Control-Max-Age", "600");
  }
  return new Response(response.body, { status: response.status, headers });
}
