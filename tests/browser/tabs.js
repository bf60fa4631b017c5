// Several tabs that watch the same task: one of them polls for all.

import { equal, ok, until } from "./expect.js";
import { makeImage, runner } from "./kit.js";
import { inWorker, tab } from "./workers.js";

export const run = runner({
  async tabs_share_one_poller(kit) {
    const { taskId } = await kit.client("ok,hold=submitted").submit(await kit.request());
    const tabs = Array.from({ length: 4 }, () =>
      tab(
        kit,
        `
      const polling = { ...PATIENT, firstDelay: 100, interval: 100, maxInterval: 100 };
      const reporting = (...given) => {
        postMessage(performance.timeOrigin + performance.now());
        return fetch(...given);
      };
      let last;
      for await (const task of makeClient("ok", { polling, fetch: reporting }).watch(given)) last = task;
      return last.status + " " + last.raw.data.task_id;`,
        taskId,
      ),
    );
    /** Which tab polled, in the order of the polls. */
    const order = () =>
      tabs
        .flatMap(({ messages }, number) => messages.map((time) => ({ number, time })))
        .filter(({ time }) => typeof time === "number")
        .sort((one, other) => one.time - other.time)
        .map(({ number }) => number);
    await until(() => order().length >= 80, "80 polls");
    await kit.release();
    await until(
      () => tabs.every(({ messages }) => messages.includes(`succeed ${taskId}`)),
      "the end in every tab",
    );
    // Tabs that start at the same moment each poll once. Of independent tabs, another one polls
    // almost every time; a tab that is silent for seconds is replaced by another one.
    const turns = order().filter((number, at, all) => number !== all[at - 1]).length;
    ok(turns < 25, `one tab that polls for all, found ${turns} turns in ${order()}`);
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
    const [before, seen] = [hidden.messages.length, visible.messages.length];
    await until(() => visible.messages.length > seen + 20, "more polls of the visible tab");
    // It polls for a visible tab that is silent for seconds.
    ok(
      hidden.messages.length <= before + 5,
      `hardly a poll of the hidden tab, found ${hidden.messages.length - before}`,
    );
    for (const { close } of [hidden, visible]) close();
  },
});
