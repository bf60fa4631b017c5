// The search for the key finds each spelling of it in each place. Each case plants the key of
// another kit, not its own.

import { equal, fails, ok, rejection, until } from "./expect.js";
import { Kit, runner } from "./kit.js";
import { spellings } from "./leaks.js";
import { inWorker, tab } from "./workers.js";

const KEY = "sk-sim-1f?~>0";

/** Strings that contain a key, each in another spelling. */
function planted(key) {
  const hex = (character) => character.charCodeAt(0).toString(16).padStart(2, "0");
  const each = (spell) => [...key].map(spell).join("");
  const strings = [
    key,
    key.toUpperCase(),
    JSON.stringify(JSON.stringify(key)),
    each((character) => `%${hex(character)}`),
    each((character) => `%${hex(character).toUpperCase()}`),
    each((character) => `%25${hex(character)}`),
    each((character) => `\\u00${hex(character)}`),
    each((character) => `\\u00${hex(character).toUpperCase()}`),
    each((character) => `\\\\u00${hex(character)}`),
    each((character, at) => (at % 2 ? `%${hex(character)}` : `\\u00${hex(character)}`)),
    key.replace("s", "\\u0073"),
    key.replaceAll("-", "%2D"),
  ];
  for (const before of ["", "a", "ab", "abc", "Bearer "]) {
    for (const behind of ["", "!", "!!", "!!!"]) {
      const base64 = btoa(before + key + behind);
      strings.push(
        base64,
        base64.replaceAll("+", "-").replaceAll("/", "_"),
        base64.replaceAll("+", "%2B").replaceAll("/", "%2f"),
      );
    }
  }
  return strings;
}

/** Plants the key of another kit, and expects its search to find it there. */
async function found(kit, place, plant) {
  const other = await Kit.at(kit.simulator);
  await other.assertKeyStayed();
  const remove = await plant(other);
  const error = await rejection(other.assertKeyStayed());
  ok(error.message.includes(place), `the key to be found in ${place}, found ${error}`);
  await remove?.();
}

/** Escaped, because the output of the tests must not contain a key. */
const escaped = ({ key }) => key.replaceAll("-", "%2D");

/** Waits until the browser lists a URL with this end. */
async function listed(request, end) {
  await (await request).text();
  await until(
    () => performance.getEntriesByType("resource").some(({ name }) => name.endsWith(end)),
    "the browser to list the URL",
  );
}

export const run = runner({
  async each_spelling_of_the_key_is_found(kit) {
    for (const key of [KEY, kit.key]) {
      const isIn = (text) => spellings(key).some((spelling) => spelling.test(text));
      for (const text of planted(key))
        ok(
          isIn(text) && isIn(`before ${text} behind`),
          `the key in ${text.replace("sk-sim-", "sk-…")}`,
        );
      const shorter = key.slice(0, -1);
      for (const text of [
        "",
        "%",
        "\\u00",
        shorter,
        "sk-sim-other",
        ...["", "a", "ab"].map((before) => btoa(`${before}${shorter}~`)),
      ])
        ok(!isIn(text), "no key in another string");
    }
  },

  async the_key_is_found_in_each_place_of_a_page(kit) {
    await found(kit, "console", (other) => console.debug("planted", escaped(other)));
    await found(kit, "broadcasts", (other) =>
      new BroadcastChannel("planted").postMessage({ planted: [other.key] }),
    );
    await found(kit, "errors", async (other) => {
      await fails(
        Promise.reject(
          Object.assign(new Error(other.key), { name: "KlingError", code: "planted" }),
        ),
        "planted",
      );
    });
    await found(kit, "urls", async (other) => {
      await listed(fetch(`${other.simulator}/config.json?${escaped(other)}`), escaped(other));
    });
    for (const storage of [localStorage, sessionStorage]) {
      await found(kit, "stored", (other) => {
        storage.setItem(other.base(), btoa(other.key));
        return () => storage.removeItem(other.base());
      });
    }
    await found(kit, "records", async (other) => {
      const client = other.client();
      await client.submit(await other.request());
      const database = await new Promise((resolve) => {
        const opening = indexedDB.open(other.key);
        opening.onsuccess = () => resolve(opening.result);
      });
      const transaction = database.transaction("tasks", "readwrite");
      transaction.objectStore("tasks").put({ prompt: btoa(other.key) }, [other.base(), "planted"]);
      await new Promise((resolve) => (transaction.oncomplete = resolve));
      database.close();
    });
  },

  async the_key_is_found_in_every_value_from_a_client(kit) {
    const error = (key) =>
      Object.assign(new Error("planted"), { name: "KlingError", cause: new Error(btoa(key)) });
    await found(
      kit,
      "a result of getTask",
      (other) => void other.observed({ getTask: async () => ({ raw: escaped(other) }) }).getTask(),
    );
    await found(kit, "an error of wait", (other) =>
      other
        .observed({ wait: () => Promise.reject(error(other.key)) })
        .wait()
        .catch(() => {}),
    );
    await found(kit, "progress of submit", (other) => {
      const reported = [];
      other
        .observed({ submit: (_, { onProgress }) => onProgress({ error: other.key }) })
        .submit({}, { onProgress: (progress) => reported.push(progress) });
      equal(reported.length, 1, "calls of the listener itself");
    });
    await found(kit, "a call by onRecordChange", (other) =>
      other
        .observed({ onRecordChange: (listener) => listener({ prompt: other.key }) })
        .onRecordChange(() => {}),
    );
    await found(kit, "a result of next", async (other) => {
      const watch = async function* () {
        yield { statusMessage: other.key };
      };
      for await (const _ of other.observed({ watch }).watch());
    });
  },

  async the_key_is_found_in_everything_from_workers(kit) {
    await found(
      kit,
      "console",
      async (other) => void (await inWorker(other, `console.info(key.replaceAll("-", "%2d"));`)),
    );
    await found(
      kit,
      "broadcasts",
      async (other) =>
        void (await inWorker(other, `new BroadcastChannel("planted").postMessage(btoa(key));`)),
    );
    await found(
      kit,
      "a message of a worker",
      async (other) => void (await inWorker(other, `return [key];`)),
    );
    await found(kit, "a message of a worker", async (other) => {
      const { message, close } = tab(other, `return "a" + given;`, other.key);
      await message;
      return close;
    });
  },

  async the_key_is_found_in_each_place_of_a_request(kit) {
    const send = (other, path, headers, init) =>
      fetch(`${other.base()}/v1/videos/multi-image2video${path}`, {
        headers: { Authorization: `Bearer ${other.key}`, ...headers },
        ...init,
      });
    await found(kit, "the key in the URL", async (other) => {
      await listed(send(other, `/1?key=${btoa(other.key)}`), btoa(other.key));
      // The search shall find the request, not the URL in the browser's list.
      performance.clearResourceTimings();
    });
    await found(
      kit,
      "the key in the header content-type",
      async (other) =>
        void (await send(other, "/1", { "Content-Type": `x/y; key=${escaped(other)}` })),
    );
    const body = (other) => ({
      method: "POST",
      body: JSON.stringify({ prompt: btoa(`a ${other.key}`) }),
    });
    await found(
      kit,
      "the key in the body",
      async (other) =>
        void (await send(other, "", { "Content-Type": "application/json" }, body(other))),
    );
  },
});
