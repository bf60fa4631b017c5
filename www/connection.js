// Where the requests go, and with which key.

import { createClient } from "./pkg/index.js";
import { find } from "./dom.js";
import { STAND_IN_BASE_URL, standInFetch } from "./stand-in.js";

const LOOPBACK = new Set(["127.0.0.1", "localhost"]);
export const DEFAULT_BASE_URL = "https://api.cometapi.com/kling";
/** In ms. The simulator and the stand-in finish within seconds, and polling them costs nothing. */
const FAST_POLLING = { firstDelay: 250, interval: 500, maxInterval: 1000 };

/** What the server of this page sets. @type {{ baseUrl?: string, apiKey?: string, simulator?: boolean, relay?: boolean, standIn?: boolean }} */
const config = await fetch("./config.json", { cache: "no-cache" })
  .then((response) => (response.ok ? response.json() : {}))
  .catch(() => ({}));

export const baseUrlField = find("#baseUrl", HTMLInputElement);
export const apiKeyField = find("#apiKey", HTMLInputElement);
/** Whether this page can play the service itself. */
export const hasStandIn = config.standIn === true;
baseUrlField.value = hasStandIn ? STAND_IN_BASE_URL : (config.baseUrl ?? DEFAULT_BASE_URL);
apiKeyField.value = config.apiKey ?? "";

/** The base URL in the form. */
export const currentBaseUrl = () => baseUrlField.value.trim();
export const isValidBaseUrl = (baseUrl = currentBaseUrl()) =>
  baseUrl !== "" && URL.canParse(baseUrl, location.href);

/** Whether the server behind this base URL adds the key. */
export const isRelay = (baseUrl = currentBaseUrl()) =>
  config.relay === true && baseUrl === config.baseUrl;

/** Whether this page plays the service: nothing is sent, and nothing is charged. */
export const isStandIn = (baseUrl = currentBaseUrl()) =>
  hasStandIn && baseUrl === STAND_IN_BASE_URL;

/** The base URL of the other service: the real one in place of the stand-in, or the stand-in. */
export const otherBaseUrl = () => (isStandIn() ? DEFAULT_BASE_URL : STAND_IN_BASE_URL);

/** @param {string} baseUrl */
const isOnThisMachine = (baseUrl) =>
  isValidBaseUrl(baseUrl) && LOOPBACK.has(new URL(baseUrl, location.href).hostname);

/** Whether the requests go to the simulator that serves this page. Only then is nothing charged. */
export function isSimulator(baseUrl = currentBaseUrl()) {
  if (!config.simulator || !isValidBaseUrl(baseUrl)) return false;
  const { origin, port } = new URL(baseUrl, location.href);
  return (
    origin === location.origin ||
    (isOnThisMachine(baseUrl) && LOOPBACK.has(location.hostname) && port === location.port)
  );
}

/** Whether requests need a key that the form does not have. */
export const lacksKey = (baseUrl = currentBaseUrl()) =>
  !isRelay(baseUrl) && !isStandIn(baseUrl) && apiKeyField.value.trim() === "";

/**
 * Whether the browser reports no network. A service on this machine needs none.
 */
export const isOffline = (baseUrl = currentBaseUrl()) =>
  navigator.onLine === false && !isOnThisMachine(baseUrl);

/** A client without a key: it reads and changes records, and sends nothing. @param {string} baseUrl */
export const localClient = (baseUrl) => createClient({ baseUrl });

/** A client with the key that the form has now. @param {string} baseUrl */
export function serviceClient(baseUrl) {
  const needsNoKey = isRelay(baseUrl) || isStandIn(baseUrl);
  return createClient({
    baseUrl,
    apiKey: needsNoKey ? undefined : apiKeyField.value.trim(),
    polling: isSimulator(baseUrl) || isStandIn(baseUrl) ? FAST_POLLING : undefined,
    fetch: isStandIn(baseUrl) ? standInFetch : undefined,
  });
}
