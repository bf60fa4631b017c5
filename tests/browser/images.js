import { bytesOf, codes, equal, fails, ok } from "./expect.js";
import { makeImage, runner } from "./kit.js";
import { NOTE_EXPORTS, inWorker } from "./workers.js";

/** A JPEG with an Exif orientation. */
function turned(jpeg, orientation, little = true) {
  const tiff = new DataView(new ArrayBuffer(26));
  tiff.setUint16(0, little ? 0x4949 : 0x4d4d);
  tiff.setUint16(2, 42, little);
  tiff.setUint32(4, 8, little);
  tiff.setUint16(8, 1, little);
  tiff.setUint16(10, 0x112, little);
  tiff.setUint16(12, 3, little);
  tiff.setUint32(14, 1, little);
  tiff.setUint16(18, orientation, little);
  const head = new Uint8Array([0xff, 0xd8, 0xff, 0xe1, 0, 34, 69, 120, 105, 102, 0, 0]);
  return new Blob([head, tiff.buffer, jpeg.slice(2)], { type: "image/jpeg" });
}

async function shown(blob) {
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  await image.decode();
  URL.revokeObjectURL(image.src);
  return [image.naturalWidth, image.naturalHeight];
}

const base64 = (blob) =>
  new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.readAsDataURL(blob);
  });

const random = (length) => {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536)
    crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65_536, length)));
  return new Blob([bytes]);
};

