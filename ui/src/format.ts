// How numbers and times are written for people. A missing number is written as such, never as zero.

import type { Maybe } from "./types";

export const NO_DATA = "no data";
const missing = (value: Maybe | undefined): value is null | undefined =>
  value === null || value === undefined || Number.isNaN(value);

export function percent(share: Maybe | undefined, digits = 1): string {
  return missing(share) ? NO_DATA : `${(share * 100).toFixed(digits)} %`;
}
export function seconds(value: Maybe | undefined): string {
  if (missing(value)) return NO_DATA;
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(value < 10 ? 2 : 0)} s`;
}
export function count(value: Maybe | undefined): string {
  return missing(value) ? NO_DATA : Math.round(value).toLocaleString("en");
}
export function rate(value: Maybe | undefined): string {
  return missing(value) ? NO_DATA : value.toFixed(1);
}
// A measurement says no unit of its own; its name does, as Prometheus' names do. An unknown name gets none.
export function measured(name: string, value: Maybe): string {
  if (missing(value)) return NO_DATA;
  if (/seconds|latency|duration|time-to|ttft/.test(name)) return seconds(value);
  if (/success|error|accuracy|availab|share|ratio/.test(name) && value >= 0 && value <= 1) return percent(value);
  return String(Number(value.toPrecision(4)));
}
// "measured [0.0397918]", as the analysis tells it, with the unit of that name.
export function measuredText(name: string, text: string): string {
  const values = /^measured \[?([^\]]+)\]?$/.exec(text)?.[1]?.split(",").map(Number);
  return values ? `measured ${values.map((value) => measured(name, value)).join(", ")}` : text;
}
// "accuracy 1, ttft_p95_seconds 0.0427698", as the registry tells what was measured of a version.
export function measuredList(detail: string): string {
  return detail.split(", ").map((part) => {
    const [, name, value] = /^(\S+) (-?\d[\d.e+-]*)$/.exec(part) ?? [];
    return name === undefined ? part : `${name} ${measured(name, Number(value))}`;
  }).join(", ");
}
// Who did it, without what goes without saying; the full name belongs in a title beside it.
export function person(actor: string): string {
  return actor.replace(/@example\.com$/, "").replace(/^slipway\//, "");
}
export function short(digest: string | undefined): string {
  return digest ? digest.replace(/^sha256:/, "").slice(0, 12) : "";
}
