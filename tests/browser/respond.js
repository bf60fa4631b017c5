// A service in the page, in place of the simulator: for responses that it does not send.

/** A client that gets the response of this function to each of its requests. */
export const respondWith = ({ kling, key }, respond) =>
  kling.createClient({
    apiKey: key,
    baseUrl: "https://service.example",
    store: "memory",
    polling: { firstDelay: 20, interval: 20, outageBudget: 100, notFoundGrace: 100 },
    fetch: async (...given) => respond(new Request(...given)),
  });

export const json = (value, init) =>
  new Response(typeof value === "string" ? value : JSON.stringify(value), init);

export const flat = (data) => json({ code: 0, message: "SUCCEED", data });

/** Responds to the look-up before the paid request with "no such task", to a POST as given. */
export const onPost = (respond) => (request) =>
  request.method === "POST"
    ? respond(request)
    : json({ code: "task_not_exist", message: "" }, { status: 400 });
