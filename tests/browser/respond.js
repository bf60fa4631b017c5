// A service in the page, in place of the simulator: for responses that it does not send.

import { makeImage } from "./kit.js";

/** A client that gets the response of this function to each of its requests. */
export const respondWith = ({ kling, key }, respond) =>
  kling.createClient({
    apiKey: key,
    baseUrl: "https://service.example",
    store: "memory",
    polling: { firstDelay: 20, interval: 20, outageBudget: 100, notFoundGrace: 100 },
    fetch: async (...given) => respond(new Request(...given)),
  });

/**
 * A request whose response may take a minute on a slow machine: a paid request may go without a
 * response for the outage budget, and 1 ms per 8 bytes.
 */
export const largeRequest = async () => ({
  images: [new Blob([await makeImage(), new Uint8Array(500_000)])],
  prompt: "a calm sea",
});

export const json = (value, init) =>
  new Response(typeof value === "string" ? value : JSON.stringify(value), init);

export const flat = (data) => json({ code: 0, message: "SUCCEED", data });

/** Responds to the look-up before the paid request with "no such task", to a POST as given. */
export const onPost = (respond) => (request) =>
  request.method === "POST"
    ? respond(request)
    : json({ code: "task_not_exist", message: "" }, { status: 400 });
