// One window of VS Code, by what a person sees in it and does in it.
//
// Everything waits for what it needs, and within a bound; what is not there in time fails with a picture of the window and an
// account of what was on screen. A function with a plain name looks once; one whose name begins with `until` waits.

import fs from "node:fs";
import path from "node:path";
import { PICTURES, until } from "./processes.mjs";

let failures = 0;

export class VSCodeWindow {
  constructor(desk, page) {
    this.desk = desk;
    // The page of Playwright, for what there is no helper for.
    this.page = page;
    this.console = [];
    // Of tests that ran inside: set when they have ended.
    this.exitCode = undefined;
    page.on("console", (message) => this.console.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => this.console.push(`thrown: ${error.stack ?? error}`));
  }

  // -- waiting, and what to tell when it was in vain ----------------------------------------------------------

  async until(what, find, seconds = 20) {
    try {
      return await until(what, find, seconds);
    } catch (error) {
      error.message += `\n${await this.story().catch((problem) => `and nothing can be seen: ${problem.message}`)}`;
      throw error;
    }
  }

  // What is on screen, in words; the picture is beside it.
  async story() {
    failures += 1;
    const picture = await this.picture(`failed-${process.pid}-${failures}`).catch((error) => `no picture: ${error.message}`);
    const seen = {
      picture,
      statusBar: (await this.statusItems()).map(({ id, text, kind }) => `${id}: ${text}${kind && ` (${kind})`}`),
      notifications: await this.notifications(),
      dialog: await this.dialog(),
      quickInput: await this.quickInput(),
      tabs: (await this.tabs()).map(({ title }) => title),
      editor: (await this.text()).slice(0, 2000),
      ghost: await this.ghost(),
      console: this.console.filter((line) => /^(error|thrown)/.test(line)).slice(-10),
      extensionHost: this.desk
        .logs(/remoteexthost\.log$/)
        .split("\n")
        .slice(-10),
    };
    const lines = Object.entries(seen).map(
      ([name, value]) => `  ${name}: ${typeof value === "string" ? value : JSON.stringify(value, null, 1)}`,
    );
    return `On screen was:\n${lines.join("\n").replaceAll("\n", "\n  ")}`;
  }

  // A picture of the window, in build/pictures; its path.
  async picture(name) {
    fs.mkdirSync(PICTURES, { recursive: true });
    const file = path.join(PICTURES, `vscode-${name}.png`);
    await this.page.screenshot({ path: file, animations: "disabled" });
    return file;
  }

  // -- the window itself --------------------------------------------------------------------------------------

  // Waits for the workbench and its extension host; with the name of a file also for its editor.
  async ready(file) {
    await this.until("the workbench", () => this.page.$(".monaco-workbench .statusbar"), 60);
    if (file)
      await this.until(`an editor with ${file}`, () => this.page.$(`.monaco-editor[data-uri$="/${file}"] .view-line`), 60);
  }

  // Tells the page, before it reads its own configuration, of an extension under development and of tests to run inside.
  async develop({ extension, tests }) {
    const remote = (file) => ({ scheme: "vscode-remote", authority: new URL(this.desk.url).host, path: file });
    await this.page.exposeFunction("codeAutomationLog", (_type, args) =>
      this.console.push(`inside: ${args.map(String).join(" ")}`),
    );
    await this.page.exposeFunction("codeAutomationExit", (code) => (this.exitCode = code));
    await this.page.addInitScript(
      (options) => {
        const observer = new MutationObserver(() => {
          const meta = document.getElementById("vscode-workbench-web-configuration");
          if (!meta) return;
          observer.disconnect();
          const configuration = JSON.parse(meta.getAttribute("data-settings"));
          configuration.developmentOptions = { ...configuration.developmentOptions, ...options };
          meta.setAttribute("data-settings", JSON.stringify(configuration));
        });
        observer.observe(document, { childList: true, subtree: true });
      },
      { extensions: [remote(extension)], extensionTestsPath: remote(tests) },
    );
  }

