"use client";

import { useEffect } from "react";
import { createClient } from "kling-multi-image2video";

// At module scope, which is run on the server too.
const client = createClient();

export function Consumer() {
  useEffect(() => {
    import("../main.js");
    return client.onRecordChange(() => {});
  }, []);
  return <p>A consumer</p>;
}
