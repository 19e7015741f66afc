// Drives the page in a real Chromium while a demo runs: it must come alive by itself, show the rollout and the verdict, speak to nobody else, and
// work with the keyboard and in the dark. Usage: node page.mjs SLIPWAY SCREENSHOT
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { tmpdir } from "node:os";
import { chromium } from "playwright-core";

const [slipway, screenshot] = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), "slipway-page-"));
const expect = (condition, sentence) => { if (!condition) throw new Error(`expected: ${sentence}`); };

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

  // The timeline and its filter.
  const timeline = page.getByRole("log", { name: /timeline/ });
  expect(await timeline.getByText("approved").count() > 0, "the approval is in the timeline");
  await page.getByRole("textbox", { name: "filter the timeline" }).fill("rolled-back");
  await page.waitForTimeout(300);
  expect(await timeline.getByText("pushed").count() === 0, "the filter leaves only what matches");

  // Keyboard: the first stop is the link to the content; colours can be changed with it.
  await page.goto(url);
  await page.getByRole("status").getByText("live").waitFor({ timeout: 15000 });
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent) === "Skip to the content", "Tab reaches the skip link first");
  await page.getByRole("button", { name: /colours/ }).focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.documentElement.getAttribute("data-mantine-color-scheme") === "dark");
  await page.screenshot({ path: screenshot.replace(".png", "-dark.png") });

  // Names for everything that a screen reader meets.
  const unnamed = await page.evaluate(() => [...document.querySelectorAll("button, a, input, [role=img], section")].filter((e) => {
    const label = e.getAttribute("aria-label") || e.textContent?.trim() || (e.getAttribute("aria-labelledby") && document.getElementById(e.getAttribute("aria-labelledby"))?.textContent);
    return !label;
  }).map((e) => e.outerHTML.slice(0, 120)));
  expect(unnamed.length === 0, `every control has a name, not: ${unnamed.join("; ")}`);
  expect(foreign.length === 0, `no request elsewhere: ${foreign.join(", ")}`);
  expect(problems.length === 0, `no error in the page: ${problems.join("; ")}`);

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
