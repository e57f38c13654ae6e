import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const bundle: Record<string, string> = JSON.parse(readFileSync("l10n/bundle.l10n.zh-cn.json", "utf8"));
const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
const said = new Set(
  sources.flatMap((name) =>
    [...readFileSync(`src/${name}`, "utf8").matchAll(/\bsay\(\s*("(?:[^"\\]|\\.)*")/g)].map((match) =>
      JSON.parse(match[1] as string),
    ),
  ),
);

test("each sentence has its Chinese, and none is there in vain", () => {
  assert.ok(said.size > 50);
  assert.deepEqual(
    [...said].filter((sentence) => !(sentence in bundle)),
    [],
  );
  assert.deepEqual(
    Object.keys(bundle).filter((sentence) => !said.has(sentence)),
    [],
  );
});

test("a translation has the places of its sentence", () => {
  const places = (text: string) => (text.match(/\{\d\}/g) ?? []).sort();
  for (const [sentence, chinese] of Object.entries(bundle)) assert.deepEqual(places(chinese), places(sentence), sentence);
});
