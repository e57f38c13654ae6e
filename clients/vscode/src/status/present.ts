/** What the status bar shows, made from what is known of the server. Pure: no VS Code in here. */

import type { Miss } from "../server/find.js";
import type { Status } from "./protocol.js";

/** What the extension itself knows of the server's process. */
export type Life =
  | { kind: "searching" }
  | { kind: "starting" }
  | { kind: "installing" }
  | { kind: "missing"; misses: Miss[] }
  | { kind: "running"; status?: Status }
  | { kind: "crashed"; reason: string; againAt: number }
  | { kind: "failed"; reason: string }
  | { kind: "stopped" };

export interface Shown {
  text: string;
  /** Markdown. */
  tooltip: string;
  background?: "warning" | "error";
  /** What a click does. */
  command: "zai-ls.menu" | "zai-ls.installServer" | "zai-ls.setApiKey";
}

/** The extension's own sentences, so that this file needs no translator. */
export type Words = (sentence: string, ...values: (string | number)[]) => string;

const ICONS: Record<Status["state"], string> = {
  ready: "$(sparkle)",
  busy: "$(loading~spin)",
  off: "$(circle-slash)",
  problem: "$(warning)",
  paused: "$(debug-pause)",
  closed: "$(clock)",
};

/** *now* in milliseconds. */
export function present(life: Life, now: number, say: Words): Shown {
  const own = (icon: string, text: string, tooltip: string, rest: Partial<Shown> = {}): Shown => ({
    text: `${icon} ${text}`,
    tooltip,
    command: "zai-ls.menu",
    ...rest,
  });
  switch (life.kind) {
    case "searching":
    case "starting":
      return own("$(loading~spin)", "GLM", say("The GLM language server is starting."));
    case "installing":
      return own("$(loading~spin)", "GLM", say("The GLM language server is being installed."));
    case "missing": {
      const wrong = life.misses.find(({ source }) => source === "setting");
      const [text, tooltip] =
        wrong === undefined
          ? [say("GLM: install"), say("The GLM language server was not found. Click to install it.")]
          : [say("GLM: wrong path"), wrongPath(wrong, say)];
      const rest = { background: "warning", command: "zai-ls.installServer" } as const;
      return own(wrong === undefined ? "$(cloud-download)" : "$(warning)", text, plain(tooltip), rest);
    }
    case "crashed": {
      const seconds = Math.max(1, Math.ceil((life.againAt - now) / 1000));
      return own("$(warning)", say("GLM: again in {0} s", seconds), plain(life.reason), { background: "warning" });
    }
    case "failed":
      return own("$(error)", say("GLM: stopped"), plain(life.reason), { background: "error" });
    case "stopped":
      return own("$(circle-slash)", say("GLM: stopped"), say("The GLM language server is not running."));
    case "running":
      return life.status === undefined
        ? own("$(sparkle)", "GLM", say("The GLM language server is running."))
        : ofStatus(life.status, say);
  }
}

function ofStatus(status: Status, say: Words): Shown {
  if (status.needs === "key") {
    return {
      text: `$(key) ${say("GLM: set API key")}`,
      tooltip: status.detail ? plain(status.detail) : say("There is no API key yet. Click to set it."),
      background: "warning",
      command: "zai-ls.setApiKey",
    };
  }
  const shown: Shown = {
    // A newer server may know states that we do not.
    text: `${ICONS[status.state] ?? "$(sparkle)"} ${status.text}`,
    tooltip: [status.tooltip, links(say)].filter(Boolean).join("\n\n---\n\n"),
    command: "zai-ls.menu",
  };
  if (status.severity === "warning" || status.severity === "error") shown.background = status.severity;
  return shown;
}

/** What is wrong with the setting that names the server. */
export function wrongPath(miss: Miss, say: Words): string {
  return say("The setting zai.server.path names {0}, where there is no program. Correct it, or empty it.", miss.command);
}

/** Commands that a tooltip may link to: they show something and change nothing. */
export const LINKED = ["zai-ls.showQuota", "zai-ls.explainLast", "zai-ls.openSettings", "zai-ls.showLog"] as const;

function links(say: Words): string {
  const titles = [say("Quota page"), say("Last decision"), say("Settings"), say("Log")];
  return LINKED.map((command, n) => `[${titles[n]}](command:${command})`).join(" · ");
}

/** Words that come from elsewhere, so that Markdown makes nothing of them. */
function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]<>()#+!|~$-]/g, "\\$&").replace(/\n+/g, "\n\n");
}
