#!/usr/bin/env node
// The command line of the package: `npx kling-multi-image2video`. An older Node must be able to
// read this file, so that it can say what is missing. The rest is imported after that.

const MIN_NODE = 20;

/** @param {unknown} error */
function fail(error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

if (Number.parseInt(process.versions.node, 10) < MIN_NODE) {
  fail(`expected Node.js ${MIN_NODE} or later, found ${process.versions.node}`);
} else {
  import("./command.js").then(({ run }) => run(process.argv.slice(2), process.env)).catch(fail);
}
