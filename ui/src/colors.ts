// One colour per version, the same everywhere on the page; the stable one is always first.

const palette = ["#1971c2", "#c2410c", "#2b8a3e", "#862e9c", "#5c5f66"];

export function colorOf(version: string, order: string[]): string {
  const index = order.indexOf(version);
  return palette[(index < 0 ? palette.length - 1 : index) % palette.length]!;
}

// State is told in words; the colour only repeats it.
export const stateColor: Record<string, string> = {
  done: "#2b8a3e", running: "#1971c2", failed: "#c92a2a", waiting: "var(--mantine-color-default-border)",
  ok: "green", burning: "orange", exhausted: "red", "no-data": "gray",
  Healthy: "green", Progressing: "blue", Paused: "yellow", Degraded: "red",
  Successful: "green", Failed: "red", Running: "blue", Inconclusive: "yellow", Error: "red",
};
