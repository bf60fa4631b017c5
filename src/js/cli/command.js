// What the command line means, and what it prints.

import { readFile } from "node:fs/promises";
import { serve } from "./server.js";

const DEFAULT_PORT = 8317;
const MAX_PORT = 65_535;

const HELP = `usage: npx kling-multi-image2video [--port N]

Serves a page that makes videos, on this machine only: http://127.0.0.1:${DEFAULT_PORT}

  --port N    another port, from 1 to ${MAX_PORT}; 0 takes a free one
  --version   prints the version
  --help      prints this text

Environment:

  COMETAPI_KEY        your key for CometAPI. With it, the page makes real videos, which cost real
                      money. The key stays in this program: the page never gets it. Without it, the
                      page plays the service itself, and nothing is charged
  COMETAPI_BASE_URL   the part of the service's URL before /v1/videos/…, for another gateway:
                      https:, or http: of this machine; default https://api.cometapi.com/kling`;

/**
 * Runs the command until the server listens; it then serves until the process ends.
 * @param {string[]} words the arguments @param {Record<string, string | undefined>} environment
 */
export async function run(words, environment) {
  const options = parsed(words);
  if (options.prints === "help") return console.log(HELP);
  if (options.prints === "version") return console.log(await version());
  const key = environment.COMETAPI_KEY?.trim() ?? "";
  const baseUrl = environment.COMETAPI_BASE_URL?.trim() || undefined;
  const relay = key ? { key, baseUrl } : undefined;
  const url = await serve({ port: options.port, relay }).catch((error) => {
    throw new Error(explained(error, options.port));
  });
  console.log(url);
  if (!relay) {
    console.log("COMETAPI_KEY is not set: the page plays the service itself, nothing is charged");
  } else {
    console.log("COMETAPI_KEY is set: each video costs real money; the page never gets the key");
    if (baseUrl) console.log(`requests go to ${baseUrl}`);
  }
  console.log("Ctrl-C ends it");
}

/**
 * @param {string[]} words
 * @returns {{ port: number, prints?: "help" | "version" }}
 */
function parsed(words) {
  let port = DEFAULT_PORT;
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [name, value] = split(word);
    if (name === "--port") {
      port = portIn(value ?? rest.shift());
    } else if (value === undefined && ["--help", "-h"].includes(name)) {
      return { port, prints: "help" };
    } else if (value === undefined && ["--version", "-v"].includes(name)) {
      return { port, prints: "version" };
    } else {
      throw new Error(`unknown option "${word}", expected --port, --version or --help`);
    }
  }
  return { port };
}

/** The name of an option, and its value after `=`. @param {string} word @returns {[string, string | undefined]} */
function split(word) {
  const at = word.startsWith("--") ? word.indexOf("=") : -1;
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

/** @param {string | undefined} text */
function portIn(text) {
  const port = text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : Infinity;
  if (port <= MAX_PORT) return port;
  const found = text === undefined ? "none" : `"${text}"`;
  throw new Error(`expected a port from 0 to ${MAX_PORT} after --port, found ${found}`);
}

/** The message for an error of the server's start. @param {unknown} error @param {number} port */
function explained(error, port) {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const another = "choose another one with --port N";
  if (code === "EADDRINUSE") return `port ${port} is in use by another program; ${another}`;
  if (code === "EACCES") return `this system does not let you use port ${port}; ${another}`;
  const message = error instanceof Error ? error.message : String(error);
  // The relay names its options. A person sets variables.
  return message
    .replace(/^apiKey: /, "COMETAPI_KEY: ")
    .replace(/, or a function for the key$/, "")
    .replace(/^baseUrl: /, "COMETAPI_BASE_URL: ");
}

/** The version in the package's `package.json`. */
async function version() {
  const manifest = await readFile(new URL("../package.json", import.meta.url), "utf8");
  return String(JSON.parse(manifest).version);
}
