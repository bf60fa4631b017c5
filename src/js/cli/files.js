// The files that the server serves: the page, and of the package what the page loads. The list is
// made at the start, so no path of a request becomes a path of the file system.

import { readFile, readdir } from "node:fs/promises";

const PAGE = new URL("../page/", import.meta.url);
const PACKAGE = new URL("../", import.meta.url);

/** Types of the content, by extension. @type {Record<string, string>} */
const TYPES = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  wasm: "application/wasm",
  mp4: "video/mp4",
  svg: "image/svg+xml",
  png: "image/png",
  jpg: "image/jpeg",
};

/** @typedef {{ type: string, read: () => Promise<Uint8Array> }} ServedFile */

/**
 * The files by path, and the policy that the page has in its document. As a header it counts for
 * every file, and can also forbid frames: a click in a hidden frame could pay.
 * @param {Record<string, unknown>} config what the page reads from its server
 * @returns {Promise<{ files: Map<string, ServedFile>, policy: string }>}
 */
export async function listFiles(config) {
  const files = new Map([
    ...(await filesIn(PAGE, "/", Object.keys(TYPES))),
    ...(await filesIn(PACKAGE, "/pkg/", ["js", "wasm"])),
  ]);
  const index = files.get("/index.html");
  const html = new TextDecoder().decode(await index?.read());
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1];
  if (!index || !policy)
    throw new Error("expected the page with its policy in this package; install it again");
  files.set("/", index);
  const json = new TextEncoder().encode(JSON.stringify(config));
  files.set("/config.json", { type: "application/json", read: async () => json });
  return { files, policy: `${policy.trim().replace(/\s+/g, " ")}; frame-ancestors 'none'` };
}

/**
 * The files of a folder that have one of these extensions.
 * @param {URL} folder @param {string} path where they are served @param {string[]} extensions
 */
async function filesIn(folder, path, extensions) {
  /** @type {Map<string, ServedFile>} */
  const files = new Map();
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const extension = entry.name.slice(entry.name.lastIndexOf(".") + 1);
    const type = TYPES[extension];
    if (!entry.isFile() || !type || !extensions.includes(extension)) continue;
    const url = new URL(entry.name, folder);
    files.set(`${path}${entry.name}`, { type, read: () => readFile(url) });
  }
  return files;
}
