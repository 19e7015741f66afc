import { Button, Text, TextInput } from "@mantine/core";
import { Fragment, useDeferredValue, useState } from "react";
import { Section } from "../Section";
import { When, dayOf } from "../When";
import { measuredList, person, seconds, short } from "../format";
import type { TimelineEntry } from "../types";

const AT_ONCE = 25;

// What a run did is told under the run; everything else stands for itself.
interface Item { key: string; head: TimelineEntry; steps: TimelineEntry[] }

function itemsOf(entries: TimelineEntry[]): Item[] {
  const runs = new Map<string, Item>();
  const items: Item[] = [];
  for (const entry of entries) { // newest first
    if (!entry.object.startsWith("Run ")) {
      items.push({ key: String(entry.sequence), head: entry, steps: [] });
      continue;
    }
    const run = runs.get(entry.object);
    if (!run) {
      const item = { key: entry.object, head: entry, steps: [] };
      runs.set(entry.object, item);
      items.push(item);
    } else if (run.head.action === "step-finished" && entry.action !== "step-finished") {
      run.steps.unshift(run.head); // it still runs: its start speaks for it
      run.head = entry;
    } else {
      run.steps.push(entry);
    }
  }
  for (const item of items) item.steps.sort((a, b) => b.sequence - a.sequence);
  return items;
}

function stepCount(steps: TimelineEntry[]): string {
  const finished = steps.filter((e) => e.action === "step-finished");
  const failed = finished.filter((e) => /\): (Failed|Error)/.test(e.detail ?? "")).length;
  return `${finished.length} ${finished.length === 1 ? "step" : "steps"}${failed > 0 ? `, ${failed} failed` : ""}`;
}

function Cells({ entry, steps = [] }: { entry: TimelineEntry; steps?: TimelineEntry[] }) {
  const detail = entry.action === "measured" ? measuredList(entry.detail ?? "") : entry.detail;
  return (
    <>
      <When time={entry.time} dated={false} />
      <span className="actor" title={entry.actor}>{person(entry.actor)}</span>
      <span className="breaks">
        <b>{entry.action}</b> {entry.object}{detail ? `: ${detail}` : ""}
        <Text span size="xs" c="dimmed">{entry.digest ? `  ${short(entry.digest)}` : ""}{entry.seconds !== undefined && entry.seconds >= 0 ? `  ${seconds(entry.seconds)}` : ""}</Text>
        {steps.length > 0 && <span className="disclosure">{stepCount(steps)}</span>}
      </span>
    </>
  );
}

function Row({ item, isOpen }: { item: Item; isOpen: boolean }) {
  if (item.steps.length === 0) return <div className="entry"><Cells entry={item.head} /></div>;
  return (
    <details className="run" open={isOpen}>
      <summary className="entry"><Cells entry={item.head} steps={item.steps} /></summary>
      {item.steps.map((entry) => <div className="entry step" key={entry.sequence}><Cells entry={entry} /></div>)}
    </details>
  );
}

// Everything that happened, newest first: the audit log as people read it.
export function Timeline({ entries }: { entries: TimelineEntry[] }) {
  const [filter, setFilter] = useState("");
  const [shown, setShown] = useState(AT_ONCE);
  const wanted = useDeferredValue(filter).trim().toLowerCase();
  const items = itemsOf(entries.filter((e) => !wanted || `${e.actor} ${e.action} ${e.object} ${e.detail ?? ""} ${e.digest ?? ""}`.toLowerCase().includes(wanted)));
  const day = (item: Item | undefined) => (item ? dayOf(item.head.time) : "");
  return (
    <Section title="Timeline" aside={<TextInput size="xs" placeholder="filter" aria-label="filter the timeline" value={filter} onChange={(e) => setFilter(e.currentTarget.value)} />}>
      {items.length === 0 && <Text c="dimmed">{entries.length === 0 ? "Nothing has happened yet." : "Nothing matches."}</Text>}
      <div role="log" aria-label="timeline, newest first">
        {items.slice(0, shown).map((item, i) => (
          <Fragment key={item.key}>
            {day(item) !== day(items[i - 1]) && <h3 className="day">{day(item)}</h3>}
            <Row item={item} isOpen={wanted !== ""} />
          </Fragment>
        ))}
      </div>
      {items.length > shown && <Button mt="sm" size="xs" variant="default" onClick={() => setShown(shown + AT_ONCE)}>Show earlier ({items.length - shown})</Button>}
      {items.length <= shown && items.length > 0 && <Text mt="sm" size="xs" c="dimmed">All of it: slipway audit</Text>}
    </Section>
  );
}
