import { mount } from "svelte";
import Maker from "./Maker.svelte";

mount(Maker, { target: document.querySelector("#app")! });
