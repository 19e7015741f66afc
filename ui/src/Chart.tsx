import { Text, useComputedColorScheme } from "@mantine/core";
import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import { colorOf } from "./colors";
import type { Maybe, Traffic } from "./types";

interface Props { title: string; traffic: Traffic[]; column: 1 | 2 | 3; order: string[]; format: (value: Maybe) => string }

const clockTime = (unix: number) => new Date(unix * 1000).toLocaleTimeString("en-GB");

// One line per version on a common time axis; gaps stay gaps.
function align(traffic: Traffic[], column: 1 | 2 | 3): uPlot.AlignedData {
  const times = [...new Set(traffic.flatMap((t) => t.series.map((p) => p[0])))].sort((a, b) => a - b);
  const lines = traffic.map((t) => {
    const at = new Map(t.series.map((p) => [p[0], p[column]]));
    return times.map((time) => at.get(time) ?? null);
  });
  return [times, ...lines];
}

export function Chart({ title, traffic, column, order, format }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const scheme = useComputedColorScheme("light");
  const versions = traffic.map((t) => t.version).join(",");
  const data = useMemo(() => align(traffic, column), [traffic, column]);
  const latest = traffic.map((t) => `${t.version} ${format(t.series.at(-1)?.[column] ?? null)}`).join(", ");

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const ink = scheme === "dark" ? "#c1c2c5" : "#495057";
    const grid = { stroke: scheme === "dark" ? "#373a40" : "#e9ecef", width: 1 };
    const axis = { stroke: ink, grid, ticks: grid, font: "11px sans-serif" };
    plot.current = new uPlot(
      {
        width: element.clientWidth || 300, height: 150, legend: { show: false }, cursor: { show: false },
        scales: { y: { range: (_u, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
        axes: [{ ...axis, space: 70, values: (_u, ticks) => ticks.map(clockTime) }, { ...axis, size: 64, values: (_u, ticks) => ticks.map((v) => format(v)) }],
        series: [{}, ...versions.split(",").filter(Boolean).map((v) => ({ label: v, stroke: colorOf(v, order), width: 2, spanGaps: false, points: { show: false } }))],
      },
      data, element,
    );
    const resize = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: 150 }));
    resize.observe(element);
    return () => { resize.disconnect(); plot.current?.destroy(); plot.current = null; };
    // The data is set below; only a change of lines or colours makes a new plot.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [versions, scheme, order.join(",")]);

  useEffect(() => { plot.current?.setData(data); }, [data]);

  return (
    <figure style={{ margin: 0 }}>
      <Text component="figcaption" size="sm" fw={600}>{title}</Text>
      <div ref={box} role="img" aria-label={`${title}, latest: ${latest || "no data"}`} />
    </figure>
  );
}
