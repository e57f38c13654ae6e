// The emulator as a process, with handles for a test (docs/emulator.md says what it can do).

import fs from "node:fs";
import path from "node:path";
import { Program, ROOT, temporaryFolder, until } from "./processes.mjs";

export const ZAI_LS = process.env.ZAI_LS ?? path.join(ROOT, ".venv/bin/zai-ls");

// *flags* as on the command line, in camel case: {plan: 'pro', firstTokenMs: 50, limit: ['5h=3']}.
export async function startEmulator({ key = "test.key", ...flags } = {}) {
  if (!fs.existsSync(ZAI_LS)) throw new Error(`there is no ${ZAI_LS}: make set-up`);
  const folder = temporaryFolder("emulator");
  const written = Object.entries({ plan: "pro", firstTokenMs: 20, serviceMs: 60, key, ...flags }).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => [`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, String(one)]),
  );
  const program = new Program("the emulator", [ZAI_LS, "emulator", ...written], {
    env: { PATH: process.env.PATH, HOME: folder, ZAI_STATE_DIR: folder, LANG: "C.UTF-8" },
    cwd: folder,
    log: path.join(folder, "emulator.log"),
  });
  try {
    const [line] = await program.says(/^\{.*\}$/m, 30);
    return new Emulator(program, folder, key, JSON.parse(line));
  } catch (error) {
    await program.stop();
    fs.rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

class Emulator {
  constructor(program, folder, key, told) {
    this.program = program;
    this.folder = folder;
    this.key = key;
    this.url = told.url;
    this.baseUrl = told.base_url;
    this.rawUrl = told.raw_url;
    // What zai-ls needs to ask this emulator and nobody else.
    this.env = { ZAI_API_KEY: key, ZAI_BASE_URL: this.baseUrl };
  }

  async #call(what, body) {
    const request = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const response = await fetch(`${this.url}/emulator/${what}`, request);
    const answer = await response.json();
    if (!response.ok) throw new Error(`the emulator refuses: ${answer.error}`);
    return answer;
  }

  // {most_in_flight, most_at_once, served, overlaps}
  record() {
    return this.#call("record");
  }

  // Waits until *holds(record)*; the record.
  until(what, holds, seconds) {
    return until(
      `the emulator's record: ${what}`,
      async () => {
        const record = await this.record();
        return holds(record) && record;
      },
      seconds,
    );
  }

  // Adds rules; `{clear: true}` drops the old ones first.
  script(rules, { clear = false } = {}) {
    return this.#call("script", { rules, clear });
  }

  // Says *text* to the next request that matches, word for word.
  reply(text, conditions = {}) {
    return this.script([{ reply: text, ...conditions }]);
  }

  // Plays *fault* for the next request that matches: '1302', 'hang', 'cut=2'…
  fail(fault, conditions = {}) {
    return this.script([{ fault, ...conditions }]);
  }

  // Turns its clock: windows refill.
  turn(seconds) {
    return this.#call("turn", { seconds });
  }

  async stop() {
    await this.program.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
