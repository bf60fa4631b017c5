import { bytesOf, codes, equal, fails, ok, rejection } from "./expect.js";
import { makeImage, runner } from "./kit.js";
import {
  AVIF,
  ANIMATED_GIF,
  ANIMATED_WEBP,
  CMYK_JPEG,
  P3_COLUMNS,
  P3_JPEG,
} from "./photo-files.js";
import {
  coloursAt,
  CORNERS,
  deepPng,
  difference,
  fileOf,
  noise,
  phonePhoto,
  pngWithMetadata,
  QUARTERS,
  quarters,
} from "./photos.js";

/** For each Exif orientation, which quarter of the stored image is displayed at each corner. */
const DISPLAYED = ["0123", "1032", "3210", "2301", "0213", "2031", "3120", "1302"];

/** How far a colour may be off after JPEG. */
const JPEG_NOISE = 6;

const text = async (blob) => new TextDecoder("latin1").decode(await bytesOf(blob));

/**
 * What the cases' photos contain besides pixels: texts, Exif data, and the time of a PNG. So many
 * bytes of each that none occurs by chance in an image of noise.
 */
const METADATA = /secret|xmpmeta|Exif\0\0|MM\0\*\0{3}\x08|tIME\0{7}/;

/** Checks what must be true of every prepared image. */
async function acceptable(kling, { image, info, changes }) {
  const errors = info.issues.filter(({ severity }) => severity === "error");
  equal(codes(errors), [], "errors of a prepared image");
  const { width, height, bytes, format } = await kling.inspectImage(image);
  equal([info.width, info.height, info.bytes, info.format], [width, height, bytes, format]);
  if (changes.length) equal(image.type, `image/${format}`);
  ok(!METADATA.test(await text(image)), "no metadata");
}

/** sRGB values of a Display P3 colour. */
function toSrgb(colour) {
  const linear = colour.map((value) =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
  );
  const rows = [
    [1.2249401763, -0.2249401763, 0],
    [-0.0420569547, 1.0420569547, 0],
    [-0.0196375546, -0.0786360455, 1.0982736001],
  ];
  return rows.map((row) => {
    const value = row.reduce((sum, factor, index) => sum + factor * linear[index], 0);
    const encoded = value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055;
    return Math.round(255 * Math.min(1, Math.max(0, encoded)));
  });
}

