// The command line, in a checkout that may not be ready yet. It is one process, and `npm start` gives it the
// shell's place (exec), so that a Ctrl-C ends with this program's own exit code.
import "./bootstrap.mjs";

if (!process.exitCode) await import("../apps/cli/dist/main.js");
