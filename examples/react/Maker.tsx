import { type FormEvent, useEffect, useRef, useState } from "react";
import { createClient, isKlingError, type Progress } from "kling-multi-image2video";

// At module scope: one client for all, and no effect until it is used. The site's relay adds the
// key.
const client = createClient({ baseUrl: "/api/kling" });

export function Maker() {
  const [phase, setPhase] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [video, setVideo] = useState<string>();
  const left = useRef(new AbortController());

  // Leaving the page stops watching, and not the task: its record resumes it.
  useEffect(() => {
    left.current = new AbortController();
    const { current } = left;
    return () => current.abort();
  }, []);
  useEffect(() => () => URL.revokeObjectURL(video ?? ""), [video]);

  async function make(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const { signal } = left.current;
    setBusy(true);
    try {
      const request = {
        images: form.getAll("images") as File[],
        prompt: String(form.get("prompt")),
      };
      const onProgress = ({ phase }: Progress) => setPhase(phase);
      const task = await client.generate(request, { signal, onProgress });
      setVideo(URL.createObjectURL(await client.keepVideo(task.taskId, { signal, onProgress })));
      setPhase("done");
    } catch (error) {
      if (!signal.aborted)
        setPhase(isKlingError(error) ? `${error.code}: ${error.message}` : String(error));
    }
    setBusy(false);
  }

  return (
    <form onSubmit={make}>
      <input type="file" name="images" accept="image/jpeg,image/png" multiple required />
      <input name="prompt" required />
      <button disabled={isBusy}>Make the video</button>
      <p role="status">{phase}</p>
      {video && <video src={video} controls />}
    </form>
  );
}
