// Prepares the file of the input as the page does, and sends it before and after. Argument: how
// often it is prepared. The gap between timers is the shortest of all runs.

const [runs] = arguments;
const [file] = document.querySelector("input").files;

/** The longest time between two timers without a delay, while a function runs, in ms. */
async function longestGap(run) {
  let [longest, last, isOver] = [0, performance.now(), false];
  const tick = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setTimeout(tick);
  };
  setTimeout(tick);
  await run();
  tick();
  isOver = true;
  return longest;
}

return (async () => {
  const { createClient, inspectImage, isKlingError } = await import("/pkg/index.js");
  const { prepare } = await import("/preparation.js");
  const apiKey = `sk-sim-photos-${crypto.randomUUID()}`;
  const client = createClient({
    apiKey,
    baseUrl: `${location.origin}/s/ok/kling`,
    store: "memory",
  });

  /** The length of the body of a submission, as the simulator received it; `null` if it is refused. */
  const sent = async (image) => {
    try {
      await client.submit({ images: [image], prompt: "a calm sea" });
    } catch (error) {
      if (isKlingError(error) && error.code === "invalid_request") return null;
      throw error;
    }
    const headers = { authorization: `Bearer ${apiKey}` };
    const { charges } = await (await fetch("/account", { headers })).json();
    return charges.at(-1).bodyBytes;
  };

  const before = await inspectImage(file);
  const preparing = async () => prepare(file, before.format, {});
  // The scripts are loaded by the first call.
  const { prepared, refusal } = await preparing();
  if (!prepared) throw new Error(JSON.stringify(refusal));
  // Marks in the trace.
  performance.mark("preparing");
  await preparing();
  performance.mark("prepared");
  const gaps = [];
  for (let run = 0; run < runs; run += 1) gaps.push(await longestGap(preparing));
  const { image, info, changes } = prepared;
  const result = {
    sizeBefore: `${before.width} × ${before.height}`,
    bytesBefore: file.size,
    bodyBefore: await sent(file),
    sizeAfter: `${info.width} × ${info.height}`,
    bytesAfter: image.size,
    bodyAfter: await sent(image),
    changes: changes.map((change) => `\`${change}\``).join(", "),
    gap: Math.min(...gaps),
  };
  client.close();
  return result;
})();
