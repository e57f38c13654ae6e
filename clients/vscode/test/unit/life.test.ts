import assert from "node:assert/strict";
import { test } from "node:test";

import { hostOf, Keys, keyProblem } from "../../src/key.js";
import { escapeHtml, newNonce, policy } from "../../src/page.js";
import { Backoff } from "../../src/server/backoff.js";
import { withoutKeys } from "../../src/server/children.js";
import { ServerProcess } from "../../src/server/process.js";
import { Coalesced } from "../../src/server/queue.js";

test("a server that ends at once is started again less and less often, and then not", () => {
  const backoff = new Backoff();
  const waits = Array.from({ length: 8 }, () => backoff.next(10));
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 60_000, undefined]);
  backoff.reset();
  assert.equal(backoff.next(10), 1_000);
});

test("a server that lived for a while begins a new count", () => {
  const backoff = new Backoff();
  for (let n = 0; n < 5; n++) backoff.next(10);
  assert.equal(backoff.next(60_000), 1_000);
});

test("of many starts asked for, one runs and one waits", async () => {
  const runs: (() => void)[] = [];
  let atOnce = 0;
  const starts = new Coalesced(async () => {
    atOnce += 1;
    assert.equal(atOnce, 1);
    await new Promise<void>((done) => runs.push(done));
    atOnce -= 1;
  });
  const soon = () => new Promise((done) => setImmediate(done));
  const first = starts.ask();
  await soon();
  const [second, third] = [starts.ask(), starts.ask()];
  const fourth = second.then(() => starts.ask()); // who asks at the very end gets one of their own
  await soon();
  assert.equal(runs.length, 1);
  for (const [n, done] of [first, second, fourth].entries()) {
    runs[n]?.();
    if (n < 2) await done;
    await soon();
  }
  await Promise.all([third, fourth]);
  assert.equal(runs.length, 3);
});

test("a start that fails does not block the next", async () => {
  let count = 0;
  const starts = new Coalesced(async () => {
    count += 1;
    throw new Error("no");
  });
  await starts.ask();
  await starts.ask();
  assert.equal(count, 2);
});

test("how a process ended is told with its last words", async () => {
  const child = new ServerProcess("/bin/sh", ["-c", "echo first >&2; echo last words >&2; exit 3"], {}, "/");
  assert.deepEqual(await child.ending(), { code: 3, signal: null, lastLine: "last words", killed: false });
  const killed = new ServerProcess("/bin/sh", ["-c", "kill -KILL $$"], {}, "/");
  assert.equal((await killed.ending()).signal, "SIGKILL");
  const mute = new ServerProcess("/bin/sh", ["-c", "exec sleep 100"], {}, "/");
  mute.kill();
  assert.deepEqual(await mute.ending(), { code: null, signal: "SIGKILL", lastLine: "", killed: true });
  await assert.rejects(mute.ended(), /SIGKILL/);
  const none = new ServerProcess("/nowhere/zai-ls", [], {}, "/");
  assert.match((await none.ending()).lastLine, /ENOENT/);
});

function memory() {
  const kept = new Map<string, string>();
  return {
    kept,
    get: async (name: string) => kept.get(name),
    store: async (name: string, value: string) => void kept.set(name, value),
    delete: async (name: string) => void kept.delete(name),
    onDidChange: () => ({ dispose() {} }),
  };
}

test("a key goes to the host it was given for", async () => {
  const keys = new Keys(memory() as never);
  await keys.set("abc", "https://api.z.ai/api/paas/v4");
  assert.deepEqual(await keys.for("https://api.z.ai/api/coding/paas/v4"), { key: "abc" });
  assert.deepEqual(await keys.for("https://open.bigmodel.cn/api/paas/v4"), { elsewhere: "api.z.ai" });
  assert.deepEqual(await keys.for("https://api.z.ai:8443/"), { elsewhere: "api.z.ai" });
  assert.deepEqual(await keys.for("http://api.z.ai/"), { elsewhere: "api.z.ai" });
  assert.deepEqual(await keys.for("no address"), { elsewhere: "api.z.ai" });
  assert.equal(await keys.remove(), true);
  assert.equal(await keys.for("https://api.z.ai/"), undefined);
  assert.equal(await keys.remove(), false);
});

test("what storage holds and is no key counts as none", async () => {
  for (const text of ["", "abc", "[]", "{}", '{"key": 7}']) {
    const storage = memory();
    storage.kept.set("zai.apiKey", text);
    assert.equal(await new Keys(storage as never).for("https://api.z.ai/"), undefined, text);
  }
});

test("what is pasted beside a key is noticed", () => {
  assert.equal(keyProblem("0123abcd.XYZ"), undefined);
  assert.equal(keyProblem("  0123abcd.XYZ\n"), undefined, "blanks around it are cut off");
  assert.equal(keyProblem("  "), "empty");
  for (const text of ['"abc"', "Bearer abc", "ключ", "a\u0000b"]) assert.equal(keyProblem(text), "odd", text);
  assert.equal(hostOf("no url"), "");
});

test("programs that need no key get none", () => {
  const env = { PATH: "/bin", ZAI_API_KEY: "a", zhipuai_api_key: "b", ANTHROPIC_AUTH_TOKEN: "c", HTTPS_PROXY: "d" };
  assert.deepEqual(withoutKeys(env), { PATH: "/bin", HTTPS_PROXY: "d" });
});

test("a view runs what carries its nonce, and loads nothing", () => {
  const [one, other] = [newNonce(), newNonce()];
  assert.notEqual(one, other);
  assert.match(one, /^[\w-]{16,}$/);
  const strict = policy(one, false);
  assert.match(strict, /^default-src 'none'/);
  for (const word of ["script-src", "unsafe", "http", "connect-src", "*"]) assert.ok(!strict.includes(word), word);
  assert.ok(policy(one, true).includes(`script-src 'nonce-${one}'`));
  assert.equal(escapeHtml(`<a href="x">&'`), "&#60;a href=&#34;x&#34;&#62;&#38;&#39;");
});
