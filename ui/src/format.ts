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
export function clock(time: string | undefined): string {
  if (!time) return "";
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? "" : date.toLocaleTimeString("en-GB");
}
export function person(actor: string): string {
  return actor.replace(/@example\.com$/, "");
}
export function short(digest: string | undefined): string {
  return digest ? digest.replace(/^sha256:/, "").slice(0, 12) : "";
}
