// A captive portal, as in a hotel or a train: it answers every request itself, until its user has
// logged in.

import { bytesOf, equal, fails, ok, until } from "./expect.js";
import { IMPATIENT, PATIENT, runner } from "./kit.js";

const PAGE = "<!doctype html><title>Welcome</title><p>Log in to use this network.";

/** A page of the portal. @param {number} status @param {string} [type] */
const page =
  (status, type = "text/html") =>
  async () =>
    new Response(status === 204 ? null : PAGE, {
      status,
      headers: status === 204 ? {} : { "Content-Type": type },
    });

/** What a portal may answer; `simulator` has a route that redirects. */
const PORTALS = {
  "a page with 200": page(200),
  "a page with 200, called JSON": page(200, "application/json"),
  "a page with 511": page(511),
  "a page with 502": page(502),
  "no content": page(204),
  // Without a CORS header, or under a certificate that the browser does not accept.
  "a page that cannot be read": () => Promise.reject(new TypeError("Failed to fetch")),
  // The words of WebKit for the same.
  "a page that cannot be read, in WebKit": () => Promise.reject(new TypeError("Load failed")),
  "a redirect": (kit, init) =>
    fetch(`${kit.base("probe-redirect").replace("127.0.0.1", "localhost")}${ROUTE}/1`, {
      ...init,
      method: "GET",
      body: undefined,
    }),
};

const ROUTE = "/v1/videos/multi-image2video";

/** A network with a portal, which answers the requests that it catches. */
class Network {
  /** The requests that reached the service. */
  passed = [];
  /** How many requests the portal has answered. */
  answered = 0;

  constructor(kit, answer) {
    this.catches = () => false;
    this.fetch = (input, init = {}) => {
      const url = String(input?.url ?? input);
      if (this.catches(url, init)) {
        this.answered += 1;
        return answer(kit, init);
      }
      this.passed.push([init.method ?? "GET", url]);
      return fetch(input, init);
    };
  }
}

/** Runs the body for each portal, with a network and a client of its own. */
async function each(kit, scenario, body) {
  for (const [name, answer] of Object.entries(PORTALS)) {
    const network = new Network(kit, answer);
    const storeName = `${kit.key} ${name}`;
    const client = kit.client(scenario, { fetch: network.fetch, polling: PATIENT, storeName });
    const request = await kit.request({ prompt: name, externalTaskId: crypto.randomUUID() });
    await body({ name, network, client, request });
    client.close();
  }
}

const charges = async (kit, { externalTaskId }) =>
  (await kit.account()).charges.filter((charge) => charge.externalTaskId === externalTaskId).length;

const always = () => true;
const never = () => false;

export const run = runner({
  async before_the_payment_a_portal_is_an_error_and_nothing_is_sent(kit) {
    await each(kit, "ok", async ({ name, network, client, request }) => {
      network.catches = always;
      const error = await client.submit(request).catch((error) => error);
      ok(["network", "protocol", "server_error"].includes(error.code), `${name}: ${error}`);
      equal([network.passed, await client.records()], [[], []], `${name}: nothing was sent`);
      network.catches = never;
      equal((await client.submit(request)).status, "submitted", name);
      equal(await charges(kit, request), 1, name);
    });
  },

  async a_portal_that_catches_the_paid_request_costs_nothing_twice(kit) {
    await each(kit, "ok", async ({ name, network, client, request }) => {
      network.catches = (_, { method }) => method === "POST";
      const error = await client.submit(request).catch((error) => error);
      ok(
        ["submission_unknown", "protocol", "network", "server_error"].includes(error.code),
        `${name}: ${error}`,
      );
      equal([network.answered, await charges(kit, request)], [1, 0], `${name}: caught`);
      network.catches = never;
      equal(await client.reconcile(request.externalTaskId), undefined, name);
      equal((await client.submit(request)).status, "submitted", name);
      equal(await charges(kit, request), 1, name);
    });
  },

  async a_portal_that_catches_the_response_loses_no_task(kit) {
    await each(kit, "submit-lost", async ({ name, network, client, request }) => {
      // The service gets the request; then the portal answers the look-ups.
      network.catches = (_, { method }) =>
        method !== "POST" && network.passed.some(([method]) => method === "POST");
      const call = client.submit(request).catch((error) => error);
      await until(() => network.answered > 0, `${name}: a look-up`);
      network.catches = never;
      const task = await call;
      const found = task.taskId ? task : await client.reconcile(request.externalTaskId);
      ok(found.taskId, `${name}: ${task}`);
      equal(await charges(kit, request), 1, name);
    });
  },

  async while_a_task_is_watched_a_portal_is_waited_out(kit) {
    await each(kit, "ok,hold=submitted", async ({ name, network, client, request }) => {
      const { taskId } = await client.submit(request);
      const seen = [];
      const done = client.wait(taskId, { onProgress: (progress) => seen.push(progress) });
      await until(() => seen.some(({ phase }) => phase === "submitted"), `${name}: a poll`);
      network.catches = always;
      await until(() => seen.at(-1).phase === "waiting", `${name}: progress with waiting`);
      const { error } = seen.at(-1);
      ok(error?.name === "KlingError", `${name}: the error beside it, found ${error}`);
      ok(network.answered > 0, `${name}: answers of the portal`);
      await kit.release();
      network.catches = never;
      equal((await done).status, "succeed", name);
      equal(await charges(kit, request), 1, name);
    });
  },

  async a_portal_that_outlasts_the_budget_ends_the_wait_and_not_the_task(kit) {
    await each(kit, "ok,hold=submitted", async ({ name, network, client, request }) => {
      const { taskId } = await client.submit(request);
      network.catches = always;
      const polling = { ...IMPATIENT, outageBudget: 200 };
      const storeName = `${kit.key} ${name}`;
      const impatient = kit.client("ok,hold=submitted", {
        fetch: network.fetch,
        polling,
        storeName,
      });
      const error = await fails(impatient.wait(taskId), "network");
      equal([error.taskId, error.retryable], [taskId, true], name);
      impatient.close();
      network.catches = never;
      const [record] = await client.records();
      equal([record.taskId, record.state], [taskId, "submitted"], name);
      await kit.release();
      equal((await client.wait(taskId)).status, "succeed", name);
      equal(await charges(kit, request), 1, name);
    });
  },

  async a_page_of_a_portal_is_never_kept_as_the_video(kit) {
    await each(kit, "ok", async ({ name, network, client, request }) => {
      const task = await client.generate(request);
      const served = await bytesOf(await (await fetch(task.videos[0].url)).blob());
      // Also the gateway's own route to the video.
      network.catches = always;
      const impatient = kit.client("ok", {
        fetch: network.fetch,
        polling: { ...PATIENT, outageBudget: 100 },
        storeName: `${kit.key} ${name}`,
      });
      const error = await impatient.keepVideo(task.taskId).catch((error) => error);
      ok(error.name === "KlingError", `${name}: ${error}`);
      equal(await client.keptVideo(task.taskId), undefined, name);
      network.catches = never;
      const video = await bytesOf(await client.keepVideo(task.taskId));
      equal(video.length, served.length, name);
      ok(
        video.every((byte, at) => byte === served[at]),
        `${name}: the served bytes`,
      );
      impatient.close();
    });
  },
});
