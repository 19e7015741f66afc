// Drives the page in a real Chromium while a demo runs: it must come alive by itself, show the rollout and the verdict, speak to nobody else, and
// work with the keyboard, in the dark and on a telephone. Usage: node page.mjs SLIPWAY SCREENSHOT
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { tmpdir } from "node:os";
import { chromium } from "playwright-core";

const [slipway, screenshot] = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), "slipway-page-"));
const expect = (condition, sentence) => { if (!condition) throw new Error(`expected: ${sentence}`); };

// In the page: texts whose contrast with what is behind them is below WCAG AA's 4.5.
function paleTexts() {
  const channels = (color) => { const [r, g, b, a = 1] = (color.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number); return [r, g, b, a]; };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const behind = (e) => {
    if (!e) return [255, 255, 255, 1];
    const own = channels(getComputedStyle(e).backgroundColor);
    return own[3] === 1 ? own : over(own, behind(e.parentElement));
  };
  const light = (color) => {
    const [r, g, b] = color.slice(0, 3).map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const texts = [...document.querySelectorAll("header *, main *")].filter((e) =>
    [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim()) && e.getClientRects().length > 0);
  return texts.flatMap((e) => {
    const back = behind(e), [a, b] = [light(over(channels(getComputedStyle(e).color), back)), light(back)];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return contrast < 4.5 ? [`${e.textContent.trim().slice(0, 40)} (${contrast.toFixed(2)})`] : [];
  });
}

const demo = spawn(slipway, ["demo", "--runtime", "sim", "--keep"], { env: { ...process.env, TMPDIR: scratch, NO_COLOR: "1" } });
let said = "";
demo.stdout.on("data", (bytes) => { said += bytes; });
demo.stderr.on("data", (bytes) => { said += bytes; });
const over = new Promise((resolve) => demo.on("exit", resolve));
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"] });
let data;
try {
  while (!/Watch it: (\S+)/.test(said)) await new Promise((resolve) => setTimeout(resolve, 100));
  const url = /Watch it: (\S+)/.exec(said)[1];
  data = /its data is in (\S+)/.exec(said)[1];
  const page = await browser.newPage({ viewport: { width: 1280, height: 1500 } });
  const foreign = [], problems = [];
  page.on("request", (request) => { if (!request.url().startsWith(url) && !request.url().startsWith("data:")) foreign.push(request.url()); });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => { if (message.type() === "error") problems.push(message.text()); });
  await page.goto(url);

  // Live: nothing below reloads the page.
  await page.getByRole("status").getByText("live").waitFor({ timeout: 15000 });
  await page.getByRole("region", { name: "What serves now" }).getByText("v0").first().waitFor({ timeout: 60000 });
  await page.getByRole("article", { name: "version v1" }).waitFor({ timeout: 60000 });
  await page.getByRole("img", { name: /traffic: .*v1 \(canary\) 10 %/ }).waitFor({ timeout: 120000 });
  await page.getByText("v1 (canary)", { exact: false }).count();
  await page.getByRole("row", { name: /v1\s*canary/ }).waitFor({ timeout: 60000 });
  mkdirSync(dirname(screenshot), { recursive: true });
  await page.getByRole("img", { name: /traffic: .*v1 \(canary\) 50 %/ }).waitFor({ timeout: 120000 });
  await page.waitForTimeout(1500);
  await page.screenshot({ path: screenshot });
  await page.getByRole("region", { name: /^Rollout/ }).getByText("Degraded").waitFor({ timeout: 240000 });
  await page.getByText(/canary v2 fails .* rolled back/).first().waitFor({ timeout: 20000 });
  await page.screenshot({ path: screenshot.replace(".png", "-rolled-back.png"), fullPage: true });
  expect(await over === 0, `the demo ends well: ${said.slice(-2000)}`);

  // What was done before it failed stays done.
  const steps = page.getByRole("region", { name: /^Rollout/ }).getByRole("listitem");
  expect(/10 % of the traffic \(done\)/.test(await steps.first().textContent()), "the steps before the failed one are done");
  expect((await steps.allTextContents()).filter((text) => text.includes("(failed)")).length === 1, "one step failed");

  // The timeline and its filter.
  const timeline = page.getByRole("log", { name: /timeline/ });
  expect(await timeline.getByText("approved").count() > 0, "the approval is in the timeline");
  const run = timeline.locator("details").filter({ hasText: "run-finished" }).first();
  const step = run.getByText("step-finished").first();
  expect(!await step.isVisible(), "a run's steps are collapsed");
  await page.getByRole("textbox", { name: "filter the timeline" }).focus();
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.tagName) === "SUMMARY", "Tab reaches a run of the timeline");
  await run.locator("summary").focus();
  await page.keyboard.press("Enter");
  expect(await step.isVisible(), "Enter opens a run's steps");
  await page.keyboard.press("Space");
  expect(!await step.isVisible(), "Space closes them");
  const moment = timeline.locator("time").first();
  expect(/^\d{4}-\d\d-\d\dT.*Z$/.test(await moment.getAttribute("title")), "a time's title is the full one");
  expect(await timeline.getByRole("heading").count() > 0, "the timeline names its days");
  await page.getByRole("textbox", { name: "filter the timeline" }).fill("rolled-back");
  await page.waitForTimeout(300);
  expect(await timeline.getByText("pushed").count() === 0, "the filter leaves only what matches");

  // Keyboard: the first stop is the link to the content; colours can be changed with it.
  await page.goto(url);
  await page.getByRole("status").getByText("live").waitFor({ timeout: 15000 });
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent) === "Skip to the content", "Tab reaches the skip link first");
  await page.getByRole("button", { name: "Dark colours" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.documentElement.getAttribute("data-mantine-color-scheme") === "dark");
  await page.getByRole("button", { name: "Light colours" }).waitFor({ timeout: 5000 });
  await page.evaluate(() => localStorage.clear());

  // As the system has it: wide and narrow, light and dark.
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const [width, height] of [[1400, 1000], [420, 900]]) {
      await page.setViewportSize({ width, height });
      await page.goto(url);
      await page.getByRole("region", { name: /^Rollout/ }).waitFor({ timeout: 15000 });
      await page.getByRole("button", { name: colorScheme === "dark" ? "Light colours" : "Dark colours" }).waitFor({ timeout: 5000 });
      await page.waitForTimeout(500);
      const shape = `${width}x${height}-${colorScheme}`;
      await page.screenshot({ path: screenshot.replace(".png", `-${shape}.png`) });
      await page.screenshot({ path: screenshot.replace(".png", `-${shape}-full.png`), fullPage: true });
      const cut = await page.evaluate(() => [...document.querySelectorAll("main *, header *")].filter((e) => {
        const style = getComputedStyle(e);
        const hides = style.overflowX !== "visible" && !e.closest(".uplot, .path, thead, .actor") && e.scrollWidth > e.clientWidth + 1;
        return hides || e.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
      }).map((e) => e.outerHTML.slice(0, 120)));
      expect(cut.length === 0, `nothing is cut at ${shape}, not: ${cut.join("; ")}`);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `no sideways scrolling at ${shape}`);
      const pale = await page.evaluate(paleTexts);
      expect(pale.length === 0, `every text at ${shape} has a contrast of 4.5, not: ${pale.join("; ")}`);
    }
  }

  // Names for everything that a screen reader meets.
  const unnamed = await page.evaluate(() => [...document.querySelectorAll("button, a, input, [role=img], section")].filter((e) => {
    const label = e.getAttribute("aria-label") || e.textContent?.trim() || (e.getAttribute("aria-labelledby") && document.getElementById(e.getAttribute("aria-labelledby"))?.textContent);
    return !label;
  }).map((e) => e.outerHTML.slice(0, 120)));
  expect(unnamed.length === 0, `every control has a name, not: ${unnamed.join("; ")}`);
  expect(foreign.length === 0, `no request elsewhere: ${foreign.join(", ")}`);
  expect(problems.length === 0, `no error in the page: ${problems.join("; ")}`);

  // A state that the demo does not come to: two models, an abort by hand in the fifth step, and then a rollout that waits.
  const told = await (await fetch(new URL("/api/slipway/v1/overview", url))).json();
  const steps25 = ["25 % of the traffic", "pause 10s", "analysis: users-are-served", "50 % of the traffic", "pause until somebody promotes", "100 % of the traffic"];
  const happened = [["rollout-started", "v2, stable is v1", 0], ["weight-set", "v2 gets 25 %", 1], ["analysis-passed", "analysis users-are-served", 20],
    ["weight-set", "v2 gets 50 %", 21], ["paused", "CanaryPauseStep: v2 at 50 %, until somebody promotes", 22], ["aborted", "do not like it", 60]];
  told.model = "billing-bot";
  told.versions = ["v3", "v2", "v1"].map((version, i) => ({ ...told.versions[0], model: i === 1 ? "support-assistant" : "billing-bot", version }));
  told.environments = [{ name: "production", serving: [{ version: "v2", share: 100 }], since: "2026-01-02T03:04:05Z" }];
  told.rollout = { ...told.rollout, phase: "Degraded", analysis: [{ name: "time-to-first-token", phase: "Successful", value: null, text: "measured [0.0397918]" }], steps: steps25.map((text, i) => ({ text, state: i === 0 ? "failed" : "next" })) };
  told.timeline = happened.map(([action, detail, second], i) =>
    ({ sequence: i + 1, time: new Date(Date.UTC(2026, 0, 2, 3, 4, second)).toISOString(), actor: "slipway/rollout-controller", action, object: `Rollout ${told.rollout.name}`, detail }));
  const invented = await browser.newPage({ viewport: { width: 420, height: 900 }, colorScheme: "light" });
  await invented.route("**/api/slipway/v1/events", (route) => route.fulfill({ contentType: "text/event-stream", body: `event: overview\ndata: ${JSON.stringify(told)}\n\n` }));
  const show = async () => { await invented.goto(url); await invented.getByRole("region", { name: /^Rollout/ }).waitFor({ timeout: 15000 }); };
  const marks = async () => (await invented.getByRole("region", { name: /^Rollout/ }).getByRole("listitem").allTextContents()).map((text) => /\((\w+)\)$/.exec(text)?.[1] ?? "").join(" ");
  await show();
  expect((await marks()).trim() === "done done done done failed", `the fifth step failed, not: ${await marks()}`);
  expect(await invented.getByText("measured 40 ms", { exact: true }).getAttribute("title") === "measured [0.0397918]", "a measurement has its unit, and the raw value in its title");
  const article = invented.getByRole("article", { name: "version support-assistant v2" });
  expect(await article.count() === 1, "a version is told with its model where there are two");
  await invented.getByText("support-assistant v2").first().waitFor({ timeout: 5000 });
  await invented.getByText("2 Jan 2026", { exact: false }).first().waitFor({ timeout: 5000 });
  told.timeline = told.timeline.slice(3);
  await show();
  expect((await marks()).trim() === "", `nothing is claimed of steps that the timeline does not tell, not: ${await marks()}`);
  told.rollout.phase = "Paused";
  told.rollout.steps.forEach((step, i) => { step.state = i === 0 ? "current" : "next"; });
  for (const colorScheme of ["light", "dark"]) {
    await invented.emulateMedia({ colorScheme });
    await show();
    await invented.getByText("The control plane does not answer").waitFor({ timeout: 15000 });
    await invented.waitForTimeout(500);
    await invented.screenshot({ path: screenshot.replace(".png", `-paused-${colorScheme}.png`) });
    const pale = await invented.evaluate(paleTexts);
    expect(pale.length === 0, `what waits can be read in ${colorScheme} colours, not: ${pale.join("; ")}`);
  }
  await invented.close();

  // Control plane gone: the page says so and keeps what it knows.
  const control = execFileSync("cat", [join(data, "slipway.pid")]).toString().trim();
  process.kill(Number(control), "SIGKILL");
  await page.getByText("connection lost").waitFor({ timeout: 15000 });
  console.log("the page: live, honest, accessible");
} finally {
  await browser.close();
  if (data) execFileSync(slipway, ["down", "--data", data]);
  demo.kill("SIGTERM");
  rmSync(scratch, { recursive: true, force: true });
}
