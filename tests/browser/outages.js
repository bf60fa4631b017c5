import {
  PATIENT,
  bytesOf,
  equal,
  fails,
  inWorker,
  ok,
  pause,
  picture,
  runner,
  tab,
  until,
} from "./kit.js";

/**
 * A network that can be taken away, as a browser's own: it says so, and no request gets through.
 * What `loses` says is sent, and its answer is lost.
 */
class Network {
  constructor() {
    this.online = true;
    this.requests = [];
    this.loses = () => false;
    Object.defineProperty(navigator, "onLine", { configurable: true, get: () => this.online });
    this.fetch = async (request) => {
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
const questions = async (kit) =>
  (await kit.account()).requests.filter(({ method }) => method === "GET").length;

export const run = runner({
  offline_while_polling: withNetwork(async (kit, network) => {
    const polling = { firstDelay: 20, interval: 20, maxInterval: 5000, outageBudget: 300 };
    const client = kit.client("ok,hold=submitted", { fetch: network.fetch, polling });
    const { taskId } = await client.submit(await kit.request());
    const seen = [];
    const done = client.wait(taskId, { onProgress: (progress) => seen.push(progress) });
    await until(() => seen.some(({ phase }) => phase === "submitted"), "a task that is watched");
    network.set(false);
    await until(() => seen.at(-1).reason === "offline", "to be told that there is no network");
    const offline = seen.at(-1);
    equal([offline.nextPollIn, offline.error, offline.elapsed >= 0], [undefined, undefined, true]);
    const { length } = network.requests;
    await pause(1000);
    ok(network.requests.length <= length + 1, "a pause, longer than the outage budget");
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
    equal(await client.records(), [], "and nothing is remembered");
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
    await until(() => seen.at(-1)?.reason === "offline", "to be told that there is no network");
    await pause(500);
    network.set(true);
    equal((await call).status !== undefined, true, "found when the network is back");
    const { charges, requests } = await kit.account();
    equal([charges.length, requests.filter(POST).length], [1, 1]);
  }),

  offline_while_downloading: withNetwork(async (kit, network) => {
    const client = kit.client("ok,hold=video", { fetch: network.fetch });
    const task = await client.generate(await kit.request());
    const { fetch: whole } = network;
    let isCut = false;
    network.fetch = async (request) => {
      const response = await whole(request);
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
      fetch: (request) => network.fetch(request),
    });
    const call = other.download(task, { onProgress: (progress) => seen.push(progress) });
    await until(() => seen.at(-1)?.reason === "offline", "to be told that there is no network");
    await pause(300);
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
      "the rest only",
    );
    ok(
      network.requests.slice(-2).every(({ headers }) => !headers.has("authorization")),
      "no key on the way to the delivery host",
    );
  }),

  async a_page_that_is_shown_again_asks_at_once(kit) {
    for (const event of ["visibilitychange", "pageshow", "online"]) {
      const client = kit.client("ok", { polling: { interval: 3_000_000, maxInterval: 3_000_000 } });
      const { taskId } = await kit
        .client("ok,processing=0,hold=submitted")
        .submit(await kit.request({ prompt: event }));
      const seen = [];
      const done = client.wait(taskId, { onProgress: (progress) => seen.push(progress) });
      await until(() => seen.at(-1)?.nextPollIn > 1_000_000, "a wait that sleeps");
      await kit.release();
      dispatchEvent(new Event(event));
      equal((await done).status, "succeed", event);
    }
  },

  async tabs_share_one_poller(kit) {
    const { taskId } = await kit
      .client("ok,submitted=1500,processing=1500")
      .submit(await kit.request());
    const polling =
      "{ polling: { firstDelay: 100, interval: 100, maxInterval: 100, outageBudget: 2000 } }";
    const tabs = Array.from({ length: 4 }, () =>
      tab(
        kit,
        `
      const statuses = [];
      for await (const { status, raw } of client("ok", ${polling}).watch(given)) statuses.push(status + " " + raw.data.task_id);
      return statuses;`,
        taskId,
      ),
    );
    const seen = await Promise.all(tabs.map(({ message }) => message));
    // What lies between may pass unseen: tabs that begin at one moment leave the asking to each
    // other for some seconds.
    for (const statuses of seen) equal(statuses.at(-1), `succeed ${taskId}`);
    const asked = await questions(kit);
    // One tab alone asks some thirty times in three seconds, four of them a hundred and twenty
    // times.
    ok(asked < 60, `one that asks for all, found ${asked} questions`);
    for (const { close } of tabs) close();
  },

  async where_tabs_may_not_talk_each_asks_for_itself(kit) {
    const status = await inWorker(
      kit,
      `
      // As Firefox does it where a site may store nothing.
      globalThis.BroadcastChannel = class { constructor() { throw new DOMException("The operation is insecure.", "SecurityError"); } };
      const client = kling.createClient({ apiKey: key, baseUrl: simulator + "/s/ok/kling", polling: { firstDelay: 20, interval: 20 }, storeName: key });
      const heard = [];
      const leave = client.onRecordChange(({ state }) => heard.push(state));
      const { status } = await client.generate({ images: [given], prompt: "x" });
      leave();
      return [status, heard.at(-1)];`,
      await picture(),
    );
    equal(status, ["succeed", "succeed"]);
  },

  async a_leader_that_falls_silent_is_replaced(kit) {
    for (const end of ["closed", "frozen"]) {
      const { taskId } = await kit
        .client("ok,hold=submitted")
        .submit(await kit.request({ prompt: end }));
      const leader = tab(
        kit,
        `
        heard = () => { for (;;); };
        for await (const task of client("ok").watch(given)) postMessage(task.status);`,
        taskId,
      );
      await leader.message;
      const other = tab(
        kit,
        `return (await client("ok").wait(given, { onProgress: () => postMessage("watching") })).status;`,
        taskId,
      );
      await other.message;
      if (end === "closed") leader.close();
      else leader.post("freeze");
      await kit.release();
      await until(
        () => other.messages.includes("succeed"),
        `its end, though the leader is ${end}`,
        20,
      );
      leader.close();
      other.close();
    }
  },

  async the_tab_that_is_seen_leads(kit) {
    const { taskId } = await kit.client("ok,hold=submitted").submit(await kit.request());
    const watching = (visibility) =>
      tab(
        kit,
        `
      globalThis.document = { visibilityState: ${JSON.stringify(visibility)} };
      const polling = { firstDelay: 100, interval: 100, maxInterval: 100 };
      for await (const task of client("ok", { polling, fetch: (request) => (postMessage("asked"), fetch(request)) }).watch(given));`,
        taskId,
      );
    const hidden = watching("hidden");
    await until(() => hidden.messages.length > 3, "a hidden tab that leads, alone");
    const visible = watching("visible");
    await until(() => visible.messages.length > 3, "another one, which is seen");
    const before = hidden.messages.length;
    await pause(1500);
    await until(() => visible.messages.length > 8, "that it asks");
    ok(
      hidden.messages.length <= before + 1,
      `that the hidden one leaves the asking to it, found ${hidden.messages.length - before}`,
    );
    for (const { close } of [hidden, visible]) close();
  },

  async a_day_long_wait(kit) {
    const { taskId } = await kit
      .client("ok,submitted=0,processing=0")
      .generate(await kit.request());
    // Time stands still while a request is under way, and else leaps to the next timer.
    const [days, asked, longest] = await inWorker(
      kit,
      `
      let [now, open] = [Date.now(), 0];
      const [begun, later, timers] = [now, setTimeout, new Map()];
      Date.now = () => now;
      let last = 0;
      globalThis.setTimeout = (call, ms = 0) => (timers.set(++last, { call, at: now + ms }), last);
      globalThis.clearTimeout = (timer) => timers.delete(timer);
      const leap = () => {
        if (open === 0 && timers.size) {
          const [timer, { call, at }] = [...timers].reduce((one, other) => (other[1].at < one[1].at ? other : one));
          timers.delete(timer);
          now = Math.max(now, at);
          call();
        }
        later(leap, 0);
      };
      later(leap, 0);
      const times = [];
      const processing = JSON.stringify({ code: 0, message: "SUCCEED", data: { task_id: given, task_status: "processing" } });
      const slow = async (request) => {
        times.push(now);
        open += 1;
        // The first day of it is told here.
        const response = now - begun < 86_400_000
          ? new Response(processing, { headers: { "Content-Type": "application/json" } })
          : await fetch(request);
        // Without a stream, so that its end is seen here.
        const { status, headers } = response;
        return { status, headers, text: () => response.text().finally(() => (open -= 1)) };
      };
      const client = kling.createClient({ apiKey: key, baseUrl: simulator + "/s/ok/kling", fetch: slow });
      const task = await client.wait(given);
      if (task.status !== "succeed") throw new Error(task.status);
      const gaps = times.slice(1).map((time, at) => time - times[at]);
      return [(now - begun) / 86_400_000, times.length, Math.max(...gaps)];`,
      taskId,
    );
    ok(days >= 1 && days < 1.01, `a day and a little, found ${days}`);
    ok(asked > 2000 && asked < 4000, `a question every half minute, found ${asked}`);
    ok(longest <= 36_000, `none later than that, found ${longest}`);
  },

  async a_clock_that_jumps_ends_no_wait(kit) {
    const { taskId } = await kit.client("ok,hold=submitted").submit(await kit.request());
    const statuses = await inWorker(
      kit,
      `
      const real = Date.now.bind(Date);
      let shift = 0;
      Date.now = () => real() + shift;
      const client = kling.createClient({ apiKey: key, baseUrl: simulator + "/s/query-flaky,times=2/kling", polling: { firstDelay: 20, interval: 20, maxInterval: 100, outageBudget: 60_000 } });
      const jumps = [36e5 * 24, -36e5 * 48, 36e5];
      const jump = () => {
        shift += jumps.shift();
        if (jumps.length === 0) fetch(simulator + "/account/release", { method: "POST", headers: { Authorization: "Bearer " + key } });
      };
      const task = await client.wait(given, { onProgress: ({ phase }) => { if (jumps.length && phase !== "waiting") jump(); } });
      return [task.status, jumps];`,
      taskId,
    );
    equal(statuses, ["succeed", []]);
  },

  async a_clock_that_lies_hangs_nothing(kit) {
    const image = await picture();
    const lies = [
      "Date.now = () => { throw new Error('no clock'); }",
      "Date.now = () => 5n",
      "Date.now = () => NaN",
      "Date.now = () => -1",
      "Date.now = () => 1.8e12",
      "performance.now = () => { throw new Error('no clock'); }",
      "performance.now = () => Infinity",
      "performance.now = () => 1e300",
      "performance.now = () => 7",
      "Object.defineProperty(globalThis, 'performance', { value: {} })",
    ];
    const statuses = await Promise.all(
      lies.map((lie, number) =>
        inWorker(
          kit,
          `
      ${lie};
      const client = kling.createClient({
        apiKey: key, storeName: key + ${number}, baseUrl: simulator + "/s/query-flaky,times=2/kling", polling: { firstDelay: 20, interval: 20 } });
      return (await client.generate({ images: [given], prompt: ${JSON.stringify(lie)} })).status;`,
          image,
        ),
      ),
    );
    equal(
      statuses,
      lies.map(() => "succeed"),
    );
    equal((await kit.account()).charges.length, lies.length);
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
    let goOn;
    const crowded = new Promise((resolve) => (goOn = resolve));
    const counting = async (request) => {
      most = Math.max(most, (open += 1));
      // Until no other one begins, however slow the machine is.
      if (open === 2) pause(200).then(goOn);
      await crowded;
      const { status, headers, body } = await fetch(request);
      // The module may begin another one once it has been handed the last byte.
      const counted = new TransformStream({ flush: () => void (open -= 1) });
      return new Response(body.pipeThrough(counted), { status, headers });
    };
    const client = kit.client("ok", { fetch: counting });
    const tasks = await Promise.all(ids.map((id) => client.wait(id)));
    const videos = await Promise.all(tasks.map((task) => client.download(task)));
    equal([tasks.length, videos.length], [12, 12]);
    ok(most >= 2 && most <= 6, `at most six, found ${most}`);
  },
});
