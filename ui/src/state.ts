// The live state: one EventSource that carries the whole overview whenever it changed, and each timeline entry.

import { useEffect, useState } from "react";
import type { Overview, TimelineEntry } from "./types";

export type Connection = "connecting" | "live" | "lost";
const KEPT_ENTRIES = 500;

export function merge(known: TimelineEntry[], added: TimelineEntry[]): TimelineEntry[] {
  const bySequence = new Map(known.map((entry) => [entry.sequence, entry]));
  for (const entry of added) bySequence.set(entry.sequence, entry);
  return [...bySequence.values()].sort((a, b) => b.sequence - a.sequence).slice(0, KEPT_ENTRIES);
}

export function useOverview(): { overview: Overview | null; timeline: TimelineEntry[]; connection: Connection } {
  const [overview, setOverview] = useState<Overview | null>(null);
  const [timeline, setTimeline] = useState<TimelineEntry[]>([]);
  const [connection, setConnection] = useState<Connection>("connecting");

  useEffect(() => {
    const source = new EventSource("/api/slipway/v1/events");
    source.onopen = () => setConnection("live");
    source.onerror = () => setConnection("lost"); // EventSource tries again by itself
    source.addEventListener("overview", (event) => {
      const next = JSON.parse((event as MessageEvent<string>).data) as Overview;
      setConnection("live");
      setOverview(next);
      setTimeline((known) => merge(known, next.timeline));
    });
    source.addEventListener("timeline", (event) => {
      const entry = JSON.parse((event as MessageEvent<string>).data) as TimelineEntry;
      setTimeline((known) => merge(known, [entry]));
    });
    return () => source.close();
  }, []);

  return { overview, timeline, connection };
}
