// Draws the part "data", again every few seconds; all words come from the part "words". Nothing is fetched from elsewhere:
// in a browser the parts are files beside this one, in an editor's panel the editor hands them over.
"use strict";

const EVERY_MS = 5000;
const HEIGHT = 220;
const DARK = window.matchMedia("(prefers-color-scheme: dark)");
const PATIENCE_MS = 10000;
const panel = typeof acquireVsCodeApi === "function" ? acquireVsCodeApi() : null;
const LIGHT_INKS = ["#2563c9", "#c2570c", "#1a7f47", "#8f3fb5", "#b3261e", "#0e7490", "#6b7280"];
const DARK_INKS = ["#7aa7f7", "#f0a35e", "#5cc98a", "#cf94ea", "#ff8a7d", "#5cc8dd", "#a3aab1"];
const DASHES = [[], [8, 4], [2, 3], [12, 4, 2, 4]];

const byId = (id) => document.getElementById(id);
let words = {};
let latest = null;
let span = "5h";
let charts = [];

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// In a panel the editor's theme counts, whatever the desktop's is.
const isDark = () => (panel ? /vscode-dark|vscode-high-contrast(?!-light)/.test(document.body.className) : DARK.matches);
const ink = (at) => (isDark() ? DARK_INKS : LIGHT_INKS)[at % LIGHT_INKS.length];
const colour = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();

const asked = new Map();
let questions = 0;

