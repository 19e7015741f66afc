// The steps of a rollout as they went. An aborted rollout's step index is 0 again, so that `retry` begins anew: what was
// done before is read from the timeline.

import type { Rollout, RolloutStep, TimelineEntry } from "./types";

const isPause = (step: RolloutStep) => step.text.startsWith("pause");
const isAnalysis = (step: RolloutStep) => step.text.startsWith("analysis:");

// "1m30s" in milliseconds; null for a pause without a duration.
function pauseTime(step: RolloutStep): number | null {
  const parts = isPause(step) ? [...step.text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)] : [];
  const unit: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  return parts.length === 0 ? null : parts.reduce((sum, [, n, u]) => sum + Number(n) * unit[u!]!, 0);
}

// The step the last attempt was in when it was aborted; null when the timeline does not reach back to its start.
function abortedAt(rollout: Rollout, timeline: TimelineEntry[]): number | null {
  const { steps } = rollout;
  const told = timeline.filter((e) => e.object === `Rollout ${rollout.name}`).sort((a, b) => a.sequence - b.sequence);
  const start = told.map((e) => e.action).lastIndexOf("rollout-started");
  if (start < 0) return null;
  let at = 0;
  let since = Date.parse(told[start]!.time);
  const next = (wanted: (step: RolloutStep) => boolean) => {
    const found = steps.findIndex((step, i) => i >= at && wanted(step));
    return found < 0 ? at : found;
  };
  for (const entry of told.slice(start + 1)) {
    const before = at;
    const weight = / gets (\d+) %$/.exec(entry.detail ?? "")?.[1];
    if (entry.action === "weight-set") at = next((step) => step.text === `${weight} % of the traffic`) + 1;
    if (entry.action === "analysis-passed") at = next(isAnalysis) + 1;
    if (entry.action === "paused") at = next(entry.detail?.startsWith("Inconclusive") ? isAnalysis : (step) => isPause(step) && pauseTime(step) === null);
    if (entry.action === "resumed") at = next((step) => isPause(step) || isAnalysis(step)) + 1;
    if (at !== before) since = Date.parse(entry.time);
    if (entry.action !== "aborted" && entry.action !== "abort-decided") continue;
    // A pause that ended by itself is not told.
    for (let length = pauseTime(steps[at]!); length !== null && Date.parse(entry.time) - since >= length; length = pauseTime(steps[at]!)) {
      since += length;
      at += 1;
    }
    break;
  }
  return Math.min(at, steps.length - 1);
}

export interface ShownStep { text: string; state: RolloutStep["state"] | "unknown" }

export function shownSteps(rollout: Rollout, timeline: TimelineEntry[]): ShownStep[] {
  if (rollout.phase !== "Degraded" || rollout.steps[0]?.state !== "failed") return rollout.steps;
  const failed = abortedAt(rollout, timeline);
  return rollout.steps.map(({ text }, i) =>
    ({ text, state: failed === null ? "unknown" : i < failed ? "done" : i === failed ? "failed" : "next" }));
}