  // As the person's own reload: extensions start anew.
  async reload(file) {
    await this.page.reload({ waitUntil: "domcontentloaded" });
    await this.ready(file);
  }

  // Leaves the page first: only then does VS Code end the window's extension host.
  async close() {
    if (this.page.isClosed()) return;
    await this.page.goto("about:blank").catch(() => {});
    await this.page.context().close();
  }

  // -- keys ----------------------------------------------------------------------------------------------------

  // Keys by Playwright's names: 'Control+z', 'Tab'.
  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  // Types as a person does: the editor closes brackets and indents lines by itself.
  async type(text) {
    await this.page.keyboard.type(text);
  }

  undo() {
    return this.#inEditor("Control+z");
  }

  async save() {
    await this.#inEditor("Control+s");
    await this.until("the file is saved", async () => !(await this.tabs()).some(({ active, dirty }) => active && dirty));
  }

  async #inEditor(...keys) {
    await this.focusEditor();
    await this.press(...keys);
  }

  // -- the status bar ------------------------------------------------------------------------------------------

  // [{id, text, kind, spoken}]; *kind* is 'warning', 'error', another background's name, or empty.
  statusItems() {
    return this.page.evaluate(() =>
      [...document.querySelectorAll(".statusbar-item")]
        .filter((item) => item.getClientRects().length)
        .map((item) => ({
          id: item.id,
          text: item.innerText.replace(/\s+/g, " ").trim(),
          kind: [...item.classList].find((name) => name.endsWith("-kind"))?.replace("-kind", "") ?? "",
          spoken: item.querySelector(".statusbar-item-label")?.getAttribute("aria-label") ?? "",
        })),
    );
  }

  // The first item whose id contains *name*.
  async status(name) {
    return (await this.statusItems()).find(({ id }) => id.includes(name));
  }

  // Waits until that item's text matches; the item.
  untilStatus(name, pattern, seconds) {
    return this.until(
      `the status bar's ${name} says ${pattern}`,
      async () => {
        const item = await this.status(name);
        return item && matches(item.text, pattern) && item;
      },
      seconds,
    );
  }

  #statusLabel(name) {
    return this.page.locator(`.statusbar-item[id*="${name}"] .statusbar-item-label`).first();
  }

  async clickStatus(name) {
    await this.untilStatus(name, /./);
    await this.#statusLabel(name).click();
  }

  // Points at the item until its tooltip shows: {text, links: [{text, target}], html}. The tooltip stays, to be clicked in.
  async tooltip(name) {
    await this.untilStatus(name, /./);
    await this.page.mouse.move(400, 300);
    await this.#statusLabel(name).hover();
    return this.until(`the tooltip of ${name}`, () =>
      this.page.evaluate(() => {
        const hover = [...document.querySelectorAll(".workbench-hover")].find((one) => one.innerText.trim());
        return (
          hover && {
            text: hover.innerText.replaceAll("\u00a0", " ").trim(),
            links: [...hover.querySelectorAll("a")].map((link) => ({
              text: link.innerText,
              target: link.dataset.href ?? link.href,
            })),
            html: hover.querySelector(".hover-contents, .hover-row-contents")?.innerHTML ?? hover.innerHTML,
          }
        );
      }),
    );
  }

  async clickInTooltip(text) {
    await this.#click(`the link ${text} in the tooltip`, ".workbench-hover a", text);
  }

  // -- the editor ----------------------------------------------------------------------------------------------

  // The visible lines of the active editor, or of the visible editor whose address contains *name*; ghost text is not part of it.
  text(name = "") {
    return this.page.evaluate((wanted) => {
      const all = [...document.querySelectorAll(".editor-instance .monaco-editor[data-uri]")].filter(
        (one) => one.getClientRects().length,
      );
      const editor = wanted
        ? all.find((one) => one.dataset.uri.includes(wanted))
        : (all.findLast((one) => one.closest(".editor-group-container.active")) ?? all[0]);
      return [...(editor?.querySelectorAll(".lines-content > .view-lines > .view-line") ?? [])]
        .sort((a, b) => parseFloat(a.style.top) - parseFloat(b.style.top))
        .map((line) => {
          const copy = line.cloneNode(true);
          for (const ghost of copy.querySelectorAll('[class*="ghost-text"]')) ghost.remove();
          return copy.textContent.replaceAll("\u00a0", " ").replaceAll("\u200b", "").trimEnd();
        })
        .join("\n");
    }, name);
  }

  // *pattern* is a regular expression, or a piece of the text.
  untilText(pattern, { name, seconds } = {}) {
    return this.until(
      `the editor shows ${pattern}`,
      async () => {
        const text = await this.text(name);
        return matches(text, pattern) && (text || true);
      },
      seconds,
    );
  }

  // The two sides of an open diff: {original, modified}.
  async diff() {
    return this.page.evaluate(() => {
      const side = (name) =>
        [...document.querySelectorAll(`.monaco-diff-editor .editor.${name} .lines-content > .view-lines > .view-line`)]
          .sort((a, b) => parseFloat(a.style.top) - parseFloat(b.style.top))
          .map((line) => line.textContent.replaceAll("\u00a0", " ").trimEnd())
          .join("\n");
      return document.querySelector(".monaco-diff-editor") && { original: side("original"), modified: side("modified") };
    });
  }

  // Gives the active editor the keyboard, and leaves its cursor where it is.
  async focusEditor() {
    await this.until("an editor to write in", () =>
      this.page.evaluate(() => {
        const editors = [...document.querySelectorAll(".editor-group-container .monaco-editor[data-uri]")].filter(
          (one) => one.getClientRects().length,
        );
        const editor = editors.findLast((one) => one.closest(".editor-group-container.active")) ?? editors.at(-1);
        const input = editor?.querySelector(".native-edit-context, textarea.inputarea");
        input?.focus();
        return input && document.activeElement === input;
      }),
    );
  }

  // Puts the cursor there, both counted from 1; without a column at the end of the line.
  async cursor(line, column) {
    await this.#inEditor("Control+g");
    await this.until("the box for a line", async () => (await this.quickInput())?.value.startsWith(":"));
    await this.type(`${line}${column ? `,${column}` : ""}`);
    await this.press("Enter");
    await this.#quickInputGone();
    if (!column) await this.press("End");
    const wanted = new RegExp(`Ln ${line}, Col ${column ?? "\\d+"}`);
    await this.untilStatus("status.editor.selection", wanted);
  }

  // Selects whole lines, from the first column of *first* to the end of *last*.
  async select(first, last = first) {
    await this.cursor(first, 1);
    for (let line = first; line < last; line += 1) await this.press("Shift+ArrowDown");
    await this.press("Shift+End");
    await this.untilStatus("status.editor.selection", /selected/);
  }

  // The ghost text on screen, its lines one below the other; empty when there is none.
  ghost() {
    return this.page.evaluate(() => {
      const pieces = [...document.querySelectorAll('.monaco-editor [class*="ghost-text"]')].filter(
        (one) => one.getClientRects().length && !one.parentElement.closest('[class*="ghost-text"]'),
      );
      const rows = pieces.flatMap((piece) => {
        const lines = piece.querySelectorAll(".view-line");
        return (lines.length ? [...lines] : [piece]).map((line) => ({
          top: Math.round(line.getBoundingClientRect().top),
          left: line.getBoundingClientRect().left,
          text: line.textContent.replaceAll("\u00a0", " "),
        }));
      });
      rows.sort((a, b) => a.top - b.top || a.left - b.left);
      return rows.reduce((text, row, at) => text + (at && row.top !== rows[at - 1].top ? "\n" : "") + row.text, "").trimEnd();
    });
  }

  untilGhost(pattern = /./, seconds) {
    return this.until(
      `ghost text with ${pattern}`,
      async () => {
        const ghost = await this.ghost();
        return matches(ghost, pattern) && ghost;
      },
      seconds,
    );
  }

  // Takes the ghost text, as a person does.
  async acceptGhost() {
    await this.untilGhost();
    await this.press("Tab");
    await this.until("the ghost text is taken", async () => !(await this.ghost()));
  }

  // The list of completions: [{label, detail}], empty while there is none.
  suggestions() {
    return this.page.evaluate(() =>
      [...document.querySelectorAll(".suggest-widget.visible .monaco-list-row")].map((row) => ({
        label: row.querySelector(".label-name")?.innerText ?? "",
        detail: row.querySelector(".details-label, .signature-label")?.innerText ?? "",
      })),
    );
  }

  // -- code actions --------------------------------------------------------------------------------------------

  // Opens the menu at the cursor, once it offers *title*; its rows: [{title, group, disabled, focused}].
  // The menu can close at once when an extension has only just come up, and it shows what was known then: hence anew.
  async openActions(title = /./, seconds = 30) {
    let opened = 0;
    return this.until(
      `a code action ${title}`,
      async () => {
        const rows = await this.actionRows();
        if (rows.some((row) => matches(row.title, title))) return rows;
        if (performance.now() - opened > 2000) {
          if (rows.length) await this.press("Escape");
          await this.#inEditor("Control+.");
          opened = performance.now();
        }
        return undefined;
      },
      seconds,
    );
  }

  actionRows() {
    return this.page.evaluate(() => {
      let group = "";
      const rows = [...document.querySelectorAll(".action-widget .monaco-list-row")].sort(
        (a, b) => parseFloat(a.style.top) - parseFloat(b.style.top),
      );
      return rows.flatMap((row) => {
        const title = row.innerText.replaceAll("\u00a0", " ").trim();
        if (row.classList.contains("group-header")) group = title;
        if (!row.classList.contains("action")) return [];
        return [
          { title, group, disabled: row.classList.contains("option-disabled"), focused: row.classList.contains("focused") },
        ];
      });
    });
  }

  // Opens the menu and takes a row of it. By keyboard: an invisible pane lies over the rows, so that no click reaches them.
  async takeAction(title, seconds) {
    const count = (await this.openActions(title, seconds)).length;
    for (let step = 0; step <= count; step += 1) {
      const before = (await this.actionRows()).find(({ focused }) => focused)?.title;
      if (before !== undefined && matches(before, title)) {
        await this.press("Enter");
        await this.until("the menu has closed", async () => !(await this.actionRows()).length);
        return;
      }
      await this.press("ArrowDown");
      if (count > 1) {
        await this.until("the next row", async () => (await this.actionRows()).find(({ focused }) => focused)?.title !== before);
      }
    }
    throw new Error(`no row ${title} can be reached\n${await this.story()}`);
  }

  // -- the command palette, quick picks and input boxes --------------------------------------------------------

  // Runs a command by its title as the palette shows it, category and all: 'Python: Select Interpreter'.
  async run(title) {
    await this.press("F1");
    await this.until("the command palette", async () => (await this.quickInput())?.value.startsWith(">"));
    await this.page.locator(".quick-input-widget input").first().fill(`>${title}`);
    await this.#takeRow(title);
    await this.until("the palette has closed", async () => !(await this.quickInput())?.value.startsWith(">"));
  }

  // What is open: {title, placeholder, value, message, severity, rows: [{label, description, detail, group, focused}]}; else undefined.
  quickInput() {
    return this.page.evaluate(() => {
      const widget = document.querySelector(".quick-input-widget");
      if (!widget?.getClientRects().length) return undefined;
      const shown = (selector, within = widget) => {
        const found = within.querySelector(selector);
        return found?.getClientRects().length ? found.innerText.replaceAll("\u00a0", " ").trim() : "";
      };
      const input = widget.querySelector(".quick-input-box input");
      const box = widget.querySelector(".quick-input-box .monaco-inputbox");
      return {
        title: shown(".quick-input-title"),
        placeholder: input?.placeholder ?? "",
        value: input?.value ?? "",
        secret: input?.type === "password",
        message: shown(".quick-input-message"),
        severity: ["error", "warning", "info"].find((name) => box?.classList.contains(name)) ?? "",
        rows: [...widget.querySelectorAll(".quick-input-list .monaco-list-row")]
          .sort((a, b) => parseFloat(a.style.top) - parseFloat(b.style.top))
          .map((row) => ({
            label: shown(".label-name", row),
            description: shown(".label-description", row),
            detail: shown(".quick-input-list-label-meta", row),
            group: shown(".quick-input-list-separator", row),
            focused: row.classList.contains("focused"),
          })),
      };
    });
  }

  // Waits for a quick pick or an input box whose title or placeholder matches; what it shows.
  untilQuickInput(pattern = /^/, seconds) {
    return this.until(
      `a question ${pattern}`,
      async () => {
        const box = await this.quickInput();
        return box && [box.title, box.placeholder, box.message].some((text) => matches(text, pattern)) && box;
      },
      seconds,
    );
  }

  // Takes the row with this label from the quick pick that is open or about to be.
  async pick(label) {
    await this.#takeRow(label);
  }

  async #takeRow(label) {
    const is = (row) => (label instanceof RegExp ? label.test(row.label) : row.label === label);
    const box = await this.until(`a row ${label}`, async () => {
      const open = await this.quickInput();
      return open?.rows.some(is) && open;
    });
    for (let step = 0; step <= box.rows.length; step += 1) {
      const rows = (await this.quickInput())?.rows ?? [];
      const focused = rows.findIndex((row) => row.focused);
      if (focused >= 0 && is(rows[focused])) return this.press("Enter");
      await this.press("ArrowDown");
      await this.until(
        "the next row",
        async () => ((await this.quickInput())?.rows ?? []).findIndex((row) => row.focused) !== focused,
      );
    }
    throw new Error(`no row ${label} can be reached\n${await this.story()}`);
  }

  // Writes *text* into the open box in place of what is there.
  async fill(text) {
    await this.untilQuickInput();
    await this.page.locator(".quick-input-widget .quick-input-box input").first().fill(text);
  }

  // Answers the open input box.
  async answer(text) {
    await this.fill(text);
    await this.press("Enter");
  }

  async #quickInputGone() {
    await this.until("the box has closed", async () => !(await this.quickInput()));
  }

  // -- notifications and dialogs -------------------------------------------------------------------------------

  // Opens the notification of what shows its progress in the status bar.
  async showProgress() {
    await this.until("a progress in the status bar", () =>
      this.page.$('.statusbar-item[id*="status.progress"], .statusbar-item[id*="windowProgress"]'),
    );
    await this.page.locator('.statusbar-item[id*="status.progress"], .statusbar-item[id*="windowProgress"]').first().click();
  }

  // [{text, severity, source, buttons, progress}] of those on screen, newest first.
  notifications() {
    return this.page.evaluate(() =>
      [
        ...document.querySelectorAll(
          ".notifications-toasts .notification-list-item, .notifications-center .notification-list-item",
        ),
      ]
        .filter((item) => item.getClientRects().length)
        .map((item) => ({
          text: item.querySelector(".notification-list-item-message")?.innerText.trim() ?? "",
          severity:
            ["error", "warning", "info"].find((name) => item.querySelector(`.notification-list-item-icon.codicon-${name}`)) ?? "",
          source: item.querySelector(".notification-list-item-source")?.innerText.trim() ?? "",
          buttons: [...item.querySelectorAll(".notification-list-item-buttons-container .monaco-button")].map((button) =>
            button.innerText.trim(),
          ),
          progress: Boolean(item.parentElement.querySelector(".monaco-progress-container.active")),
        })),
    );
  }

  untilNotification(pattern, seconds) {
    return this.until(
      `a notification ${pattern}`,
      async () => (await this.notifications()).find(({ text }) => matches(text, pattern)),
      seconds,
    );
  }

  untilNoNotification(pattern = /./, seconds) {
    return this.until(
      `no notification ${pattern} any more`,
      async () => !(await this.notifications()).some(({ text }) => matches(text, pattern)),
      seconds,
    );
  }

  // Presses a button of the notification that matches: its own, or 'Cancel' of a progress.
  async pressButton(pattern, button) {
    await this.untilNotification(pattern);
    await this.#toast(pattern)
      .locator(".notification-list-item-buttons-container .monaco-button")
      .filter({ hasText: exactly(button) })
      .click();
  }

  async closeNotification(pattern) {
    await this.untilNotification(pattern);
    await this.#toast(pattern).hover();
    await this.#toast(pattern).locator(".codicon-notifications-clear").click();
    await this.untilNoNotification(pattern);
  }

  #toast(pattern) {
    return this.page
      .locator(".notification-list-item")
      .filter({ has: this.page.locator(".notification-list-item-message", { hasText: pattern }) })
      .first();
  }

  // The modal dialog: {message, detail, buttons}; undefined when there is none.
  dialog() {
    return this.page.evaluate(() => {
      const box = document.querySelector(".monaco-dialog-box");
      return box
        ? {
            message: box.querySelector(".dialog-message-text")?.innerText.trim() ?? "",
            detail: box.querySelector(".dialog-message-detail")?.innerText.trim() ?? "",
            buttons: [...box.querySelectorAll(".dialog-buttons .monaco-button")].map((button) => button.innerText.trim()),
          }
        : undefined;
    });
  }

  untilDialog(pattern = /^/, seconds) {
    return this.until(
      `a dialog ${pattern}`,
      async () => {
        const dialog = await this.dialog();
        return dialog && matches(`${dialog.message}\n${dialog.detail}`, pattern) && dialog;
      },
      seconds,
    );
  }

  async answerDialog(button) {
    await this.untilDialog();
    await this.#click(`the button ${button}`, ".monaco-dialog-box .dialog-buttons .monaco-button", button);
    await this.until("the dialog has closed", async () => !(await this.dialog()));
  }

  // -- tabs and pages ------------------------------------------------------------------------------------------

  // [{title, active, dirty}] of all groups; one is active: that which the keys go to.
  tabs() {
    return this.page.evaluate(() =>
      [...document.querySelectorAll(".tabs-container .tab")].map((tab) => ({
        title: tab.querySelector(".label-name")?.innerText.trim() ?? "",
        active: tab.classList.contains("active") && Boolean(tab.closest(".editor-group-container.active")),
        dirty: tab.classList.contains("dirty"),
      })),
    );
  }

  untilTab(title, seconds) {
    return this.until(`a tab ${title}`, async () => (await this.tabs()).find((tab) => matches(tab.title, title)), seconds);
  }

  // The content of the webview whose text matches, as a frame of Playwright: read it, click in it.
  async webview(pattern = /./, seconds) {
    return this.until(
      `a webview with ${pattern}`,
      async () => {
        for (const frame of this.page.frames()) {
          if (frame.name() !== "active-frame" && !(await isContent(frame))) continue;
          if (matches(await frame.evaluate(() => document.body?.innerText ?? ""), pattern)) return frame;
        }
        return undefined;
      },
      seconds,
    );
  }

  // Waits for the one thing and clicks it.
  async #click(what, selector, text) {
    const target = this.page
      .locator(selector)
      .filter({ hasText: exactly(text) })
      .first();
    await this.until(what, () => target.isVisible());
    await target.click();
  }
}

// A piece of the text, or a regular expression.
function matches(text, pattern) {
  return pattern instanceof RegExp ? pattern.test(text) : text.includes(pattern);
}

// For names of buttons and links: the whole of it.
function exactly(text) {
  return text instanceof RegExp ? text : new RegExp(`^\\s*${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\s*$`);
}

// VS Code shows a webview in a frame within a frame; the inner one holds the extension's page.
async function isContent(frame) {
  if (!frame.parentFrame()?.parentFrame()) return false;
  const element = await frame.frameElement();
  return (await element.getAttribute("id")) === "active-frame";
}
