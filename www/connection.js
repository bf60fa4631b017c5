// Where the requests go, and with which key.

import { createClient } from "./pkg/index.js";
import { find } from "./dom.js";

const LOOPBACK = new Set(["127.0.0.1", "localhost"]);
export const DEFAULT_BASE = "https://api.cometapi.com/kling";
/** The simulator finishes in seconds, and asking it often costs nobody anything. */
const SIMULATOR_POLLING = { firstDelay: 250, interval: 500, maxInterval: 1000 };

/** @type {{ baseUrl?: string, apiKey?: string, simulator?: boolean, relay?: boolean }} */
const config = await fetch("./config.json", { cache: "no-cache" })
  .then((answer) => (answer.ok ? answer.json() : {}))
  .catch(() => ({}));

export const baseUrl = find("#baseUrl", HTMLInputElement);
export const apiKey = find("#apiKey", HTMLInputElement);
baseUrl.value = config.baseUrl ?? DEFAULT_BASE;
apiKey.value = config.apiKey ?? "";

export const base = () => baseUrl.value.trim();
export const goodBase = (at = base()) => at !== "" && URL.canParse(at, location.href);
/** Whether the server at this address adds the key. */
export const relayed = (at = base()) => config.relay === true && at === config.baseUrl;

/** @param {string} at the base address */
const onThisMachine = (at) => goodBase(at) && LOOPBACK.has(new URL(at, location.href).hostname);

/** Whether the requests go to the simulator that serves this page: only then is nothing charged. */
export function simulated(at = base()) {
  if (!config.simulator || !goodBase(at)) return false;
  const { origin, port } = new URL(at, location.href);
  return (
    origin === location.origin ||
    (onThisMachine(at) && LOOPBACK.has(location.hostname) && port === location.port)
  );
}

/** Whether no request can go there, for want of a key. */
export const lacksKey = (at = base()) => !relayed(at) && apiKey.value.trim() === "";
/**
 * Whether the browser says that nothing can be sent there; what is on this machine needs no
 * network.
 */
export const isOffline = (at = base()) => navigator.onLine === false && !onThisMachine(at);

/**
 * A client of what this browser keeps of that address: without a key it can ask nobody. @param
 * {string} at the base address
 */
export const memory = (at) => createClient({ baseUrl: at });

/** A client with the key as it is now. @param {string} at the base address */
export function client(at) {
  return createClient({
    baseUrl: at,
    apiKey: relayed(at) ? undefined : apiKey.value.trim(),
    polling: simulated(at) ? SIMULATOR_POLLING : undefined,
  });
}
