import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Maker } from "./Maker.tsx";

createRoot(document.querySelector("#app")!).render(
  <StrictMode>
    <Maker />
  </StrictMode>,
);
