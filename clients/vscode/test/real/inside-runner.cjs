// Runs in the extension host: the tests of one module, one after the other, a line of JSON in *results* for each.

const fs = require("node:fs");

const SECONDS = 60;

module.exports = async (testsPath, results) => {
  const tell = (line) => fs.appendFileSync(results, `${JSON.stringify(line)}\n`);
  let failed = 0;
  try {
    for (const [name, test] of Object.entries(require(testsPath))) {
      const start = performance.now();
      let error = "";
      try {
        await bounded(test());
      } catch (thrown) {
        error = String(thrown?.stack ?? thrown);
        failed += 1;
      }
      tell({ name, error, ms: Math.round(performance.now() - start) });
    }
    tell({ end: true });
  } catch (thrown) {
    tell({ end: true, error: String(thrown?.stack ?? thrown) });
    throw thrown;
  }
  if (failed) throw new Error(`${failed} failed`);
};

function bounded(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${SECONDS} s`)), SECONDS * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
