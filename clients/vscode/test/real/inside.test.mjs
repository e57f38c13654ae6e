// Tests inside VS Code's own extension host: what other extensions, and VS Code itself, see of ours.

import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openDesk, PLAIN_PATH, ROOT, reportInside, startEmulator, temporaryFolder, VENV_BIN, VSIX } from "./desk.mjs";

test("inside the extension host", async (t) => {
  const emulator = await startEmulator({ plan: "lite" });
  const folder = temporaryFolder("shop");
  let desk;
  try {
    fs.writeFileSync(path.join(folder, "prices.py"), "def total(prices, rate):\n    return sum(prices) * rate\n");
    const env = { ...emulator.env, ZAI_PLAN: "lite", PATH: `${VENV_BIN}:${PLAIN_PATH}`, EMULATOR: emulator.url, FOLDER: folder };
    desk = await openDesk({ vsix: VSIX, env, settings: { "zai.completion.mode": "invoked" } });
    const testsPath = path.join(ROOT, "clients/vscode/test/real/inside-tests.cjs");
    await reportInside(t, await desk.runInside({ testsPath, folder }));
  } finally {
    await desk?.close();
    await emulator.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
