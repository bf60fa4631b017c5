// Networks that come and go, and how many requests run at once.

import { bytesOf, equal, fails, ok, pause, until } from "./expect.js";
import { PATIENT, runner } from "./kit.js";

/**
 * A network that can be switched off: the browser then reports offline, and every request fails.
 * A request for which `loses` returns true is sent, and its response is lost.
 */
class Network {
  constructor() {
    this.online = true;
    this.requests = [];
    this.loses = () => false;
    Object.defineProperty(navigator, "onLine", { configurable: true, get: () => this.online });
    this.fetch = async (...given) => {
      const request = new Request(...given);
      this.requests.push(request);
      if (!this.online) throw new TypeError("Failed to fetch");
      const loses = this.loses(request);
      const response = await fetch(request);
      if (!loses) return response;
      await response.arrayBuffer();
      throw new TypeError("Failed to fetch");
    };
  }

  set(online) {
    this.online = online;
    dispatchEvent(new Event(online ? "online" : "offline"));
  }

  restore() {
    delete navigator.onLine;
  }
}

/** @param {(kit: import("./kit.js").Kit, network: Network) => Promise<void>} body */
const withNetwork = (body) => async (kit) => {
  const network = new Network();
  try {
    await body(kit, network);
  } finally {
    network.restore();
  }
};

