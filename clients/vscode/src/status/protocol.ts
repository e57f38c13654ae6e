/** `zai/status`, version 1: see docs/protocol.md. */

export const STATUS = "zai/status";

export interface WindowStatus {
  name: string;
  usedPercent: number | null;
  resetsAt: number | null;
  source: string;
  endsAt: number | null;
}

export interface Status {
  version: number;
  state: "ready" | "busy" | "off" | "problem" | "paused" | "closed";
  text: string;
  detail: string;
  tooltip: string;
  severity: "none" | "info" | "warning" | "error";
  windows: WindowStatus[];
  forecast: string;
  model: string;
  place: number | null;
  cooldown: { until: number | null; reason: string; model: string; lane: string } | null;
  lastDecline: string;
  /** What a person has to give before anything can be asked; only `key` so far. */
  needs?: string;
}
