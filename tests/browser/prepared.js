// Submissions whose images are prepared, and prepared images in other places than a page.

import { codes, equal, fails, ok, rejection } from "./expect.js";
import { PATIENT, makeImage, runner } from "./kit.js";
import { noise, phonePhoto, quarters } from "./photos.js";
import { inWorker } from "./workers.js";

/** A file that only the caller can decode. */
const foreign = () => new Blob(["\0\0\0\x18ftypheic\0\0\0\0heicmif1", new Uint8Array(300)]);

const AT_ONCE = "at once";

/** Where a preparation is when the call ends: each calls `end` then, and goes on for ever or for long. */
const MOMENTS = {
  // The ending follows the call.
  [AT_ONCE]: async () => ({ images: [await makeImage()], prepare: true }),
  "while the caller decodes": async (end) => ({
    images: [foreign()],
    prepare: { decode: () => new Promise(() => end()) },
  }),
  "while the caller decodes the second image": async (end) => ({
    images: [await quarters(900, 700), foreign()],
    prepare: { decode: () => new Promise(() => end()), maxEdge: 800 },
  }),
  "when an image is begun": async (end) => ({
    images: [await quarters(2400, 1800)],
    prepare: true,
    onProgress: () => end(),
  }),
  "when the second image is begun": async (end) => ({
    images: [await makeImage(), await quarters(2400, 1800)],
    prepare: { maxEdge: 1000 },
    onProgress: ({ image }) => image === 1 && end(),
  }),
};

/** What ends a call, and the code of its error, or its reason. */
const ENDINGS = {
  "the client is closed": (client) => [{}, () => client.close(), "invalid_option"],
  "the call is aborted": () => {
    const control = new AbortController();
    return [{ signal: control.signal }, () => control.abort("enough"), "enough"];
  },
};

