import { Text, TextInput } from "@mantine/core";
import { useDeferredValue, useState } from "react";
import { Section } from "../Section";
import { clock, person, seconds, short } from "../format";
import type { TimelineEntry } from "../types";

const SHOWN = 100;

// Everything that happened, newest first: the audit log as people read it.
export function Timeline({ entries }: { entries: TimelineEntry[] }) {
  const [filter, setFilter] = useState("");
  const wanted = useDeferredValue(filter).trim().toLowerCase();
  const matching = entries.filter((e) => !wanted || `${e.actor} ${e.action} ${e.object} ${e.detail ?? ""} ${e.digest ?? ""}`.toLowerCase().includes(wanted));
  return (
    <Section title="Timeline" aside={<TextInput size="xs" placeholder="filter" aria-label="filter the timeline" value={filter} onChange={(e) => setFilter(e.currentTarget.value)} />}>
      {matching.length === 0 && <Text c="dimmed">{entries.length === 0 ? "Nothing has happened yet." : "Nothing matches."}</Text>}
      <div role="log" aria-label="timeline, newest first">
        {matching.slice(0, SHOWN).map((e) => (
          <div className="entry" key={e.sequence}>
            <time dateTime={e.time}>{clock(e.time)}</time>
            <span>{person(e.actor)}</span>
            <span>
              <b>{e.action}</b> {e.object}{e.detail ? `: ${e.detail}` : ""}
              <Text span size="xs" c="dimmed">{e.digest ? `  ${short(e.digest)}` : ""}{e.seconds !== undefined && e.seconds >= 0 ? `  ${seconds(e.seconds)}` : ""}</Text>
            </span>
          </div>
        ))}
      </div>
      {matching.length > SHOWN && <Text size="xs" c="dimmed">{matching.length - SHOWN} earlier entries: slipway audit</Text>}
    </Section>
  );
}
