// A server component: the package may be imported, and pictures looked at, where there is no page.

import { inspectImage } from "kling-multi-image2video";
import { Consumer } from "./consumer.jsx";

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAZAAAAEsCAYAAADtt+XCAAAA";

export default async function Page() {
  const { format, width } = await inspectImage(new Blob([Buffer.from(PNG, "base64")]));
  if (format !== "png" || width !== 400) throw new Error(`expected a picture, found ${format}`);
  return <Consumer />;
}
