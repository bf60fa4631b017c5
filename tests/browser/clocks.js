// Long waits, and wall clocks that jump, stand still or throw.

import { LONG_LIMIT } from "./database.js";
import { equal, ok } from "./expect.js";
import { makeImage, runner } from "./kit.js";
import { inWorker } from "./workers.js";

export const run = runner({
  async a_day_long_wait(kit) {
    const { taskId } = await kit
      .client("ok,submitted=0,processing=0")
      .generate(await kit.request());
    // Time stands still while a request is under way, and otherwise leaps to the next timer.
    const [days, polls, longest] = await inWorker(
      kit,
      `
      // Before time leaps past the limits of the load.
      await init();
      let [now, open] = [Date.now(), 0];
      const [begun, later, timers] = [now, setTimeout, new Map()];
      Date.now = () => now;
      let last = 0;
      globalThis.setTimeout = (call, ms = 0) => (timers.set(++last, { call, at: now + ms }), last);
      globalThis.clearTimeout = (timer) => timers.delete(timer);
      const leap = () => {
        if (open === 0 && timers.size) {
          const [timer, { call, at }] = [...timers].reduce((one, other) =>
            other[1].at < one[1].at ? other : one);
          timers.delete(timer);
          now = Math.max(now, at);
          call();
        }
        later(leap, 0);
      };
      later(leap, 0);
      const times = [];
      const data = { task_id: given, task_status: "processing" };
      const processing = JSON.stringify({ code: 0, message: "SUCCEED", data });
      const slow = async (...given) => {
        times.push(now);
        open += 1;
        // The responses of the first day are made here.
        const response = now - begun < 86_400_000
          ? new Response(processing)
          : await fetch(...given);
        // Without a stream, so that the end of the response is known here.
        const { status, headers } = response;
        return { status, headers, text: () => response.text().finally(() => (open -= 1)) };
      };
      const client = makeClient("ok", { fetch: slow, polling: undefined, store: "memory" });
      const task = await client.wait(given);
      if (task.status !== "succeed") throw new Error(task.status);
      const gaps = times.slice(1).map((time, at) => time - times[at]);
      return [(now - begun) / 86_400_000, times.length, Math.max(...gaps)];`,
      taskId,
    );
    ok(days >= 1 && days < 1.01, `a little more than a day, found ${days}`);
    ok(polls > 2000 && polls < 4000, `a poll every half minute, found ${polls}`);
    ok(longest <= 36_000, `no gap above 36 s, found ${longest} ms`);
  },

  async a_clock_that_jumps_ends_no_wait(kit) {
    const { taskId } = await kit.client("ok,hold=submitted").submit(await kit.request());
    const statuses = await inWorker(
      kit,
      `
      const real = Date.now.bind(Date);
      let shift = 0;
      Date.now = () => real() + shift;
      const client = makeClient("query-flaky,times=2", { polling: PATIENT });
      const jumps = [36e5 * 24, -36e5 * 48, 36e5];
      const jump = () => {
        shift += jumps.shift();
        if (jumps.length > 0) return;
        const headers = { Authorization: "Bearer " + key };
        fetch(simulator + "/account/release", { method: "POST", headers });
      };
      const onProgress = ({ phase }) => {
        if (jumps.length && phase !== "waiting") jump();
      };
      const task = await client.wait(given, { onProgress });
      return [task.status, jumps];`,
      taskId,
    );
    equal(statuses, ["succeed", []]);
  },

  async a_wrong_clock_hangs_no_call(kit) {
    const image = await makeImage();
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
      ${LONG_LIMIT}${lie};
      const storeName = key + ${number};
      const client = makeClient("query-flaky,times=2", { storeName, polling: PATIENT });
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
});