export const run = runner({
  async prepared_images_are_what_arrives(kit) {
    const photo = await phonePhoto(await quarters(2400, 1800), 6);
    const url = "https://example.com/a.jpg";
    const progress = [];
    const task = await kit
      .client()
      .generate(
        { images: [photo, await makeImage(), url], prompt: "x" },
        { prepare: true, onProgress: (what) => progress.push(what), timeout: 280_000 },
      );
    equal(task.status, "succeed");
    const [{ images }] = (await kit.account()).charges;
    equal(
      images.map(({ format, width, height, metadata }) => [format, width, height, metadata]),
      [
        ["jpeg", 1536, 2048, false],
        ["jpeg", 320, 300, false],
        ["url", null, null, false],
      ],
    );
    const prepared = progress.filter(({ phase }) => phase === "preparing");
    equal(
      prepared.slice(0, 2).map(({ image }) => image),
      [0, 1],
    );
    equal(progress[0].phase, "preparing");
    // Without the option, the photo is sent as it is.
    await kit.client().submit({ images: [photo], prompt: "x" });
    equal((await kit.account()).charges.at(-1).images[0].metadata, true);
  },

  async images_that_cannot_be_prepared_are_named_and_nothing_is_sent(kit) {
    const client = kit.client();
    const images = [
      await makeImage(),
      await quarters(1800, 400),
      new Blob(["no image"]),
      "not base64!",
    ];
    const error = await fails(
      client.submit({ images, prompt: "x" }, { prepare: true }),
      "invalid_request",
    );
    equal(codes(error.issues), ["images[1] bad_aspect_ratio", "images[2] unsupported_format"]);
    for (const path of ["images[1]: ", "images[2]: "]) ok(error.message.includes(path), path);
    equal([(await kit.account()).requests, await client.records()], [[], []]);
    const mistakes = [
      { images: undefined, prompt: "x" },
      { images: Array(5).fill(images[0]), prompt: "x" },
      { images: [7], prompt: "x" },
      { images: [images[0]], prompt: "x", prepare: true },
      undefined,
    ];
    for (const request of mistakes)
      await fails(client.submit(request, { prepare: true }), "invalid_request");
  },

  async options_of_the_preparation_are_checked(kit) {
    const request = await kit.request();
    const client = kit.client();
    for (const prepare of [null, 7, "yes", [], { maxedge: 1 }, { maxEdge: 1 }, { format: "webp" }])
      for (const call of [client.submit, client.generate]) {
        const error = await fails(call(request, { prepare }), "invalid_option");
        ok(error.message.startsWith("options.prepare"), error.message);
      }
    await fails(client.wait("1", { prepare: true }), "invalid_option");
    await fails(client.submit(request, { prepare: true, timeout: 50 }), "invalid_option");
    equal((await kit.account()).requests, []);
    for (const prepare of [undefined, false, true, {}, { maxEdge: undefined }])
      await client.submit(request, { prepare });
    equal((await kit.account()).charges.length, 5);
  },

  async identical_preparations_are_joined(kit) {
    const photo = await phonePhoto(await quarters(900, 600), 6);
    const client = kit.client("ok,hold=answer", { polling: PATIENT });
    const request = { images: [photo], prompt: "x" };
    const decode = async () => photo;
    const control = new AbortController();
    const { signal } = control;
    const calls = [
      client.submit(request, { prepare: { maxEdge: 800, decode } }),
      client.submit({ ...request }, { prepare: { decode, maxEdge: 800, quality: 0.92, signal } }),
      client.generate(request, { prepare: { maxEdge: 800, decode } }),
    ];
    const different = [
      client.submit(request),
      client.submit(request, { prepare: true }),
      client.submit(request, { prepare: { maxEdge: 800 } }),
    ];
    await kit.charged(4);
    control.abort("left");
    equal(await calls[1].catch((reason) => reason), "left", "the aborted call alone");
    await kit.release();
    await Promise.all([calls[0], calls[2], ...different]);
    equal((await kit.account()).charges.length, 4);
  },

  async an_abort_while_images_are_prepared_sends_nothing(kit) {
    const client = kit.client();
    const reason = new Error("mine");
    const request = { images: [await noise(3000, 2600, "image/jpeg")], prompt: "x" };
    for (const place of ["call", "prepare"]) {
      const control = new AbortController();
      const { signal } = control;
      const onProgress = ({ phase }) => phase === "preparing" && control.abort(reason);
      const options =
        place === "call" ? { prepare: true, signal } : { prepare: { maxEdge: 1000, signal } };
      ok((await rejection(client.submit(request, { ...options, onProgress }))) === reason, place);
      ok((await rejection(client.submit(request, options))) === reason, `${place}, before`);
    }
    equal([(await kit.account()).requests, await client.records()], [[], []]);
  },

  async each_ending_of_a_call_ends_its_preparation_at_once(kit) {
    for (const [moment, begin] of Object.entries(MOMENTS))
      for (const [name, ending] of Object.entries(ENDINGS))
        for (const method of ["submit", "generate"]) {
          const what = `${method}, ${moment}, ${name}`;
          const client = kit.client();
          const [limits, end, expected] = ending(client);
          const { images, ...options } = await begin(end);
          const call = client[method]({ images, prompt: "x" }, { ...options, ...limits });
          if (moment === AT_ONCE) end();
          const error = await rejection(call);
          equal(error?.code ?? error, expected, what);
          equal(error.externalTaskId, undefined, what);
          client.close();
        }
    equal([(await kit.account()).requests, await kit.client().records()], [[], []]);
  },

  async closing_ends_joined_calls_and_later_ones(kit) {
    const client = kit.client();
    const request = { images: [foreign()], prompt: "x" };
    const decode = () => new Promise(() => client.close());
    const calls = [1, 2, 3].map(() => client.submit(request, { prepare: { decode } }));
    for (const call of calls) await fails(call, "invalid_option");
    let count = 0;
    const counted = { decode: async () => (count += 1) };
    await fails(client.submit(request, { prepare: counted }), "invalid_option");
    equal([count, (await kit.account()).requests], [0, []]);
  },

  async a_timeout_counts_from_the_acceptance_also_if_images_are_prepared(kit) {
    const client = kit.client("ok,hold=processing");
    const decode = async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      return quarters();
    };
    const options = { prepare: { decode }, timeout: 100 };
    const error = await fails(
      client.generate({ images: [foreign()], prompt: "x" }, options),
      "timeout",
    );
    const [charge] = (await kit.account()).charges;
    equal(error.taskId, charge.taskId);
  },

  async the_progress_names_each_file_that_is_prepared(kit) {
    const [small, wide, png] = [
      await makeImage(),
      await quarters(2400, 1800),
      await quarters(640, 480, "image/png"),
    ];
    const url = "https://example.com/a.jpg";
    const cases = [
      [[small], [0]],
      [
        [small, wide],
        [0, 1],
      ],
      [[url, wide], [1]],
      [
        [wide, url, png],
        [0, 2],
      ],
      [
        [png, wide, small, small],
        [0, 1, 2, 3],
      ],
      [[url], []],
    ];
    for (const [images, expected] of cases)
      for (const method of ["submit", "generate"]) {
        const phases = [];
        const onProgress = (progress) => phases.push(progress);
        await kit.client()[method]({ images, prompt: "x" }, { prepare: true, onProgress });
        const begun = phases.slice(0, expected.length);
        // Encoding, which follows, has the same phase.
        equal(
          begun,
          expected.map((image) => ({ phase: "preparing", image })),
        );
      }
  },

  async a_worker_prepares_images(kit) {
    const photo = await phonePhoto(await quarters(2400, 1800), 6);
    const [width, height, changes] = await inWorker(
      kit,
      `const { info, changes } = await kling.prepareImage(given);
      return [info.width, info.height, changes];`,
      photo,
    );
    equal([width, height], [1536, 2048]);
    equal(changes, ["oriented", "shrunk", "metadata-removed", "recompressed"]);
  },

  async a_script_that_cannot_be_loaded_is_reported(kit) {
    // Without the folder of the package, the script beside it is missing.
    const source = await (await fetch(`${kit.simulator}/pkg/index.js`)).text();
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const alone = await import(url);
    const error = await alone.prepareImage(await makeImage()).catch((reason) => reason);
    equal([error.name, error.code, error.retryable], ["KlingError", "wasm_load", true]);
    ok(error.message.includes("prepare.js"), error.message);
  },

  async the_entry_with_everything_inside_fetches_no_script(kit) {
    const inline = await import(`${kit.simulator}/pkg/inline.js`);
    const photo = await phonePhoto(await quarters(640, 480), 3);
    performance.clearResourceTimings();
    const { changes, image } = await inline.prepareImage(photo);
    equal(changes, ["oriented", "metadata-removed", "recompressed"]);
    equal(codes((await inline.inspectImage(image)).issues), []);
    const error = await inline.prepareImage(new Blob([])).catch((reason) => reason);
    ok(error instanceof inline.KlingError, "the error class of the entry");
    const fetched = performance.getEntriesByType("resource").map(({ name }) => name);
    ok(!fetched.some((name) => /prepare|wasm/.test(name)), fetched.join());
  },
});
