// Which model a version is of. Said only where the platform has more than one: "v3" alone would be ambiguous.

import type { Version } from "./types";

export const modelsOf = (versions: Version[]): string[] => [...new Set(versions.map((v) => v.model))];

// The model of a version that is known by its number alone; empty when that does not tell, or when there is but one.
export function modelOf(version: string, versions: Version[]): string {
  if (modelsOf(versions).length < 2) return "";
  const candidates = modelsOf(versions.filter((v) => v.version === version));
  return candidates.length === 1 ? candidates[0]! : "";
}
