// Where the module cannot be loaded, the error names the place and the line that helps.

import { equal, ok } from "./expect.js";
import { runner } from "./kit.js";
import { inWorker } from "./workers.js";

/** A worker's code that gives a global another value. */
const PRETEND = `
  const pretend = (name, value) =>
    Object.defineProperty(globalThis, name, { configurable: true, value });
  const forbid = () => {
    WebAssembly.Module = function () {
      throw new WebAssembly.CompileError("Refused to compile");
    };
  };`;

const MANIFEST = `"content_security_policy": { "extension_pages": "script-src 'self' 'wasm-unsafe-eval'" }`;
const extension = (protocol) =>
  `pretend("location", { protocol: "${protocol}", href: "${protocol}//abc/page.html" }); forbid();`;

/** Each: what the place is, what its error says, and whether a later call may succeed. */
const PLACES = {
  "a page with a policy": ["forbid();", "add 'wasm-unsafe-eval' to its script-src", false],
  "a Chrome extension": [extension("chrome-extension:"), MANIFEST, false],
  "a Firefox extension": [extension("moz-extension:"), MANIFEST, false],
  "a Safari extension": [extension("safari-web-extension:"), MANIFEST, false],
  "a content script": [
    `pretend("chrome", { runtime: { id: "abc" } }); forbid();`,
    "use the package in the extension's service worker",
    false,
  ],
  "a service worker": [
    `pretend("ServiceWorkerGlobalScope", class {});`,
    "a service worker may import no script later: import kling-multi-image2video/inline",
    true,
  ],
  "a sandboxed frame": [
    `pretend("origin", "null");`,
    "a sandboxed frame: import kling-multi-image2video/inline",
    true,
  ],
  "a runtime that compiles nothing": [
    `pretend("location", undefined); forbid();`,
    "this runtime compiles no WebAssembly; import the .wasm file, and pass it to init",
    false,
  ],
  "lockdown mode": [
    `pretend("WebAssembly", undefined);`,
    "this browser has no WebAssembly; use another one, or turn its lockdown mode off",
    false,
  ],
  "an old browser": [`WebAssembly.validate = () => false;`, "it is too old", false],
  "a usual page": ["", "found HTTP 404", true],
};

/** What a sandboxed frame reports, which inspects an image with this entry. */
async function formatInFrame(kit, sandbox, entry) {
  const frame = document.createElement("iframe");
  frame.sandbox = sandbox;
  const reported = new Promise((resolve) =>
    addEventListener("message", ({ data }) => resolve(data), { once: true }),
  );
  frame.srcdoc = `<script type="module">
      import { inspectImage } from "${kit.simulator}/pkg/${entry}";
      const report = (outcome) => parent.postMessage(outcome, "*");
      inspectImage(new Blob(["x"])).then(({ format }) => report(format), (error) => report(String(error)));
    </script>`;
  document.body.append(frame);
  const format = await reported;
  frame.remove();
  return format;
}

export const run = runner({
  async the_error_names_the_place_and_the_line_that_helps(kit) {
    for (const [name, [code, expected, isRetryable]] of Object.entries(PLACES)) {
      const [kind, message, retryable] = await inWorker(
        kit,
        `${PRETEND}${code}
        const error = await init(simulator + "/pkg/none.wasm").catch((error) => error);
        return [error.code, error.message, error.retryable];`,
      );
      equal([kind, retryable], ["wasm_load", isRetryable], name);
      ok(message.includes(expected), `${name}: ${message}`);
      if (name === "a usual page") ok(!message.includes("inline"), message);
    }
  },

  async where_webassembly_is_forbidden_nothing_is_fetched(kit) {
    for (const [name, [code, , isRetryable]] of Object.entries(PLACES)) {
      if (isRetryable) continue;
      const requested = await inWorker(
        kit,
        `${PRETEND}${code}
        const requested = [];
        globalThis.fetch = async (url) => { requested.push(String(url)); throw new TypeError("no"); };
        const client = makeClient("ok", { store: "memory" });
        for (const call of [init(), client.records(), kling.inspectImage(new Blob(["x"]))])
          requested.push(await call.then(() => "loaded", ({ code }) => code));
        return requested;`,
      );
      equal(requested, Array(3).fill("wasm_load"), name);
    }
  },

  async a_sandboxed_frame_can_use_the_entry_with_the_module_inside(kit) {
    for (const [sandbox, entry] of [
      ["allow-scripts", "inline.js"],
      ["allow-scripts allow-same-origin", "inline.js"],
      ["allow-scripts allow-same-origin", "index.js"],
    ])
      equal(await formatInFrame(kit, sandbox, entry), "unknown", `${sandbox}: ${entry}`);
  },
});
