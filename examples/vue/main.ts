import { createApp } from "vue";
import Maker from "./Maker.vue";

createApp(Maker).mount("#app");
