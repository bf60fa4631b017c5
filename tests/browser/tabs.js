// Several tabs that watch the same task: one of them polls for all.

import { equal, ok, until } from "./expect.js";
import { makeImage, runner } from "./kit.js";
import { inWorker, tab } from "./workers.js";

/** How soon after the poll of another tab a poll is one too many, in ms: a silent tab is replaced. */
const TOO_SOON_MS = 1500;

/** Code of a tab that reports the time of each poll. */
const REPORTING = `
  const reporting = (...given) => {
    postMessage(performance.timeOrigin + performance.now());
    return fetch(...given);
  };`;

/** The polls of these tabs in their order: the number of the tab, and the ms since the poll before. */
const pollsOf = (tabs) =>
  tabs
    .flatMap(({ messages }, number) => messages.map((time) => ({ number, time })))
    .filter(({ time }) => typeof time === "number")
    .sort((one, other) => one.time - other.time)
    .map(({ number, time }, at, all) => ({ number, after: at ? time - all[at - 1].time : 0 }));

/** How often a tab polls, of these polls, although another one has just polled. */
const turnsOf = (polls) =>
  polls.filter(
    ({ number, after }, at) => at && number !== polls[at - 1].number && after < TOO_SOON_MS,
  ).length;

export const run = runner({
  async tabs_share_one_poller(kit) {
    const { taskId } = await kit.client("ok,hold=submitted").submit(await kit.request());
    const tabs = Array.from({ length: 4 }, () =>
      tab(
        kit,
        `${REPORTING}
      const polling = { ...PATIENT, firstDelay: 100, interval: 100, maxInterval: 100 };
      let last;
      for await (const task of makeClient("ok", { polling, fetch: reporting }).watch(given)) last = task;
      return last.status + " " + last.raw.data.task_id;`,
        taskId,
      ),
    );
    await until(() => pollsOf(tabs).length >= 80, "80 polls");
    await kit.release();
    await until(
      () => tabs.every(({ messages }) => messages.includes(`succeed ${taskId}`)),
      "the end in every tab",
    );
    // Tabs that start at the same moment each poll once. Of independent tabs, another one polls
    // almost every time.
    const polls = pollsOf(tabs);
    const turns = turnsOf(polls);
    ok(turns < 25, `one tab that polls for all, found ${turns} turns in ${JSON.stringify(polls)}`);
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
        `${REPORTING}
      globalThis.document = { visibilityState: ${JSON.stringify(visibility)} };
      const polling = { firstDelay: 100, interval: 100, maxInterval: 100 };
      for await (const task of makeClient("ok", { polling, fetch: reporting }).watch(given));`,
        taskId,
      );
    const hidden = watching("hidden");
    await until(() => hidden.messages.length > 3, "polls of a hidden tab that is alone");
    const visible = watching("visible");
    await until(() => visible.messages.length > 3, "polls of a visible tab");
    const seen = pollsOf([hidden, visible]).length;
    await until(() => visible.messages.length > 24, "more polls of the visible tab");
    const polls = pollsOf([hidden, visible]).slice(seen);
    const early = polls.filter(({ number, after }) => number === 0 && after < TOO_SOON_MS).length;
    ok(early <= 5, `hardly a poll of the hidden tab, found ${JSON.stringify(polls)}`);
    for (const { close } of [hidden, visible]) close();
  },
});
