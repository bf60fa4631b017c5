import { relay } from "../../../relay.js";

export { relay as GET, relay as POST };
