// Prepares the file of the input as the page does, and sends it before and after. Argument: how
// often it is prepared. The times are the shortest of all runs.

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

/** The longest task while a function runs, in ms; 0 if none took 50 ms or more. */
async function longestTask(run) {
  const tasks = [0];
  const note = (list) => tasks.push(...list.getEntries().map(({ duration }) => duration));
  const observer = new PerformanceObserver(note);
  observer.observe({ entryTypes: ["longtask"] });
  await run();
  // A task is reported after its end.
  await new Promise((resolve) => setTimeout(resolve, 100));
  observer.disconnect();
  return Math.max(...tasks);
}

const hasLongTasks = PerformanceObserver.supportedEntryTypes.includes("longtask");

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
  const times = { task: [], gap: [] };
  for (let run = 0; run < runs; run += 1) {
    if (hasLongTasks) times.task.push(await longestTask(preparing));
    times.gap.push(await longestGap(preparing));
  }
  const task = Math.min(...times.task);
  const { image, info, changes } = prepared;
  const result = {
    sizeBefore: `${before.width} × ${before.height}`,
    bytesBefore: file.size,
    bodyBefore: await sent(file),
    sizeAfter: `${info.width} × ${info.height}`,
    bytesAfter: image.size,
    bodyAfter: await sent(image),
    changes: changes.map((change) => `\`${change}\``).join(", "),
    task: hasLongTasks ? (task ? `${Math.round(task)} ms` : "< 50 ms") : "unknown",
    gap: Math.min(...times.gap),
  };
  client.close();
  return result;
})();
