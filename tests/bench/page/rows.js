// The rows of the table: each way to bring the files of the input to the server.

/**
 * @typedef {object} Row
 * @property {() => Promise<unknown>} [ready] what a page has done before its user picks files
 * @property {(files: File[]) => Promise<unknown>} [prepare] resolves when the body of the request is ready
 * @property {(files: File[]) => Promise<unknown>} run resolves when the server has accepted the request
 */

export const PROMPT = "a walk through the seasons";
/** A key for the sink, which checks none. */
export const KEY = "sk-bench-0123456789abcdef";

/** How much of a file is encoded at once by `slices`: a multiple of 3 bytes. */
const SLICE_BYTES = 3 << 20;
/** The parts of a ready body, in bytes. */
const PART_BYTES = 4 << 20;

/** How the page of this repository prepares photos. */
const PREPARE = { maxEdge: 1600, quality: 0.8 };

/** @type {Blob | undefined} */
let readyBody;

/** @type {typeof import("kling-multi-image2video") | undefined} */
let ours;
/** @type {import("kling-multi-image2video").Client | undefined} */
let client;

/** @type {typeof import("./packages.js") | undefined} */
let packages;

/** Nothing to do before. @returns {Promise<unknown>} */
const none = async () => undefined;

const loadPackages = async () => (packages = await import("./packages.js"));

/** The module loaded and the database open, as in a page that has listed its records. */
async function openClient() {
  ours = await import("kling-multi-image2video");
  await ours.default();
  client = ours.createClient({ apiKey: KEY, baseUrl: "/kling" });
  await client.records();
}