const POST = ({ method }) => method === "POST";
/** An image of noise, which no format makes small. */
async function makeNoise(edge) {
  const pixels = new Uint8ClampedArray(edge * edge * 4);
  for (let at = 0; at < pixels.length; at += 65_536)
    crypto.getRandomValues(pixels.subarray(at, at + 65_536));
  for (let at = 3; at < pixels.length; at += 4) pixels[at] = 255;
  const canvas = new OffscreenCanvas(edge, edge);
  canvas.getContext("2d").putImageData(new ImageData(pixels, edge, edge), 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}

/** How long a service takes to read an upload, in ms; the outage budget is 300 ms. */
const UPLOADS_MS = [500, 1000, 2000, 3000, 5000];

export const run = runner({
  async a_slow_upload_is_no_stall(kit) {
    const image = await makeNoise(640);
    ok(image.size > 1_000_000, `a large image, found ${image.size} bytes`);
    const statuses = UPLOADS_MS.map(async (ms) => {
      const client = kit.client(`ok,upload=${ms}`, { polling: { ...PATIENT, outageBudget: 300 } });
      const before = performance.now();
      const { status } = await client.submit({ images: [image], prompt: `${ms}` });
      ok(performance.now() - before > ms, `at least ${ms} ms`);
      return status;
    });
    equal(await Promise.all(statuses), Array(UPLOADS_MS.length).fill("submitted"));
    equal((await kit.account()).charges.length, UPLOADS_MS.length);
  },

  offline_while_polling: withNetwork(async (kit, network) => {
    const client = kit.client("ok,hold=submitted", { fetch: network.fetch });
    const { taskId } = await client.submit(await kit.request());
    const seen = [];
    const done = client.wait(taskId, { onProgress: (progress) => seen.push(progress) });
    await until(() => seen.some(({ phase }) => phase === "submitted"), "a poll");
    network.set(false);
    await until(() => seen.at(-1).reason === "offline", "progress with the reason offline");
    const offline = seen.at(-1);
    equal([offline.nextPollIn, offline.error, offline.elapsed >= 0], [undefined, undefined, true]);
    const { length } = network.requests;
    // Ten times the longest interval, by the timers of this page.
    await pause(500);
    ok(network.requests.length <= length + 1, "no polls while offline");
    await kit.release();
    network.set(true);
    equal((await done).status, "succeed");
  }),

  offline_while_encoding: withNetwork(async (kit, network) => {
    const client = kit.client("ok", { fetch: network.fetch });
    const request = await kit.request({ externalTaskId: crypto.randomUUID() });
    const onProgress = ({ phase }) => phase === "encoding" && network.set(false);
    const error = await fails(client.submit(request, { onProgress }), "network");
    ok(error.retryable && !network.requests.some(POST), "nothing was sent");
    equal(await client.records(), [], "records of what was not sent");
    network.set(true);
    equal((await client.submit(request)).status, "submitted");
    equal((await kit.account()).charges.length, 1);
  }),

  offline_while_the_request_is_under_way: withNetwork(async (kit, network) => {
    const client = kit.client("ok", { fetch: network.fetch, polling: PATIENT });
    network.loses = (request) => POST(request) && (queueMicrotask(() => network.set(false)), true);
    const seen = [];
    const call = client.submit(await kit.request(), {
      onProgress: (progress) => seen.push(progress),
    });
    await until(() => seen.at(-1)?.reason === "offline", "progress with the reason offline");
    await pause(500);
    network.set(true);
    equal((await call).status !== undefined, true, "a task once the network is back");
    const { charges, requests } = await kit.account();
    equal([charges.length, requests.filter(POST).length], [1, 1]);
  }),

  offline_while_downloading: withNetwork(async (kit, network) => {
    const client = kit.client("ok,hold=video", { fetch: network.fetch });
    const task = await client.generate(await kit.request());
    const { fetch: whole } = network;
    let isCut = false;
    network.fetch = async (...given) => {
      const response = await whole(...given);
      if (isCut) return response;
      const reader = response.body.getReader();
      return new Response(
        new ReadableStream(
          {
            async pull(controller) {
              if (isCut) return controller.error(new TypeError("network error"));
              controller.enqueue((await reader.read()).value);
              isCut = true;
              network.set(false);
            },
          },
          { highWaterMark: 0 },
        ),
        { headers: response.headers },
      );
    };
    const seen = [];
    const other = kit.client("ok,hold=video", {
      polling: PATIENT,
      fetch: (...given) => network.fetch(...given),
    });
    const call = other.download(task, { onProgress: (progress) => seen.push(progress) });
    await until(() => seen.at(-1)?.reason === "offline", "progress with the reason offline");
    await pause(500);
    await kit.release();
    network.set(true);
    const video = await bytesOf(await call);
    const served = new Uint8Array(await (await fetch(task.videos[0].url)).arrayBuffer());
    ok(
      video.length === served.length && video.every((byte, at) => byte === served[at]),
      "the served bytes",
    );
    const parts = network.requests.filter(({ headers }) => headers.has("range"));
    ok(
      parts.length === 1 && /^bytes=[1-9]\d*-$/.test(parts[0].headers.get("range")),
      "one request, for the missing bytes",
    );
    ok(
      network.requests.slice(-2).every(({ headers }) => !headers.has("authorization")),
      "no key to the delivery host",
    );
  }),

  async a_page_that_is_shown_again_polls_at_once(kit) {
    for (const event of ["visibilitychange", "pageshow", "online"]) {
      const client = kit.client("ok", { polling: { interval: 3_000_000, maxInterval: 3_000_000 } });
      const { taskId } = await kit
        .client("ok,processing=0,hold=submitted")
        .submit(await kit.request({ prompt: event }));
      const seen = [];
      const done = client.wait(taskId, { onProgress: (progress) => seen.push(progress) });
      await until(() => seen.at(-1)?.nextPollIn > 1_000_000, "a long pause before the next poll");
      await kit.release();
      dispatchEvent(new Event(event));
      equal((await done).status, "succeed", event);
    }
  },

  async no_more_than_six_requests_at_once(kit) {
    const ids = await Promise.all(
      Array.from(
        { length: 12 },
        async (_, number) =>
          (
            await kit
              .client("ok,submitted=20,processing=20")
              .submit(await kit.request({ prompt: `${number}` }))
          ).taskId,
      ),
    );
    let [open, most] = [0, 0];
    let release;
    const crowded = new Promise((resolve) => (release = resolve));
    const counting = async (...given) => {
      most = Math.max(most, (open += 1));
      // Held until no further request starts, also on a slow machine.
      if (open === 2) pause(200).then(release);
      await crowded;
      const { status, headers, body } = await fetch(...given);
      // The next request may start when the last byte has been read.
      const counted = new TransformStream({ flush: () => void (open -= 1) });
      return new Response(body.pipeThrough(counted), { status, headers });
    };
    const client = kit.client("ok", { fetch: counting });
    const tasks = await Promise.all(ids.map((id) => client.wait(id)));
    const videos = await Promise.all(tasks.map((task) => client.download(task)));
    equal([tasks.length, videos.length], [12, 12]);
    ok(most >= 2 && most <= 6, `two to six requests at once, found ${most}`);
  },
});
