import { createRelay } from "kling-multi-image2video/relay";

export const relay = createRelay({
  apiKey: () => process.env.COMETAPI_KEY,
  baseUrl: process.env.COMETAPI_BASE_URL,
  authorize: () => true, // anyone may pay: a site of your own checks the session here
});
