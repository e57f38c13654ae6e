// Tests that run inside VS Code's own extension host, with its real API.
//
// The tests are a CommonJS module whose exports are functions: each is a test, its name the export's, in the order written.

import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const RUNNER = path.join(path.dirname(fileURLToPath(import.meta.url)), "inside-runner.cjs");

// extensionPath  the folder of an extension to load as it stands; without one, what is installed at the desk is tested
// testsPath      the module of tests
// Gives [{name, error, ms}], *error* empty for a test that passed.
export async function runInside(desk, { extensionPath, testsPath, folder, file, seconds = 120 }) {
  const place = fs.mkdtempSync(path.join(desk.folder, "inside-"));
  const results = path.join(place, "results.jsonl");
  const entry = path.join(place, "entry.cjs");
  fs.writeFileSync(results, "");
  fs.writeFileSync(
    entry,
    `exports.run = () => require(${JSON.stringify(RUNNER)})(${JSON.stringify(path.resolve(testsPath))}, ${JSON.stringify(results)});\n`,
  );
  const window = await desk.openWindow({
    folder,
    file,
    development: { extension: extensionPath ? path.resolve(extensionPath) : emptyExtension(place), tests: entry },
  });
  try {
    const read = () =>
      fs
        .readFileSync(results, "utf8")
        .trim()
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    await window.until("the tests inside have ended", () => window.exitCode !== undefined || read().at(-1)?.end, seconds);
    const told = read();
    if (!told.at(-1)?.end) {
      throw new Error(
        `the tests inside did not begin or did not end (${window.exitCode}):\n${window.console.slice(-30).join("\n")}`,
      );
    }
    if (told.at(-1).error) throw new Error(told.at(-1).error);
    return told.slice(0, -1);
  } finally {
    await window.close();
  }
}

// VS Code runs tests only beside an extension under development.
function emptyExtension(place) {
  const folder = path.join(place, "nothing");
  fs.mkdirSync(folder);
  const manifest = { name: "nothing", publisher: "tests", version: "0.0.0", engines: { vscode: "*" } };
  fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest));
  return folder;
}

// Tells the results as subtests of *t*, the context of a test of node:test.
export async function reportInside(t, results) {
  for (const { name, error } of results) {
    await t.test(name, () => {
      if (error) throw new Error(error);
    });
  }
}
