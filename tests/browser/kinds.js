// One case for each kind of image: what arrives at the service after its preparation.

import { equal, ok } from "./expect.js";
import { makeImage, runner } from "./kit.js";
import {
  ANIMATED_GIF,
  ANIMATED_WEBP,
  AVIF,
  CMYK_JPEG,
  P3_JPEG,
  TRANSPARENT_WEBP,
  TRANSPARENT_WEBP_ON_WHITE,
  TURNED_WEBP,
} from "./photo-files.js";
import {
  animatedPng,
  coloursAt,
  CORNERS,
  deepPng,
  difference,
  fileOf,
  noise,
  phonePhoto,
  QUARTERS,
  quarters,
  webpWithChunk,
} from "./photos.js";

const GREEN = [20, 160, 60];
const RED = [220, 30, 30];
const MIDDLE = [[0.5, 0.5]];

/** How far a colour may be off after JPEG. */
const JPEG_NOISE = 6;

const ascii = (text) => new TextEncoder().encode(text);

/** For each Exif orientation, which quarter of the stored image is displayed at each corner. */
const DISPLAYED = ["0123", "1032", "3210", "2301", "0213", "2031", "3120", "1302"];

/**
 * Each kind: the file, the options, what arrives as format and size, what was changed, and colours at
 * points, if a case checks them.
 */
const KINDS = {
  display_p3_jpeg: async () => [fileOf(P3_JPEG), { format: "png" }, "png 400x300", "converted"],
  display_p3_jpeg_that_needs_no_change: async () => [fileOf(P3_JPEG), {}, "jpeg 400x300", ""],
  transparent_png: async () => [
    await noise(1000, 800, "image/png", 1, 200),
    { maxEdge: 700 },
    "png 700x560",
    "shrunk",
  ],
  transparent_png_as_jpeg: async () => [
    await noise(1000, 800, "image/png", 1, 200),
    { format: "jpeg" },
    "jpeg 1000x800",
    "converted",
    [[[0.5, 0.05]], [[255, 255, 255]]],
  ],
  transparent_webp: async () => [
    fileOf(TRANSPARENT_WEBP),
    {},
    "jpeg 400x300",
    "converted",
    [MIDDLE, [TRANSPARENT_WEBP_ON_WHITE]],
  ],
  png_of_16_bits: async () => [
    await deepPng(600, 400, [10, 200, 30]),
    { maxEdge: 500 },
    "png 500x333",
    "shrunk",
    [MIDDLE, [[10, 200, 30]]],
  ],
  cmyk_jpeg: async () => [fileOf(CMYK_JPEG), {}, "jpeg 400x300", "converted recompressed"],
  animated_gif: async () => [
    fileOf(ANIMATED_GIF),
    {},
    "jpeg 320x300",
    "converted",
    [MIDDLE, [RED]],
  ],
  animated_webp: async () => [
    fileOf(ANIMATED_WEBP),
    {},
    "jpeg 320x300",
    "converted",
    [MIDDLE, [RED]],
  ],
  animated_png: async () => [
    await animatedPng(
      await quarters(640, 480, "image/png"),
      await makeImage(640, 480, "image/png"),
    ),
    { maxEdge: 400 },
    "png 400x300",
    "shrunk",
    [CORNERS, QUARTERS],
  ],
  animated_png_that_needs_no_change: async () => [
    await animatedPng(await quarters(640, 480, "image/png"), await quarters(640, 480, "image/png")),
    {},
    "png 640x480",
    "",
  ],
  webp_with_an_orientation: async () => [
    fileOf(TURNED_WEBP),
    {},
    "jpeg 400x300",
    "converted metadata-removed",
  ],
  webp_with_exif_far_from_its_start: async () => [
    await webpWithChunk(fileOf(TRANSPARENT_WEBP), "EXIF", ascii("MM\0*\0\0\0\x08\0\0"), 200_000),
    {},
    "jpeg 400x300",
    "converted metadata-removed",
  ],
  webp_with_xmp_far_from_its_start: async () => [
    await webpWithChunk(fileOf(TRANSPARENT_WEBP), "XMP ", ascii("<x:xmpmeta/>"), 200_000),
    {},
    "jpeg 400x300",
    "converted metadata-removed",
  ],
  avif: async () => [fileOf(AVIF), {}, "jpeg 400x300", "converted", [MIDDLE, [GREEN]]],
  jpeg_of_50_megapixels: async () => [
    await phonePhoto(await quarters(8192, 6144), 6),
    {},
    "jpeg 1536x2048",
    "oriented shrunk metadata-removed recompressed",
    [CORNERS, [...DISPLAYED[5]].map((quarter) => QUARTERS[quarter])],
  ],
};
for (const [index, order] of DISPLAYED.entries())
  KINDS[`jpeg_with_orientation_${index + 1}`] = async () => [
    await phonePhoto(await quarters(1600, 1200), index + 1),
    { maxEdge: 800 },
    index < 4 ? "jpeg 800x600" : "jpeg 600x800",
    `${index ? "oriented " : ""}shrunk metadata-removed recompressed`,
    [CORNERS, [...order].map((quarter) => QUARTERS[quarter])],
  ];

/** Prepares an image alone and in a submission, and checks what the simulator received. */
const caseOf = (make) => async (kit) => {
  const [image, options, expected, changes, colours] = await make();
  const prepared = await kit.kling.prepareImage(image, options);
  equal(prepared.changes.join(" "), changes, "changes");
  await kit.client().submit({ images: [image], prompt: "x" }, { prepare: options });
  const [{ images, bodyBytes }] = (await kit.account()).charges;
  const [{ format, width, height, fault, metadata }] = images;
  equal([`${format} ${width}x${height}`, fault, metadata], [expected, null, false]);
  // Base64, and at most a thousand bytes around it.
  const encodedBytes = 4 * Math.ceil(prepared.image.size / 3);
  ok(bodyBytes > encodedBytes && bodyBytes < encodedBytes + 1000, `${bodyBytes} bytes arrived`);
  if (!colours) return;
  const [points, wanted] = colours;
  const found = (await coloursAt(prepared.image, points)).colours;
  const off = difference(wanted, found);
  ok(off <= JPEG_NOISE, `colours off by ${off}: ${JSON.stringify(found)}`);
};

export const run = runner(
  Object.fromEntries(Object.entries(KINDS).map(([name, make]) => [name, caseOf(make)])),
);
