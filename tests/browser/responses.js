// Responses that no service should send: malformed, huge, unreadable.

import { equal, fails, ok } from "./expect.js";
import { runner } from "./kit.js";
import { json, largeRequest, onPost, respondWith } from "./respond.js";

export const run = runner({
  async huge_numbers_lose_no_task(kit) {
    const paid = respondWith(
      kit,
      onPost(() =>
        json(
          `{"data":{"task_id":18446744073709551615,"task_status":"submitted",
            "created_at":1795424152771000000,"updated_at":-1}}`,
        ),
      ),
    );
    const task = await paid.submit(await largeRequest());
    equal(
      [task.taskId, task.createdAt, task.status],
      ["18446744073709551615", undefined, "submitted"],
    );
    equal((await paid.records())[0].taskId, task.taskId);
    for (const [status, body, code] of [
      [401, '{"code":9223372036854775807,"message":"x"}', "unauthorized"],
      [500, '{"code":1795424152771000000,"message":"x"}', "submission_unknown"],
      [429, '{"code":1e99,"message":"x"}', "rate_limited"],
    ]) {
      const client = respondWith(
        kit,
        onPost(() => json(body, { status, headers: { "Retry-After": "99999999999999999" } })),
      );
      const error = await fails(client.submit(await largeRequest()), code);
      equal(
        [error.status, typeof error.externalTaskId, error.retryAfter],
        [status, "string", 2_147_483_647],
      );
    }
  },

  async an_unreadable_response_leaves_the_outcome_unknown(kit) {
    const client = respondWith(
      kit,
      onPost(() => Response.error()),
    );
    await fails(client.submit(await kit.request()), "submission_unknown");
    // A body whose connection breaks after its last byte, as with a wrong length, is whole.
    const breaking = (text) => () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            if (!text) return controller.error(new TypeError("terminated"));
            controller.enqueue(new TextEncoder().encode(text));
            text = "";
          },
        }),
      );
    const whole = '{"data":{"task_id":"42","task_status":"submitted"}}';
    const broken = respondWith(kit, onPost(breaking(whole)));
    equal((await broken.submit(await largeRequest())).taskId, "42");
    const cut = respondWith(kit, onPost(breaking(whole.slice(0, -1))));
    const error = await fails(cut.submit(await largeRequest()), "submission_unknown");
    ok(error.message.includes("terminated"), error.message);
    for (const value of [undefined, null, 7, {}, "string"])
      await fails(respondWith(kit, () => value).getTask("1"), "network");
  },

  async a_response_above_the_size_limit_is_not_read(kit) {
    const numbers = `[${"1,".repeat(600_000)}1]`;
    let [pulled, isCancelled] = [0, false];
    const endless = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            pulled += 1;
            controller.enqueue(new Uint8Array(1 << 18));
          },
          cancel() {
            isCancelled = true;
          },
        }),
      );
    for (const respond of [
      () => json(numbers),
      endless,
      () => ({ status: 200, headers: new Headers(), text: async () => numbers }),
    ]) {
      const error = await fails(respondWith(kit, respond).getTask("1"), "protocol");
      ok(error.message.includes("more than 1 MiB") && error.retryable, error.message);
    }
    ok(isCancelled && pulled < 12, "the rest to be left unread");
    const paid = respondWith(
      kit,
      onPost(() => json(numbers)),
    );
    await fails(paid.submit(await kit.request()), "submission_unknown");
    await fails(
      respondWith(
        kit,
        onPost(() => json(numbers, { status: 400 })),
      ).submit(await largeRequest()),
      "protocol",
    );
    // A response just below the limit is read.
    const most = JSON.stringify({
      data: { task_id: "1", task_status: "processing", more: "x".repeat((1 << 20) - 100) },
    });
    equal((await respondWith(kit, () => json(most)).getTask("1")).taskId, "1");
    // It may have a byte order mark, and come in parts that divide a letter.
    const marked = '\uFEFF{"data":{"task_id":"é","task_status":"processing"}}';
    const bytes = new TextEncoder().encode(marked);
    for (const size of [1, 24, bytes.length]) {
      const inParts = () =>
        new ReadableStream({
          start(controller) {
            for (let at = 0; at < bytes.length; at += size)
              controller.enqueue(bytes.slice(at, at + size));
            controller.close();
          },
        });
      const client = respondWith(kit, () => new Response(inParts()));
      equal((await client.getTask("é")).taskId, "é", `parts of ${size} bytes`);
    }
  },

  async every_malformed_response_is_a_kling_error(kit) {
    const deep = "[".repeat(100_000);
    for (const body of [
      "",
      "null",
      "[]",
      "{}",
      "7",
      '"x"',
      deep,
      `{"data":${deep}`,
      "\u0000",
      "\uFEFF{}",
      '{"data":{"task_id":{}}}',
      '{"data":{"task_id":""}}',
      '{"data":[{"task_id":"1"},{"task_id":"2"}]}',
      '{"task_id":null,"id":7}',
    ]) {
      for (const status of [200, 201, 400, 404, 500]) {
        const error = await respondWith(kit, () => json(body, { status }))
          .getTask("1")
          .catch((error) => error);
        ok(
          error?.name === "KlingError" && error.code !== "internal",
          `${status} ${body.slice(0, 40)}: ${error}`,
        );
      }
    }
    const locked = respondWith(kit, async () => {
      const response = json("x");
      response.body.getReader();
      return response;
    });
    await fails(locked.getTask("1"), "network");
    await fails(locked.download({ url: "https://cdn.example/v.mp4" }), "network");
    await fails(
      respondWith(kit, () => new Response(null, { status: 204 })).download({
        url: "https://cdn.example/v.mp4",
      }),
      "not_a_video",
    );
  },
});
