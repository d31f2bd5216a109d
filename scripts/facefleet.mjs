// The command line, in a checkout that may not be ready yet. It is one process, and `npm start` gives it the
// shell's place (exec), so that a Ctrl-C ends with this program's own exit code.
import { ready } from "./bootstrap.mjs";

// npm changes to the checkout; paths that are given count from where the command was typed.
// biome-ignore lint/style/noProcessEnv: npm says it nowhere else
if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);

ready.then((isReady) => isReady && import("../apps/cli/dist/main.js"));