/** @param {Blob | string} body */
async function post(body) {
  const response = await fetch("/kling/v1/videos/multi-image2video", {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${KEY}` },
    body,
  });
  const { data } = await response.json();
  if (!data?.task_id) throw new Error("expected an accepted task");
}

/** @param {string[]} images */
const json = (images) =>
  JSON.stringify({ image_list: images.map((image) => ({ image })), prompt: PROMPT });

/** @param {File} file @returns {Promise<string>} */
const readAsDataUrl = (file) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () =>
      resolve(String(reader.result).slice(String(reader.result).indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });

/**
 * A row that reads whole files, encodes each, and sends one string.
 * @param {(bytes: Uint8Array) => string} encode
 * @returns {Row}
 */
const wholeFiles = (encode, ready = none) => {
  /** @param {File} file */
  const image = async (file) => encode(new Uint8Array(await file.arrayBuffer()));
  return string(async (files) => json(await Promise.all(files.map(image))), ready);
};

/** @param {(files: File[]) => Promise<Blob | string>} prepare @param {() => Promise<unknown>} ready @returns {Row} */
const string = (prepare, ready = none) => ({
  ready,
  prepare,
  run: async (files) => post(await prepare(files)),
});

/** @param {File[]} files */
async function slices(files) {
  /** @param {File} file */
  const encoded = async (file) => {
    const parts = [];
    for (let at = 0; at < file.size; at += SLICE_BYTES) {
      const slice = await file.slice(at, at + SLICE_BYTES).arrayBuffer();
      parts.push(new Blob([new Uint8Array(slice).toBase64()]));
    }
    return parts;
  };
  const images = await Promise.all(files.map(encoded));
  const list = images.flatMap((parts, index) => [
    index ? ',{"image":"' : '{"image":"',
    ...parts,
    '"}',
  ]);
  return new Blob(['{"image_list":[', ...list, `],"prompt":${JSON.stringify(PROMPT)}}`]);
}

/**
 * The size of the slices that `submit` reads, and how many it reads at a time: see
 * `core/src/encoding.rs`.
 */
const READ_BYTES = 1.5 * (1 << 20);
const MAX_READS = 6;

/** One for all, because nothing is encoded. */
const AS_IF_ENCODED = new Uint8Array((READ_BYTES / 3) * 4).fill(65);

/**
 * Moves as many bytes as `submit` in the same way, and does nothing else: no encoding, no check, no record.
 * @param {File[]} files
 */
async function move(files) {
  const ranges = files.flatMap((file) =>
    Array.from({ length: Math.ceil(file.size / READ_BYTES) }, (_, at) =>
      file.slice(at * READ_BYTES, (at + 1) * READ_BYTES),
    ),
  );
  const parts = [];
  const reads = ranges.splice(0, MAX_READS).map((range) => range.arrayBuffer());
  for (let read = reads.shift(); read; read = reads.shift()) {
    const { byteLength } = await read;
    const next = ranges.shift();
    if (next) reads.push(next.arrayBuffer());
    parts.push(new Blob([AS_IF_ENCODED.subarray(0, Math.ceil(byteLength / 3) * 4)]));
  }
  return new Blob(['{"x":"', ...parts, '"}']);
}

/** A body of as many bytes as the files become, in the browser's hands. @param {File[]} files */
async function makeBody(files) {
  const bytes = files.reduce((sum, { size }) => sum + Math.ceil(size / 3) * 4, 0);
  const part = new Blob(["A".repeat(PART_BYTES)]);
  const whole = Array.from({ length: Math.floor(bytes / PART_BYTES) }, () => part);
  readyBody = new Blob(['{"x":"', ...whole, "A".repeat(bytes % PART_BYTES), '"}']);
  await readyBody.slice(-1).arrayBuffer();
}

/** @param {File[]} files @param {import("kling-multi-image2video").SubmitOptions} [options] */
const submit = (files, options) => client?.submit({ images: files, prompt: PROMPT }, options);

/** How much of a video is in one blob, at least. */
const VIDEO_PART_BYTES = 4 << 20;

/** What a download that can be resumed cannot do without. */
async function readIntoBlobs() {
  const reader = (await fetch("/video.mp4")).body?.getReader();
  const blobs = [];
  let [parts, bytes] = [/** @type {Uint8Array<ArrayBuffer>[]} */ ([]), 0];
  for (let read = await reader?.read(); read?.value; read = await reader?.read()) {
    parts.push(read.value);
    bytes += read.value.length;
    if (bytes >= VIDEO_PART_BYTES) {
      blobs.push(new Blob(parts));
      [parts, bytes] = [[], 0];
    }
  }
  return new Blob([...blobs, ...parts]);
}

/** @type {Record<string, Row>} */
export const rows = {
  ours: {
    ready: openClient,
    prepare: async (files) => ours?.buildRequestBody({ images: files, prompt: PROMPT }),
    run: async (files) => submit(files),
  },
  "data-url": string(async (files) => json(await Promise.all(files.map(readAsDataUrl)))),
  "to-base64": wholeFiles((bytes) => bytes.toBase64()),
  slices: string(slices),
  "ai-sdk": wholeFiles(
    (bytes) => /** @type {string} */ (packages?.convertUint8ArrayToBase64(bytes)),
    loadPackages,
  ),
  "base64-js": wholeFiles(
    (bytes) => /** @type {string} */ (packages?.fromByteArray(bytes)),
    loadPackages,
  ),
  move: string(move),
  post: {
    ready: async () => makeBody(picked()),
    run: async () => readyBody && post(readyBody),
  },
  read: { run: async (files) => Promise.all(files.map((file) => file.arrayBuffer())) },
  originals: { ready: openClient, run: async (files) => submit(files) },
  prepared: {
    ready: openClient,
    prepare: async (files) => {
      for (const file of files) await ours?.prepareImage(file, PREPARE);
    },
    run: async (files) => submit(files, { prepare: PREPARE }),
  },
  inspect: {
    ready: openClient,
    run: async (files) => Promise.all(files.map((file) => ours?.inspectImage(file))),
  },
  init: {
    ready: async () => (ours = await import("kling-multi-image2video")),
    run: async () => ours?.default(),
  },
  download: {
    ready: openClient,
    run: async () => client?.download({ taskId: "task", url: `${location.origin}/video.mp4` }),
  },
  blob: { run: async () => (await fetch("/video.mp4")).blob() },
  blobs: { run: readIntoBlobs },
};

/** The files of the input. */
export function picked() {
  return [...(document.querySelector("input")?.files ?? [])];
}
