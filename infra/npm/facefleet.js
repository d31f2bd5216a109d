#!/usr/bin/env node
// Read by every Node, so that one which is too old is told so.
const [major, minor] = process.versions.node.split(".").map(Number);

if (major < 20 || (major === 20 && minor < 11)) {
  process.stderr.write(
    `error: Expected Node 20.11 or newer but received ${process.versions.node}; see https://nodejs.org\n`,
  );
  process.exit(1);
}
process.setSourceMapsEnabled(true);
import("../node_modules/@facefleet/cli/dist/main.js");
