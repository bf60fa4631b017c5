// Several tabs that watch the same task: one of them polls for all.

import { equal, ok, pause, until } from "./expect.js";
import { makeImage, runner } from "./kit.js";
import { inWorker, tab } from "./workers.js";

const polls = async (kit) =>
  (await kit.account()).requests.filter(({ method }) => method === "GET").length;

export const run = runner({
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
      for await (const { status, raw } of makeClient("ok", ${polling}).watch(given))
        statuses.push(status + " " + raw.data.task_id);
      return statuses;`,
        taskId,
      ),
    );
    const seen = await Promise.all(tabs.map(({ message }) => message));
    // Earlier states may be missed: tabs that start at the same moment wait for each other's polls
    // for some seconds.
    for (const statuses of seen) equal(statuses.at(-1), `succeed ${taskId}`);
    const count = await polls(kit);
    // In three seconds one tab polls about thirty times; four independent tabs poll 120 times.
    ok(count < 60, `one tab that polls for all, found ${count} polls`);
    for (const { close } of tabs) close();
  },

  async without_channels_each_tab_polls_itself(kit) {
    const status = await inWorker(
      kit,
      `
      // Firefox does this where a site may store no data.
      globalThis.BroadcastChannel = class {
        constructor() { throw new DOMException("The operation is insecure.", "SecurityError"); }
      };
      const client = makeClient("ok", { polling: PATIENT });
      const states = [];
      const end = client.onRecordChange(({ state }) => states.push(state));
      const { status } = await client.generate({ images: [given], prompt: "x" });
      end();
      return [status, states.at(-1)];`,
      await makeImage(),
    );
    equal(status, ["succeed", "succeed"]);
  },

  async a_polling_tab_that_falls_silent_is_replaced(kit) {
    for (const end of ["closed", "frozen"]) {
      const { taskId } = await kit
        .client("ok,hold=submitted")
        .submit(await kit.request({ prompt: end }));
      const first = tab(
        kit,
        `
        onPost = () => { for (;;); };
        for await (const task of makeClient("ok").watch(given)) postMessage(task.status);`,
        taskId,
      );
      await first.message;
      const other = tab(
        kit,
        `
        const onProgress = () => postMessage("watching");
        return (await makeClient("ok").wait(given, { onProgress })).status;`,
        taskId,
      );
      await other.message;
      if (end === "closed") first.close();
      else first.post("freeze");
      await kit.release();
      await until(
        () => other.messages.includes("succeed"),
        `the end of the task, although the first tab is ${end}`,
        20,
      );
      first.close();
      other.close();
    }
  },

  async the_visible_tab_polls(kit) {
    const { taskId } = await kit.client("ok,hold=submitted").submit(await kit.request());
    const watching = (visibility) =>
      tab(
        kit,
        `
      globalThis.document = { visibilityState: ${JSON.stringify(visibility)} };
      const polling = { firstDelay: 100, interval: 100, maxInterval: 100 };
      const reporting = (...given) => {
        postMessage("request");
        return fetch(...given);
      };
      for await (const task of makeClient("ok", { polling, fetch: reporting }).watch(given));`,
        taskId,
      );
    const hidden = watching("hidden");
    await until(() => hidden.messages.length > 3, "polls of a hidden tab that is alone");
    const visible = watching("visible");
    await until(() => visible.messages.length > 3, "polls of a visible tab");
    const before = hidden.messages.length;
    await pause(1500);
    await until(() => visible.messages.length > 8, "more polls of the visible tab");
    ok(
      hidden.messages.length <= before + 1,
      `no more polls of the hidden tab, found ${hidden.messages.length - before}`,
    );
    for (const { close } of [hidden, visible]) close();
  },
});
