// Makes a checkout ready for a command (`up`, `test`, or another): dependencies installed, sources built. Needs nothing
// but Node and its npm, does only what is to be done, and says so in one line each. What the command could not go on
// without, it finds out before it installs anything.
import "./bootstrap/node-version.mjs";

/** Whether it is; when not, why has been said. */
export const ready = import("./bootstrap/make-ready.mjs").then(({ makeReady }) => makeReady(process.argv[2]));
