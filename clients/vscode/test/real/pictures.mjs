// The screenshots of the documentation: the real thing, at work on an emulated account. Run by `make pictures`.

import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openDesk, PLAIN_PATH, startEmulator, temporaryFolder, VENV_BIN, VSIX } from "./desk.mjs";

const ITEM = "zai-ls.status";
const SOURCE = `"""Prices of the shop."""


def total(prices, rate):
    result = 0
    for price in prices:
        if price is not None:
            result = result + price * rate
    return result


def label(name, amount):
    return "Total of " + name + ": " + str(amount)


def receipt(names, prices, rate):
    lines = [label(name, total([price], rate)) for name, price in zip(names, prices)]
    return
`;
const BETTER = `def total(prices, rate):
    return sum(price * rate for price in prices if price is not None)`;

test("the pictures", async () => {
  const emulator = await startEmulator({ plan: "lite" });
  const folder = temporaryFolder("shop");
  let desk;
  try {
    fs.writeFileSync(path.join(folder, "prices.py"), SOURCE);
    const env = { ...emulator.env, ZAI_PLAN: "lite", PATH: `${VENV_BIN}:${PLAIN_PATH}` };
    const settings = { "workbench.colorTheme": "Default Light Modern", "editor.fontSize": 14 };
    desk = await openDesk({ vsix: VSIX, env, settings });
    const window = await desk.openWindow({ folder, file: "prices.py", width: 1000, height: 640 });
    await window.untilStatus(ITEM, /GLM \d+ %/, 60);
    await window.press("Control+b"); // the side bar shows nothing of ours

    // Some use, so that there is something to see.
    const used = [
      { reply: `\`\`\`python\n${BETTER}\n\`\`\``, usage: { prompt_tokens: 900, completion_tokens: 800_000 } },
      { reply: 'f"Total of {name}: {amount}"' },
    ];
    await emulator.script(used, { clear: true });

    await window.cursor(6, 9);
    await window.openActions(/Simplify/);
    await window.picture("actions");
    await window.press("Escape");

    await window.select(4, 9);
    await window.run("GLM: Refactor Selection…");
    await window.fill("one expression, no loop");
    await window.picture("instruction");
    await window.press("Enter");
    await window.untilText("return sum(price * rate");

    await emulator.script([{ reply: '"\\n".join(lines)' }], { clear: true });
    await window.cursor(14);
    await window.type(" ");
    await window.untilGhost(/join/, 30);
    await window.picture("completion");
    await window.press("Escape");

    await window.tooltip(ITEM);
    await window.picture("status");
    await window.page.mouse.move(300, 300);

    await window.clickStatus(ITEM);
    await window.untilQuickInput();
    await window.picture("menu");
    await window.press("Escape");

    await emulator.script(
      [
        {
          reply:
            "`total` adds up what the prices come to:\n\n1. a price that is `None` is left out,\n2. each is multiplied by **rate**,\n3. an empty list gives `0`.\n\nWatch out: a *generator* of prices is used up afterwards.",
        },
      ],
      { clear: true },
    );
    await window.cursor(5, 9);
    await window.run("GLM: Explain");
    await window.webview(/adds up what/);
    await window.picture("explanation");
    await window.focusEditor();

    await window.run("GLM: Show Quota Page");
    const page = await window.webview(/5-hour quota/);
    await window.until("the page is drawn", () => page.evaluate(() => document.querySelectorAll("canvas").length > 1));
    await window.picture("quota");
  } finally {
    await desk?.close();
    await emulator.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