async function part(name) {
  if (!panel) {
    const answer = await fetch(`${name}.json`, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }
  const id = ++questions;
  const data = await new Promise((resolve) => {
    asked.set(id, resolve);
    setTimeout(() => resolve(null), PATIENCE_MS);
    panel.postMessage({ id, part: name });
  });
  asked.delete(id);
  if (data === null) throw new Error("no answer");
  return data;
}

window.addEventListener("message", (event) => asked.get(event.data?.id)?.(event.data.data));

function level(percent) {
  if (percent === null) return "";
  return percent >= 95 ? "bad" : percent >= 80 ? "warn" : "good";
}

function clock(at, withDay) {
  const date = new Date(at * 1000);
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return withDay ? `${date.toLocaleDateString([], { month: "numeric", day: "numeric" })} ${time}` : time;
}

function axes(withDay) {
  const common = { stroke: colour("--dim"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  return [
    { ...common, values: (_, at) => at.map((one) => clock(one, withDay)), space: withDay ? 90 : 60 },
    { ...common, size: 50 },
  ];
}

function width(of) {
  return Math.max(240, of.clientWidth);
}

function showWindows(data) {
  const list = byId("windows");
  list.replaceChildren(...data.sentences.map((one) => {
    const item = element("li");
    const head = element("div", "head");
    head.append(element("span", "name", one.title), element("span", level(one.used_percent), one.used),
      element("span", "amounts", one.amounts));
    const meter = element("meter");
    Object.assign(meter, { min: 0, max: 100, low: 80, high: 95, optimum: 0, value: one.used_percent ?? 0 });
    meter.setAttribute("aria-label", `${one.title}: ${one.used}`);
    item.append(head);
    if (one.used_percent !== null) item.append(meter);
    item.append(element("div", "text", one.text));
    return item;
  }));
  if (!data.sentences.length) list.append(element("li", "empty", words.none));
}

// Points of several lines as one table by time, as the chart wants them: a value where a line has one, null elsewhere.
function joined(lines) {
  const times = [...new Set(lines.flatMap((line) => line.map(([at]) => at)))].sort((a, b) => a - b);
  const place = new Map(times.map((at, n) => [at, n]));
  return [times, ...lines.map((line) => {
    const row = new Array(times.length).fill(null);
    for (const [at, value] of line) row[place.get(at)] = value;
    return row;
  })];
}

// A time that occurs twice (a window that refills) is two points a second apart.
function apart(points) {
  return points.map(([at, value], n) => [n && points[n - 1][0] === at ? at + 1 : at, value]);
}

function showTracks(data) {
  const box = byId("tracks");
  box.replaceChildren();
  const tracks = data.tracks.filter((one) => one.past.length);
  box.hidden = !tracks.length;
  if (!tracks.length) return;
  box.setAttribute("aria-label", data.sentences.map((one) => `${one.title}: ${one.used}. ${one.text}`).join(" "));
  const lines = tracks.flatMap((one) => [apart(one.past), apart(one.ahead)]);
  const series = tracks.flatMap((one, n) => [
    { label: one.title, stroke: ink(n), width: 2, dash: DASHES[n % DASHES.length], spanGaps: true, points: { show: one.past.length < 3 } },
    { label: `${one.title}: ${words.forecast}`, stroke: ink(n), width: 1, dash: [3, 4], spanGaps: true, points: { show: false } },
  ]);
  charts.push(new uPlot({
    width: width(box), height: HEIGHT, series: [{ value: (_, at) => (at === null ? "" : clock(at, true)) }, ...series],
    scales: { y: { range: [0, 100] } }, axes: axes(false), legend: { live: false },
    hooks: { draw: [(chart) => {
      const x = Math.round(chart.valToPos(data.at, "x", true));
      const { ctx, bbox } = chart;
      ctx.save();
      ctx.strokeStyle = colour("--dim");
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.restore();
    }] },
  }, joined(lines), box));
}

function amount(value, unit, currency) {
  if (unit !== "money") return value.toLocaleString([], { maximumFractionDigits: value < 10 ? 2 : 0 });
  return `${currency === "cny" ? "¥" : "$"}${value.toLocaleString([], { minimumFractionDigits: 2, maximumFractionDigits: 4 })}`;
}

function showUsage(data) {
  const { times, series } = data.usage[span];
  const box = byId("bars");
  box.replaceChildren();
  const [head, body] = [byId("sums").tHead, byId("sums").tBodies[0]];
  head.replaceChildren();
  body.replaceChildren();
  for (const button of byId("spans").children) button.setAttribute("aria-pressed", String(button.dataset.span === span));
  box.hidden = byId("sums").hidden = !series.length;
  byId("no-usage")?.remove();
  if (!series.length) {
    const none = element("p", "empty", words.no_usage);
    none.id = "no-usage";
    box.before(none);
    return;
  }
  const stacked = [];
  for (const one of series) {
    const below = stacked.at(-1);
    stacked.push(one.values.map((value, n) => value + (below ? below[n] : 0)));
  }
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  box.setAttribute("aria-label", series.map((one) => `${one.name}: ${amount(sum(one.values), data.unit, data.currency)}`).join("; "));
  // Drawn from the highest stack down, so that each bar covers the lower part of the one behind it.
  const order = series.map((_, n) => n).reverse();
  charts.push(new uPlot({
    width: width(box), height: HEIGHT, legend: { show: false }, axes: axes(span === "7d"),
    scales: { y: { range: (_, __, most) => [0, (most || 1) * 1.05] } },
    series: [{}, ...order.map((n) => ({
      label: series[n].name, fill: ink(n), stroke: ink(n), width: 0, points: { show: false },
      paths: uPlot.paths.bars({ size: [0.8, 40] }),
    }))],
  }, [times, ...order.map((n) => stacked[n])], box));

  const top = element("tr");
  top.append(element("th", "", `${words.model} · ${words.lane}`), element("th", "number", words.requests),
    element("th", "number", words.amount));
  head.append(top);
  series.forEach((one, n) => {
    const row = element("tr");
    const name = element("td");
    const swatch = element("span", "swatch");
    swatch.style.background = ink(n);
    name.append(swatch, one.name);
    row.append(name, element("td", "number", one.requests.toLocaleString()),
      element("td", "number", amount(sum(one.values), data.unit, data.currency)));
    body.append(row);
  });
}

function showRefusals(data) {
  const [head, body] = [byId("refusals").tHead, byId("refusals").tBodies[0]];
  const names = ["when", "code", "model", "lane"];
  const top = element("tr");
  top.append(...names.map((name) => element("th", "", words[name])));
  head.replaceChildren(...(data.refused.length ? [top] : []));
  body.replaceChildren(...data.refused.map((one) => {
    const row = element("tr");
    row.append(...names.map((name) => element("td", "", one[name])));
    return row;
  }));
  if (!data.refused.length) {
    const row = element("tr");
    row.append(element("td", "empty", words.none));
    body.append(row);
  }
}

function draw() {
  if (!latest) return;
  for (const chart of charts) chart.destroy();
  charts = [];
  byId("account").textContent = `${latest.account} · ${latest.plan} · ${latest.host}`;
  byId("state").className = "";
  byId("state").textContent = [...latest.notes, `${words.updated} ${clock(latest.at, true)}`].join(" ");
  showWindows(latest);
  showTracks(latest);
  showUsage(latest);
  showRefusals(latest);
  document.body.dataset.drawn = String(latest.at);
}

async function load() {
  try {
    latest = await part("data");
    draw();
  } catch {
    byId("state").className = "lost";
    byId("state").textContent = (panel ? words.gone : words.lost) ?? "";
  }
}

async function begin() {
  words = await part("words");
  document.title = words.title;
  document.documentElement.lang = words.lang;
  byId("title").textContent = words.title;
  for (const part of ["windows", "usage", "refusals"]) byId(`${part}-title`).textContent = words[part];
  for (const name of ["5h", "24h", "7d"]) {
    const button = element("button", "", words[`span_${name}`]);
    button.type = "button";
    button.dataset.span = name;
    button.addEventListener("click", () => { span = name; draw(); });
    byId("spans").append(button);
  }
  await load();
  setInterval(load, EVERY_MS);
}

DARK.addEventListener("change", draw);
if (panel) new MutationObserver(draw).observe(document.body, { attributeFilter: ["class"] });
let resizing = 0;
window.addEventListener("resize", () => {
  cancelAnimationFrame(resizing);
  resizing = requestAnimationFrame(draw);
});
begin();
