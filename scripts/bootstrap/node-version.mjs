// Ends the process on a Node that is too old. Whoever imports this loads what older ones cannot read only afterwards.
const [major, minor] = process.versions.node.split(".").map(Number);

if (major < 20 || (major === 20 && minor < 11)) {
  process.stderr.write(
    `error: Expected Node 20.11 or newer but received ${process.versions.node}; see https://nodejs.org\n`,
  );
  process.exit(1);
}
