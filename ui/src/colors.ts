// One colour per version, the same everywhere on the page; the stable one is always first.

const palette = ["#1971c2", "#c2410c", "#237a36", "#862e9c", "#5c5f66"];

export function colorOf(version: string, order: string[]): string {
  const index = order.indexOf(version);
  return palette[(index < 0 ? palette.length - 1 : index) % palette.length]!;
}

// Each dark enough for white text at WCAG AA's contrast of 4.5.
const green = "#237a36", blue = "#1864ab", red = "#c92a2a", amber = "#9a4a00", gray = "#5c636a";

// State is told in words; the colour only repeats it.
export const stateColor: Record<string, string> = {
  done: green, running: blue, failed: red, waiting: "var(--mantine-color-default-border)",
  ok: green, burning: amber, exhausted: red, "no-data": gray,
  Healthy: green, Progressing: blue, Paused: amber, Degraded: red,
  Successful: green, Failed: red, Running: blue, Inconclusive: amber, Error: red,
  connecting: gray, live: green, lost: red,
};
export const colorOfState = (state: string): string => stateColor[state] ?? gray;