export const run = runner({
  async a_photo_is_inspected({ kling }) {
    for (const type of ["image/jpeg", "image/png"]) {
      const blob = await makeImage(640, 480, type);
      const { format, width, height, bytes, issues } = await kling.inspectImage(blob);
      equal([format, width, height, bytes, issues], [type.slice(6), 640, 480, blob.size, []]);
    }
  },

  async sizes_are_those_that_the_browser_displays({ kling }) {
    const jpeg = await bytesOf(await makeImage(400, 300));
    for (const little of [true, false]) {
      for (let orientation = 0; orientation <= 9; orientation += 1) {
        const blob = turned(jpeg, orientation, little);
        const { width, height } = await kling.inspectImage(blob);
        equal([width, height], await shown(blob), `orientation ${orientation}`);
      }
    }
  },

  async what_the_service_would_refuse_is_refused({ kling }) {
    const jpeg = await makeImage();
    const check = async (blob, expected) =>
      equal(codes((await kling.inspectImage(blob)).issues), expected);
    await check(await makeImage(299, 400), ["image image_too_small"]);
    await check(await makeImage(400, 299, "image/png"), ["image image_too_small"]);
    await check(await makeImage(760, 300), ["image bad_aspect_ratio"]);
    await check(await makeImage(750, 300), []);
    await check(new Blob([]), ["image image_empty"]);
    await check(new Blob([jpeg, new Uint8Array(11_000_000)]), ["image image_too_large"]);
    await check(jpeg.slice(0, jpeg.size - 40), ["image image_truncated"]);
    await check(new Blob([jpeg, new Uint8Array(5000)]), []);
  },

  async the_format_comes_from_the_content_not_from_name_or_type({ kling }) {
    const webp = new File(["RIFF\x24\0\0\0WEBPVP8 "], "photo.jpg", { type: "image/jpeg" });
    const { format, issues } = await kling.inspectImage(webp);
    equal(format, "webp");
    equal(codes(issues), ["image unsupported_format"]);
    ok(issues[0].message.includes("WebP"), "the format's name in the message");
    equal(
      (await kling.inspectImage(new File([await makeImage()], "note.txt", { type: "text/plain" })))
        .issues,
      [],
    );
  },

  async an_unreadable_file_is_an_issue({ kling }) {
    const jpeg = await makeImage();
    const gone = new File([jpeg], "gone.jpg");
    gone.slice = () => ({
      arrayBuffer: () => Promise.reject(new DOMException("moved", "NotFoundError")),
    });
    const { issues } = await kling.inspectImage(gone);
    equal(codes(issues), ["image image_empty"]);
    equal(issues[0].params, { reason: "unreadable" });
    ok(issues[0].message.includes("NotFoundError"), "the browser's reason");
    equal(codes(await kling.validateRequest({ images: [jpeg, gone], prompt: "x" })), [
      "images[1] image_empty",
    ]);
    // Readable when it is checked, gone when it is encoded.
    const late = new File([jpeg], "late.jpg");
    let slices = 0;
    late.slice = (...range) => (++slices > 1 ? gone.slice() : jpeg.slice(...range));
    const error = await fails(
      kling.buildRequestBody({ images: [late], prompt: "x" }),
      "image_unreadable",
    );
    ok(error.message.startsWith("images[0]: "), "the index");
    equal(error.params, { path: "images[0]" });
    await fails(kling.inspectImage("text"), "invalid_option");
  },

  async base64_equals_that_of_the_browser({ kling }) {
    for (const length of [
      0, 1, 2, 3, 196_607, 196_608, 196_609, 1_572_863, 1_572_864, 1_572_865, 3_145_729, 5_000_000,
    ]) {
      const blob = random(length);
      ok(
        (await kling.encodeImage(blob)) === (await base64(blob)),
        `the same base64 of ${length} bytes`,
      );
    }
  },

  async a_body_is_exactly_the_documented_json({ kling }) {
    const [jpeg, png] = [await makeImage(), await makeImage(300, 300, "image/png")];
    const body = await kling.buildRequestBody({
      images: [jpeg, png],
      prompt: 'a "b"\n\u{1F30A}',
      negativePrompt: "blur",
      mode: "pro",
      duration: 10,
      aspectRatio: "1:1",
      modelName: "kling-v1-6",
      callbackUrl: new URL("https://a.example/x"),
      externalTaskId: "mine-1",
    });
    equal(body.type, "application/json");
    equal(JSON.parse(await body.text()), {
      image_list: [{ image: await base64(jpeg) }, { image: await base64(png) }],
      model_name: "kling-v1-6",
      prompt: 'a "b"\n\u{1F30A}',
      negative_prompt: "blur",
      mode: "pro",
      duration: "10",
      aspect_ratio: "1:1",
      callback_url: "https://a.example/x",
      external_task_id: "mine-1",
    });
    const least = JSON.parse(await (await kling.buildRequestBody({ images: [jpeg] })).text());
    equal(Object.keys(least), ["image_list", "external_task_id"]);
  },

  async every_kind_of_image_source_is_accepted({ kling }) {
    const jpeg = await makeImage();
    const encoded = await base64(jpeg);
    const lines = encoded.replace(/(.{76})/g, "$1\r\n").replace(/=+$/, "");
    const images = [
      `data:image/png;base64,${encoded}`,
      lines,
      encoded,
      new URL("https://a.example/b c.jpg"),
    ];
    const { image_list } = JSON.parse(
      await (await kling.buildRequestBody({ images, prompt: "x" })).text(),
    );
    equal(
      image_list.map(({ image }) => image),
      [encoded, encoded, encoded, "https://a.example/b%20c.jpg"],
    );
    const bad = [
      "data:image/png;base64",
      "not base64!",
      "blob:https://a.example/1",
      "ftp://a.example/b",
      "http://localhost/b",
      7,
      null,
    ];
    const found = [];
    for (const image of bad)
      found.push(...codes(await kling.validateRequest({ images: [image], prompt: "x" })));
    equal(
      found,
      ["bad_base64", "bad_base64", "bad_url", "bad_url", "bad_url", "bad_value", "bad_value"].map(
        (code) => `images[0] ${code}`,
      ),
    );
  },

  async a_data_url_is_decoded_as_the_browser_does({ kling }) {
    const jpeg = await makeImage();
    const encoded = await base64(jpeg);
    const inPercent = [...(await bytesOf(jpeg))]
      .map((byte) => "%" + byte.toString(16).padStart(2, "0"))
      .join("");
    const escaped = encodeURIComponent(encoded);
    ok(/%2[BF]/.test(escaped), "an escaped + or /");
    for (const url of [
      `data:image/jpeg;base64,${escaped}`,
      `data:image/jpeg;base64,${escaped.replace(/%2B/g, "%2b").replace(/%2F/g, "%2f")}`,
      `data:image/jpeg;base64,%0A${encoded.replace(/(.{76})/g, "$1%0D%0A")}%20`,
      `data:image/jpeg;base64,${encoded}#fragment`,
      `data:image/jpeg;name=${"x".repeat(300)};base64,${encoded}`,
      `data:image/jpeg; BASE64 ,${encoded}`,
      `DATA:;base64,${encoded}`,
      `  data:image/jpeg,${inPercent}`,
      `data:,${inPercent.toUpperCase()}#fragment`,
    ]) {
      const body = await kling.buildRequestBody({ images: [url], prompt: "x" });
      const [{ image }] = JSON.parse(await body.text()).image_list;
      ok(image === encoded, `the image of ${url.slice(0, 40)}`);
    }
    for (const [url, code] of [
      ["data:image/png,abc", "unsupported_format"],
      ["data:image/svg+xml,%3Csvg%2F%3E", "unsupported_format"],
      ["data:,", "image_empty"],
      ["data:image/jpeg;base64,%", "bad_base64"],
      ["data:image/jpeg;base64,%C3%BC", "bad_base64"],
      ["data:image/jpeg;base64,a%3Db", "bad_base64"],
      ["data:image/jpeg;base64", "bad_base64"],
    ])
      equal(codes(await kling.validateRequest({ images: [url], prompt: "x" })), [
        `images[0] ${code}`,
      ]);
  },

  async all_problems_are_reported_at_once({ kling }) {
    const images = [
      await makeImage(299, 400),
      new Blob([]),
      await makeImage(),
      await makeImage(),
      "?",
    ];
    const request = {
      images,
      prompt: "x".repeat(2501),
      mode: "fast",
      duration: 7,
      aspectRatio: "4:3",
      extra: 1,
      negativePrompt: 5,
    };
    equal(codes(await kling.validateRequest(request)), [
      "extra unknown_field",
      "negativePrompt bad_value",
      "images too_many_images",
      "images[0] image_too_small",
      "images[1] image_empty",
      "images[4] bad_base64",
      "prompt prompt_too_long",
      "mode bad_value",
      "duration bad_value",
      "aspectRatio bad_value",
    ]);
    const error = await fails(kling.buildRequestBody(request), "invalid_request");
    equal(error.issues.length, 10);
    equal(codes(await kling.validateRequest({ images: [images[2]], prompt: "half \ud83c" })), [
      "prompt bad_value",
      "~prompt prompt_missing",
    ]);
    equal(codes(await kling.validateRequest(undefined)), [
      "images bad_value",
      "~prompt prompt_missing",
    ]);
  },

  async unknown_keys_are_refused_by_name({ kling, client, key }) {
    const request = { images: [await makeImage()], prompt: "x", static_mask: "m" };
    equal(codes(await kling.validateRequest(request)), ["static_mask unknown_field"]);
    const known = kling.createClient({ apiKey: key });
    for (const call of [
      () => kling.createClient({ apikey: key }).getTask("1"),
      () => kling.createClient({ polling: { intervall: 1 } }).getTask("1"),
      () => known.getTask("1", { sginal: 1 }),
      () => known.wait("1", { timeOut: 1 }),
      () => known.wait("1", new AbortController().signal),
      () => kling.encodeImage(new Blob(["x"]), { onProgress() {} }),
    ])
      await fails(call(), "invalid_option");
    const error = await fails(known.submit(request, { onprogress() {} }), "invalid_option");
    ok(error.message.includes("onprogress"), "the key's name in the message");
    equal(error.params, { path: "options.onprogress" });
  },

  async limits_need_no_module_and_are_those_that_are_checked(kit) {
    const seen = await inWorker(
      kit,
      `
      globalThis.fetch = () => Promise.reject(new TypeError("no"));
      globalThis.WebAssembly = undefined;
      return [kling.limits, Object.isFrozen(kling.limits)];`,
    );
    equal(seen, [kit.kling.limits, true]);
    const { minImages, maxImages, maxImageBytes, minImageEdge, maxAspectRatio, maxPromptLength } =
      kit.kling.limits;
    const of = async (images, prompt = "x") =>
      (await kit.kling.validateRequest({ images, prompt })).map(({ code, params }) => [
        code,
        params.limit,
      ]);
    const jpeg = await makeImage(minImageEdge, minImageEdge * maxAspectRatio);
    equal(await of(Array(maxImages).fill(jpeg), "x".repeat(maxPromptLength)), []);
    equal(await of(Array(maxImages + 1).fill(jpeg)), [["too_many_images", maxImages]]);
    equal(await of([]), [["too_few_images", minImages]]);
    equal(await of([jpeg], "x".repeat(maxPromptLength + 1)), [
      ["prompt_too_long", maxPromptLength],
    ]);
    equal(await of([await makeImage(minImageEdge - 1, minImageEdge)]), [
      ["image_too_small", minImageEdge],
    ]);
    equal(await of([await makeImage(minImageEdge, minImageEdge * maxAspectRatio + 1)]), [
      ["bad_aspect_ratio", String(maxAspectRatio)],
    ]);
    const padded = (size) => new Blob([jpeg, new Uint8Array(size - jpeg.size)]);
    equal(await of([padded(maxImageBytes)]), []);
    equal(await of([padded(maxImageBytes + 1)]), [["image_too_large", maxImageBytes]]);
  },

  async every_kind_of_image_list_is_accepted({ kling }) {
    const jpeg = await makeImage();
    const check = async (images, expected) =>
      equal(codes(await kling.validateRequest({ images, prompt: "x" })), expected);
    const files = new DataTransfer();
    files.items.add(new File([jpeg], "a.jpg"));
    await check(files.files, []);
    await check(new Set([jpeg]), []);
    await check({ length: 1, 0: jpeg }, []);
    await check(jpeg, ["images bad_value"]);
    await check("text", ["images bad_value"]);
    await check([], ["images too_few_images"]);
    await check(undefined, ["images too_few_images"]);
    const endless = (function* () {
      for (;;) yield jpeg;
    })();
    equal(
      codes(await kling.validateRequest({ images: endless, prompt: "x" }))[0],
      "images too_many_images",
    );
  },

  async memory_does_not_grow_with_the_images(kit) {
    const big = new Blob([await makeImage(), random(9_000_000)]);
    const [size, before, after] = await inWorker(
      kit,
      `${NOTE_EXPORTS}
      await kling.buildRequestBody({ images: [given], prompt: "x" });
      const memory = memoryOf(instances[0]);
      const before = memory.buffer.byteLength;
      const images = [given, given, given, given];
      const { size } = await kling.buildRequestBody({ images, prompt: "x" });
      return [size, before, memory.buffer.byteLength];`,
      big,
    );
    ok(size > 48_000_000, "a body of 48 MB");
    equal(after, before, "wasm memory");
    // About 3.9 MB; up to 5.1 MB when a busy machine reads the slices late.
    ok(before < 6_000_000, `a few MB of wasm memory, found ${before}`);
  },

  async a_request_is_copied_at_the_call({ kling }) {
    const request = { images: [await makeImage()], prompt: "before" };
    const building = kling.buildRequestBody(request);
    request.images.length = 0;
    request.prompt = "after";
    const body = JSON.parse(await (await building).text());
    equal([body.image_list.length, body.prompt], [1, "before"]);
  },
});
