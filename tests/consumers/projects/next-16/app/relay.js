import { createRelay } from "kling-multi-image2video/relay";

export const relay = createRelay({
  apiKey: () => process.env.COMETAPI_KEY,
  baseUrl: process.env.COMETAPI_BASE,
});