export const run = runner({
  async an_acceptable_image_is_returned_as_it_is({ kling }) {
    for (const image of [
      await quarters(),
      await quarters(640, 480, "image/png"),
      await quarters(2048, 1200),
      await deepPng(300, 300, [10, 200, 30]),
      await noise(1200, 1200, "image/png"),
    ]) {
      const result = await kling.prepareImage(image);
      ok(result.image === image, "the same object");
      equal(result.changes, []);
      equal(codes(result.info.issues), []);
    }
  },

  async each_orientation_is_applied_once({ kling }) {
    for (const png of [false, true]) {
      const stored = await quarters(640, 480, png ? "image/png" : "image/jpeg");
      for (const [index, order] of DISPLAYED.entries()) {
        const photo = await (png ? pngWithMetadata : phonePhoto)(stored, index + 1);
        const result = await kling.prepareImage(photo);
        await acceptable(kling, result);
        const { width, height, colours } = await coloursAt(result.image, CORNERS);
        equal([width, height], index < 4 ? [640, 480] : [480, 640], `orientation ${index + 1}`);
        const expected = [...order].map((quarter) => QUARTERS[quarter]);
        const off = difference(expected, colours);
        ok(off <= JPEG_NOISE, `orientation ${index + 1}, png ${png}: ${colours}, off by ${off}`);
        const changes = ["metadata-removed"];
        if (index) changes.unshift("oriented");
        if (index && !png) changes.push("recompressed");
        equal(result.changes, changes);
      }
    }
  },

  async an_orientation_that_browsers_ignore_is_not_applied({ kling }) {
    const jpeg = new Uint8Array(await (await quarters()).arrayBuffer());
    const turned = new Uint8Array(await (await phonePhoto(new Blob([jpeg]), 6)).arrayBuffer());
    const exif = turned.subarray(2, 4 + turned[4] * 256 + turned[5]);
    const short = new Uint8Array([0xff, 0xe1, 0, 12, ...exif.subarray(4, 14)]);
    const png = await pngWithMetadata(await quarters(640, 480, "image/png"), 6);
    const wrong = new Uint8Array(await png.arrayBuffer());
    const at = (await text(png)).indexOf("eXIf");
    wrong[at + 4 + new DataView(wrong.buffer).getUint32(at - 4)] ^= 1;
    for (const [name, parts, expected] of [
      ["behind the pixels", [jpeg.subarray(0, -2), exif, jpeg.subarray(-2)], [640, 480]],
      ["a wrong checksum", [wrong], [640, 480]],
      [
        "after one that is too short",
        [jpeg.subarray(0, 2), short, exif, jpeg.subarray(2)],
        [480, 640],
      ],
    ]) {
      const photo = new Blob(parts);
      const seen = await kling.inspectImage(photo);
      equal([seen.width, seen.height], expected, `${name}: the size that is seen`);
      const { info } = await kling.prepareImage(photo);
      equal([info.width, info.height], expected, `${name}: the size that is prepared`);
    }
  },

  async orientation_and_size_change_together({ kling }) {
    for (const [index, order] of DISPLAYED.entries()) {
      const photo = await phonePhoto(await quarters(1600, 1200), index + 1);
      const result = await kling.prepareImage(photo, { maxEdge: 800 });
      await acceptable(kling, result);
      const { width, height, colours } = await coloursAt(result.image, CORNERS);
      equal([width, height], index < 4 ? [800, 600] : [600, 800]);
      ok(
        difference(
          [...order].map((quarter) => QUARTERS[quarter]),
          colours,
        ) <= JPEG_NOISE,
        `orientation ${index + 1}`,
      );
    }
  },

  async metadata_is_removed_without_a_change_of_pixels({ kling }) {
    const [jpeg, png] = [await quarters(), await quarters(640, 480, "image/png")];
    for (const [clean, photo] of [
      [jpeg, await phonePhoto(jpeg)],
      [png, await pngWithMetadata(png)],
      [fileOf(P3_JPEG), await phonePhoto(fileOf(P3_JPEG))],
    ]) {
      ok(METADATA.test(await text(photo)), "metadata before");
      const result = await kling.prepareImage(photo);
      equal(result.changes, ["metadata-removed"]);
      await acceptable(kling, result);
      equal(await text(result.image), await text(clean), "the bytes without metadata");
    }
  },

  async colours_of_wide_gamut_stay({ kling }) {
    for (const options of [{ maxEdge: 300 }, { format: "png" }, { maxEdge: 399, quality: 1 }]) {
      const result = await kling.prepareImage(fileOf(P3_JPEG), options);
      await acceptable(kling, result);
      const points = P3_COLUMNS.map((_, index) => [(index + 0.5) / 4, 0.5]);
      const { colours } = await coloursAt(result.image, points);
      const off = difference(P3_COLUMNS.map(toSrgb), colours);
      ok(off <= JPEG_NOISE, `colours off by ${off}: ${JSON.stringify(colours)}`);
    }
  },

  async a_cmyk_jpeg_becomes_rgb({ kling }) {
    const result = await kling.prepareImage(fileOf(CMYK_JPEG));
    equal(result.changes, ["converted", "recompressed"]);
    await acceptable(kling, result);
    const points = [
      [0.2, 0.5],
      [0.8, 0.5],
    ];
    const { colours } = await coloursAt(result.image, points);
    const [red, cyan] = colours;
    ok(red[0] > 150 && red[1] < 110 && red[2] < 110, `red, found ${red}`);
    ok(cyan[0] < 110 && cyan[1] > 110 && cyan[2] > 150, `cyan, found ${cyan}`);
  },

  async every_format_that_the_browser_shows_is_converted({ kling }) {
    const webp = await makeImage(400, 300, "image/webp", "rgb(30 60 200)");
    const cases = [
      [fileOf(ANIMATED_GIF), [220, 30, 30]],
      [fileOf(ANIMATED_WEBP), [220, 30, 30]],
      [fileOf(AVIF), [20, 160, 60]],
    ];
    if (webp.type === "image/webp") cases.push([webp, [30, 60, 200]]);
    for (const [image, colour] of cases) {
      const result = await kling.prepareImage(image);
      await acceptable(kling, result);
      equal([result.info.format, result.changes], ["jpeg", ["converted"]]);
      const { colours } = await coloursAt(result.image, CORNERS);
      ok(difference([colour, colour], colours) <= JPEG_NOISE, `${colour}, found ${colours[0]}`);
    }
  },

  async transparency_is_kept_in_png_and_white_in_jpeg({ kling }) {
    const top = [[0.5, 0.05]];
    const transparent = await noise(1000, 800, "image/png", 1, 200);
    const kept = await kling.prepareImage(transparent, { maxEdge: 700 });
    await acceptable(kling, kept);
    equal([kept.info.format, kept.changes], ["png", ["shrunk"]]);
    equal((await coloursAt(kept.image, top)).colours[0][3], 0, "alpha");
    const white = await kling.prepareImage(transparent, { format: "jpeg" });
    await acceptable(kling, white);
    equal([white.info.format, white.changes], ["jpeg", ["converted"]]);
    const { colours } = await coloursAt(white.image, top);
    ok(difference([[255, 255, 255]], colours) <= JPEG_NOISE, `white, found ${colours}`);
    const opaque = await kling.prepareImage(await noise(1000, 800, "image/png"), {
      maxEdge: 700,
    });
    equal([opaque.info.format, opaque.changes], ["jpeg", ["converted", "shrunk"]]);
    const small = await kling.prepareImage(await quarters(900, 700, "image/png"), { maxEdge: 500 });
    equal([small.info.format, small.changes], ["png", ["shrunk"]]);
    const deep = await kling.prepareImage(await deepPng(600, 400, [10, 200, 30]), { maxEdge: 500 });
    equal([deep.info.format, deep.info.width], ["png", 500]);
    ok(
      difference([[10, 200, 30]], (await coloursAt(deep.image, [[0.5, 0.5]])).colours) <= 2,
      "16 bits",
    );
  },

  async a_ratio_beyond_the_limit_is_refused_cropped_or_padded({ kling }) {
    const wide = await quarters(1800, 400);
    const error = await fails(kling.prepareImage(wide), "invalid_request");
    equal(codes(error.issues), ["image bad_aspect_ratio"]);
    equal(error.issues[0].params, { limit: "2.5", actual: "4.50", width: 1800, height: 400 });
    const cropped = await kling.prepareImage(wide, { aspect: "crop" });
    await acceptable(kling, cropped);
    equal(
      [cropped.info.width, cropped.info.height, cropped.changes],
      [1000, 400, ["cropped", "recompressed"]],
    );
    // The middle: the border between the left and the right half stays in the middle.
    const middle = await coloursAt(cropped.image, [
      [0.48, 0.1],
      [0.52, 0.1],
    ]);
    ok(difference(QUARTERS.slice(0, 2), middle.colours) <= 20, `the middle, ${middle.colours}`);
    const padded = await kling.prepareImage(wide, { aspect: "pad" });
    await acceptable(kling, padded);
    equal(
      [padded.info.width, padded.info.height, padded.changes],
      [1800, 720, ["padded", "recompressed"]],
    );
    const edges = await coloursAt(padded.image, [
      [0.5, 0.1],
      [0.5, 0.9],
      [0.1, 0.3],
    ]);
    const white = [255, 255, 255];
    ok(difference([white, white, QUARTERS[0]], edges.colours) <= JPEG_NOISE, "white margins");
    const tall = await kling.prepareImage(await quarters(100, 900), { aspect: "pad" });
    equal([tall.info.width, tall.info.height], [360, 900]);
  },

  async a_small_image_is_enlarged_up_to_twice({ kling }) {
    const enlarged = await kling.prepareImage(await quarters(200, 150));
    await acceptable(kling, enlarged);
    equal([enlarged.info.width, enlarged.info.height], [400, 300]);
    equal(enlarged.changes, ["enlarged", "recompressed"]);
    equal(codes(enlarged.info.issues), ["~image image_too_small"]);
    const error = await fails(kling.prepareImage(await quarters(400, 149)), "invalid_request");
    equal(codes(error.issues), ["image bad_aspect_ratio", "image image_too_small"]);
    await fails(kling.prepareImage(await quarters(149, 200)), "invalid_request");
  },

  async a_file_that_is_too_large_is_made_to_fit({ kling }) {
    const { maxImageBytes } = kling.limits;
    const png = await noise(1900, 1900, "image/png");
    ok(png.size > maxImageBytes, "a large PNG");
    const converted = await kling.prepareImage(png);
    await acceptable(kling, converted);
    equal([converted.info.width, converted.changes], [1900, ["converted"]]);
    const shrunk = await kling.prepareImage(png, { format: "png" });
    await acceptable(kling, shrunk);
    equal([shrunk.info.format, shrunk.changes], ["png", ["shrunk"]]);
    const jpeg = await noise(2800, 2800, "image/jpeg", 1);
    ok(jpeg.size > maxImageBytes, "a large JPEG");
    const fitting = await kling.prepareImage(jpeg, { maxEdge: 2800, quality: 1 });
    await acceptable(kling, fitting);
    ok(fitting.changes.includes("recompressed"), `recompressed, found ${fitting.changes}`);
  },

  async a_photo_of_fifty_megapixels_is_shrunk({ kling }) {
    const photo = await phonePhoto(await quarters(8192, 6144), 6);
    const result = await kling.prepareImage(photo);
    await acceptable(kling, result);
    equal([result.info.width, result.info.height], [1536, 2048]);
    equal(result.changes, ["oriented", "shrunk", "metadata-removed", "recompressed"]);
    const { colours } = await coloursAt(result.image, CORNERS);
    const expected = [...DISPLAYED[5]].map((quarter) => QUARTERS[quarter]);
    ok(difference(expected, colours) <= JPEG_NOISE, "colours");
    const large = await kling.prepareImage(photo, { maxEdge: 9000 });
    await acceptable(kling, large);
    ok(large.info.width * large.info.height <= 2 ** 24, "at most 16 megapixels");
  },

  async what_cannot_be_prepared_is_refused({ kling }) {
    const jpeg = await quarters();
    // WebKit shows a GIF without an image as an empty one.
    const broken = new Blob(["\0\0\0\x18ftypheic\0\0\0\0heicmif1", new Uint8Array(300)]);
    for (const [image, code] of [
      [new Blob([]), "image_empty"],
      [new Blob(["no image at all"]), "unsupported_format"],
      [jpeg.slice(0, jpeg.size - 40), "image_truncated"],
      [(await quarters(640, 480, "image/png")).slice(0, 2000), "image_truncated"],
      [broken, "unsupported_format"],
    ]) {
      const error = await fails(kling.prepareImage(image), "invalid_request");
      equal(codes(error.issues), [`image ${code}`]);
    }
    await fails(kling.prepareImage("text"), "invalid_option");
    await fails(kling.prepareImage(undefined), "invalid_option");
  },

  async options_are_checked({ kling }) {
    const image = await makeImage();
    for (const options of [
      { maxEdge: 299 },
      { maxEdge: 400.5 },
      { maxEdge: "2048" },
      { format: "webp" },
      { quality: 1.1 },
      { quality: "0.5" },
      { aspect: "stretch" },
      { decode: {} },
      { signal: {} },
      { maxedge: 400 },
      { toString: 1 },
      null,
      7,
      [],
      new AbortController().signal,
    ])
      await fails(kling.prepareImage(image, options), "invalid_option");
    const undefinedOnes = { maxEdge: undefined, decode: undefined, signal: undefined };
    equal((await kling.prepareImage(image, undefinedOnes)).changes, []);
  },

  async only_what_the_browser_cannot_show_is_decoded_by_the_caller({ kling }) {
    const jpeg = await quarters();
    const foreign = new Blob(["\0\0\0\x18ftypheic\0\0\0\0heicmif1", new Uint8Array(300)]);
    const calls = [];
    const decode = (made) => async (image, format) => {
      calls.push([image, format]);
      return made;
    };
    await kling.prepareImage(await quarters(2400, 1200), { decode: decode(jpeg) });
    equal(calls.length, 0, "calls for a JPEG");
    const none = await fails(kling.prepareImage(foreign), "invalid_request");
    equal(codes(none.issues), ["image unsupported_format"]);
    const clean = await kling.prepareImage(foreign, { decode: decode(jpeg) });
    equal([clean.changes, calls.length, calls[0][1]], [["converted"], 1, "heic"]);
    ok(calls[0][0] === foreign, "the original");
    await acceptable(kling, clean);
    const turned = await phonePhoto(jpeg, 6);
    const result = await kling.prepareImage(foreign, { decode: decode(turned), maxEdge: 400 });
    await acceptable(kling, result);
    equal([result.info.width, result.info.height], [300, 400]);
    const bitmap = await createImageBitmap(await quarters(900, 600));
    const drawn = await kling.prepareImage(foreign, { decode: decode(bitmap), maxEdge: 600 });
    await acceptable(kling, drawn);
    equal([drawn.info.width, drawn.changes], [600, ["converted", "shrunk"]]);
    equal(bitmap.width, 0, "a bitmap that is closed");
    const failing = { decode: () => Promise.reject(new Error("no memory")) };
    const failed = await fails(kling.prepareImage(foreign, failing), "invalid_request");
    ok(failed.issues[0].message.includes("no memory"), "the reason");
    for (const wrong of [undefined, null, "text", 7, {}])
      await fails(kling.prepareImage(foreign, { decode: decode(wrong) }), "invalid_option");
    await fails(kling.prepareImage(foreign, { decode: decode(foreign) }), "invalid_request");
  },

  async an_abort_rejects_at_once({ kling }) {
    const reason = new Error("mine");
    const aborted = AbortSignal.abort(reason);
    const photo = await phonePhoto(await quarters(4032, 3024), 6);
    equal((await rejection(kling.prepareImage(photo, { signal: aborted }))) === reason, true);
    for (const ms of [0, 5, 20, 60, 120]) {
      const control = new AbortController();
      const preparing = kling.prepareImage(photo, { signal: control.signal });
      setTimeout(() => control.abort(reason), ms);
      const outcome = await preparing.catch((error) => error);
      ok(outcome === reason || outcome.changes, `the reason, found ${outcome}`);
    }
    const control = new AbortController();
    const foreign = new Blob(["\0\0\0\x18ftypheic\0\0\0\0heicmif1", new Uint8Array(300)]);
    const pending = kling.prepareImage(foreign, {
      signal: control.signal,
      decode: () => new Promise(() => setTimeout(() => control.abort(reason), 10)),
    });
    ok((await rejection(pending)) === reason, "the reason while the caller decodes");
  },
});
