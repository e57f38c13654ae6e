import assert from "node:assert/strict";
import { test } from "node:test";

import { findServer, isBelow, type Places, type Probes } from "../../src/server/find.js";

const HOME = "/home/ann";
const PROJECT = "/home/ann/shop";

interface Case {
  name: string;
  there: string[];
  places?: Partial<Places>;
  /** What a person has said about the project's own server; undefined: nothing yet. */
  may?: boolean | undefined;
  /** Links: where they lead. */
  links?: Record<string, string>;
  finds?: string;
  misses?: string[];
}

const OWN = "/store/server-1/bin/zai-ls";
const OURS = `${PROJECT}/.venv/bin/zai-ls`;
const SYSTEM = "/usr/bin/zai-ls";

const CASES: Case[] = [
  { name: "nothing anywhere", there: [], misses: [] },
  { name: "PATH", there: [SYSTEM], finds: `path ${SYSTEM}` },
  { name: "the first on PATH", there: [SYSTEM, "/opt/bin/zai-ls"], finds: "path /opt/bin/zai-ls" },
  { name: "its own environment before PATH", there: [SYSTEM, OWN], places: { own: OWN }, finds: `own ${OWN}` },
  {
    name: "its own environment was removed",
    there: [SYSTEM],
    places: { own: OWN },
    finds: `path ${SYSTEM}`,
    misses: ["own absent"],
  },
  {
    name: "the setting before all",
    there: [SYSTEM, OWN, "/x/zai"],
    places: { own: OWN, setting: "/x/zai" },
    finds: "setting /x/zai",
  },
  {
    name: "the setting below the home folder",
    there: [`${HOME}/bin/zai`],
    places: { setting: "~/bin/zai" },
    finds: `setting ${HOME}/bin/zai`,
  },
  {
    name: "the setting as a command",
    there: ["/usr/bin/zai-dev"],
    places: { setting: "zai-dev" },
    finds: "setting /usr/bin/zai-dev",
  },
  {
    name: "a setting that is wrong is not passed over",
    there: [SYSTEM],
    places: { setting: "/x/none" },
    misses: ["setting absent"],
  },
  {
    name: "a relative setting means no folder of ours",
    there: [`${PROJECT}/tools/zai-ls`],
    places: { setting: "tools/zai-ls" },
    misses: ["setting absent"],
  },
  { name: "the project's, with consent", there: [OURS], may: true, finds: `project ${OURS}` },
  { name: "the project's, refused", there: [OURS], may: false, misses: ["project refused"] },
  { name: "the project's, nothing said yet", there: [OURS], may: undefined, misses: ["project not_asked"] },
  {
    name: "the project's in a folder that is not trusted",
    there: [OURS],
    places: { trusted: false },
    misses: ["project untrusted"],
  },
  {
    name: "the project's is not asked about when there is another",
    there: [OURS, SYSTEM],
    may: true,
    finds: `path ${SYSTEM}`,
  },
  {
    name: "the project's environment is active in the shell",
    there: [OURS],
    places: { path: `${PROJECT}/.venv/bin:/usr/bin`, trusted: false },
    misses: ["project untrusted"],
  },
  {
    name: "a folder that is a link, with the environment behind it active",
    there: ["/data/shop/.venv/bin/zai-ls"],
    places: { path: "/data/shop/.venv/bin", trusted: false },
    links: { [PROJECT]: "/data/shop" },
    misses: ["project untrusted"],
  },
  {
    name: "a subfolder is open, and the environment above it active",
    there: ["/data/shop/.venv/bin/zai-ls"],
    places: { path: "/data/shop/.venv/bin", folders: ["/data/shop/src/app"], trusted: false },
    misses: ["project untrusted"],
  },
  {
    name: "an environment with an odd name in the project",
    there: [`${PROJECT}/..venv/bin/zai-ls`],
    places: { path: `${PROJECT}/..venv/bin`, trusted: false },
    misses: ["project untrusted"],
  },
  {
    name: "an environment in the home folder is nobody's project",
    there: [`${HOME}/.venv/bin/zai-ls`],
    places: { path: `${HOME}/.venv/bin` },
    finds: `path ${HOME}/.venv/bin/zai-ls`,
  },
  { name: "the whole disk is open", there: [SYSTEM], places: { folders: ["/"] }, finds: `path ${SYSTEM}` },
  { name: "no entry of PATH that moves with the folder", there: ["zai-ls", "./zai-ls"], places: { path: ".::bin" }, misses: [] },
];

for (const { name, there, places, may, links = {}, finds, misses } of CASES) {
  test(`looking for the server: ${name}`, async () => {
    const probes: Probes = {
      isExecutable: async (file) => there.includes(file),
      real: async (file) => {
        const link = Object.keys(links).find((each) => file === each || file.startsWith(`${each}/`));
        return link === undefined ? file : links[link] + file.slice(link.length);
      },
      answerAbout: () => may,
    };
    const standard: Places = {
      setting: "",
      own: undefined,
      path: "/opt/bin:/usr/bin",
      folders: [PROJECT],
      trusted: true,
      platform: "linux",
      home: HOME,
    };
    const search = await findServer({ ...standard, ...places }, probes);
    assert.equal(search.found && `${search.found.source} ${search.found.command}`, finds);
    if (misses) {
      assert.deepEqual(
        search.misses.map((miss) => `${miss.source} ${miss.reason}`),
        misses,
      );
    }
  });
}

test("below means below, whatever the name begins with", () => {
  assert.ok(isBelow("/w/a", "/w/a/bin/x", "linux"));
  assert.ok(isBelow("/w/a", "/w/a/..venv/x", "linux"));
  assert.ok(!isBelow("/w/a", "/w/ab/x", "linux"));
  assert.ok(!isBelow("/w/a", "/w/a", "linux"));
  assert.ok(!isBelow("/w/a", "/w", "linux"));
  assert.ok(isBelow("/W/A", "/w/a/x", "darwin"));
});
