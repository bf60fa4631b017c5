// Submissions whose images are prepared, and prepared images in other places than a page.

import { codes, equal, fails, ok, rejection } from "./expect.js";
import { PATIENT, makeImage, runner } from "./kit.js";
import { noise, phonePhoto, quarters } from "./photos.js";
import { inWorker } from "./workers.js";

export const run = runner({
  async prepared_images_are_what_arrives(kit) {
    const photo = await phonePhoto(await quarters(2400, 1800), 6);
    const url = "https://example.com/a.jpg";
    const progress = [];
    const task = await kit
      .client()
      .generate(
        { images: [photo, await makeImage(), url], prompt: "x" },
        { prepare: true, onProgress: (what) => progress.push(what), timeout: 60_000 },
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
