// Makes a checkout ready for a command (`up`, `test`, or another): dependencies installed, sources built. Needs nothing
// but Node and its npm, does only what is to be done, and says so in one line each. What the command could not go on
// without, it finds out before it installs anything.
import "./bootstrap/node-version.mjs";

/** Without a command by itself: for whatever comes. The command line without one has only its help to show. */
const command = process.argv[2] ?? (process.argv[1]?.endsWith("bootstrap.mjs") ? undefined : "help");

/** Whether it is; when not, why has been said. */
export const ready = import("./bootstrap/make-ready.mjs").then(({ makeReady }) => makeReady(command));
