// Delivery hosts that count something else than the bytes of the video, or send another part of it.

import { bytesOf, equal, fails, ok } from "./expect.js";
import { PATIENT, runner } from "./kit.js";
import { inWorker } from "./workers.js";

/** The whole video of a task, which a request for all bytes as a range gets in every scenario. */
async function wholeVideo(kit, task) {
  const { pathname } = new URL(task.videos[0].url);
  const url = `${kit.simulator}/s/ok/${pathname.split("/").slice(3).join("/")}`;
  return bytesOf(await (await fetch(url)).blob());
}

const isSame = (one, other) =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

/** A finished task of a scenario whose gateway does not have the video, and its client. */
async function finished(kit, scenario, options = {}, content = "content=0") {
  const client = kit.client(`${scenario},${content}`, { polling: PATIENT, ...options });
  return { client, task: await client.generate(await kit.request({ prompt: scenario })) };
}

/** The requests to the delivery host for this task. */
async function deliveries(kit, task) {
  const { requests } = await kit.account();
  return requests.filter(
    ({ method, path }) => method === "GET" && path.includes(`/delivery/${task.taskId}`),
  );
}

/** Each as a page of another origin sees it, and as one of the same origin does. */
const seenFrom = (scenarios) => scenarios.flatMap((one) => [one, `${one},exposed=1`]);

export const run = runner({
  async a_compressed_video_is_whole_at_the_first_attempt(kit) {
    for (const scenario of seenFrom(
      ["gzip", "deflate", "stored", "br", "zstd", "several"].map(
        (packing) => `video-packed,packing=${packing}`,
      ),
    )) {
      const { client, task } = await finished(kit, scenario);
      const seen = [];
      const video = await client.download(task, { onProgress: (progress) => seen.push(progress) });
      equal((await deliveries(kit, task)).length, 1, `${scenario}: requests`);
      const whole = await wholeVideo(kit, task);
      const bytes = await bytesOf(video);
      ok(isSame(bytes.subarray(0, whole.length), whole), `${scenario}: the video`);
      // The simulator adds free space, so that compression makes the file smaller.
      ok(bytes.length > whole.length + 100_000, `${scenario}: the free space after it`);
      ok(
        seen.every(({ loaded, total }) => total === undefined || loaded <= total),
        `${scenario}: never more than all`,
      );
      equal([seen.at(-1).loaded, seen.at(-1).total], [video.size, video.size], scenario);
      equal((await client.keepVideo(task.taskId)).size, video.size, `${scenario}: kept`);
    }
  },

  async a_part_is_completed(kit) {
    const firsts = ["video-short", "video-part", "video-cut", "video-part,times=2"];
    const ranges = [
      "right",
      "silent",
      "star",
      "total",
      "units",
      "elsewhere",
      "liar",
      "whole",
      "416",
    ];
    // Each answer to a range as a page of another origin sees it, and as one of the same origin does.
    const scenarios = firsts.flatMap((first, row) =>
      ranges.map((range, at) => `${first},ranges=${range},exposed=${(row + at) % 2}`),
    );
    for (const scenario of scenarios) {
      const { client, task } = await finished(kit, scenario);
      const video = await bytesOf(await client.keepVideo(task.taskId));
      ok(isSame(video, await wholeVideo(kit, task)), `${scenario}: the whole video`);
      const kept = await client.keptVideo(task.taskId);
      equal(kept.size, video.length, `${scenario}: kept`);
    }
  },

  async half_a_video_is_an_error_and_is_not_kept(kit) {
    for (const scenario of seenFrom([
      "video-short,times=1000,ranges=416",
      "video-part,times=1000,ranges=416",
      "video-part,times=1000,ranges=liar",
      "video-part,times=1000,ranges=elsewhere",
      "video-short,times=1000,ranges=elsewhere",
    ])) {
      const { client, task } = await finished(kit, scenario);
      for (const call of [() => client.download(task), () => client.keepVideo(task.taskId)]) {
        const error = await fails(call(), "network");
        ok(error.message.includes("bytes of the video"), `${scenario}: ${error.message}`);
        equal([error.url, error.retryable], [task.videos[0].url, true], scenario);
      }
      equal(
        [await client.keptVideo(task.taskId), (await client.records())[0].kept],
        [undefined, false],
        scenario,
      );
      // The same with a gateway that has the video.
      const other = await finished(kit, scenario, {}, "content=1");
      const video = await bytesOf(await other.client.keepVideo(other.task.taskId));
      ok(isSame(video, await wholeVideo(kit, other.task)), `${scenario}: through the gateway`);
    }
  },

  async a_task_without_a_url_comes_through_the_gateway(kit) {
    const client = kit.client();
    const task = await client.generate(await kit.request());
    const whole = await wholeVideo(kit, task);
    for (const given of [
      { ...task, videos: [] },
      { taskId: task.taskId, status: "succeed", videos: [] },
    ])
      ok(isSame(await bytesOf(await client.download(given)), whole), "the whole video");
    const { requests, violations } = await kit.account();
    equal(requests.filter(({ path }) => path.includes("/delivery/")).length, 1, "this case's own");
    equal(violations, []);
    for (const given of [
      { taskId: task.taskId, status: "processing", videos: [] },
      { taskId: task.taskId, status: "failed", videos: [] },
      { status: "succeed", videos: [] },
      { videos: [] },
      {},
    ])
      await fails(client.download(given), "invalid_option");
    for (const [content, code] of [
      ["content=0", "protocol"],
      ["content=502", "server_error"],
    ]) {
      const { client, task } = await finished(kit, "ok", {}, content);
      const error = await fails(client.download({ ...task, videos: [] }), code);
      equal([error.taskId, error.url], [task.taskId, undefined], content);
    }
  },

  async without_room_the_video_is_in_the_error(kit) {
    const { task } = await finished(kit, "video-short");
    const whole = await wholeVideo(kit, task);
    for (const failure of [
      "value instanceof Blob || value instanceof ArrayBuffer",
      "this.name !== 'tasks'",
      "true",
    ]) {
      const [code, json, bytes, kept] = await inWorker(
        kit,
        `
        const client = makeClient("ok");
        await client.adopt(given[0]);
        const { put } = IDBObjectStore.prototype;
        IDBObjectStore.prototype.put = function (value, ...more) {
          if (${failure}) throw new DOMException("full", "QuotaExceededError");
          return put.call(this, value, ...more);
        };
        const error = await client.keepVideo(given[0]).catch((error) => error);
        return [error.code, "video" in error.toJSON(), error.video, await client.keptVideo(given[0])];`,
        [task.taskId],
      );
      equal([code, json, kept], ["storage", false, undefined], failure);
      ok(isSame(await bytesOf(bytes), whole), `${failure}: the whole video`);
    }
    // A task without a record: there is no room for the record either.
    const [code, size] = await inWorker(
      kit,
      `
      IDBObjectStore.prototype.put = () => {
        throw new DOMException("full", "QuotaExceededError");
      };
      const client = makeClient("ok,tag=full");
      const error = await client.keepVideo(given).catch((error) => error);
      return [error.code, error.video?.size];`,
      task.taskId,
    );
    equal([code, size], ["storage", whole.length]);
  },
});
