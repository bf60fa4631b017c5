// Where the test binary meets the cases.

/**
 * Runs one case, from the module that the simulator serves.
 * @param {string} simulator
 * @param {string} module
 * @param {string} name
 */
export async function runCase(simulator, module, name) {
  const { run } = await import(`${simulator}/cases/${module}.js`).catch((error) => {
    throw new Error(
      `expected the simulator at ${simulator} to serve tests/browser (--cases tests/browser): ${error}`,
    );
  });
  await run(simulator, name);
}
