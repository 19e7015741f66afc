import { Group, Stack, Text } from "@mantine/core";
import type { CSSProperties } from "react";
import { Section } from "../Section";
import { When } from "../When";
import { stateColor } from "../colors";
import { person, percent, short } from "../format";
import { modelsOf } from "../models";
import type { PathStage, Version } from "../types";

const words: Record<PathStage["state"], string> = { done: "done", running: "in progress", failed: "failed", waiting: "not yet" };

function Stage({ stage }: { stage: PathStage }) {
  return (
    <li style={{ "--stage": stateColor[stage.state] } as CSSProperties}>
      <Text size="sm" fw={600}>{stage.stage}</Text>
      <Text size="xs" c={stage.state === "failed" ? "var(--bad)" : "dimmed"}>{words[stage.state]}{stage.at && <> · <When time={stage.at} /></>}</Text>
      {stage.detail && <Text size="xs" truncate="end" title={stage.detail}>{stage.detail}</Text>}
    </li>
  );
}

// Every version's way from commit to production.
export function Releases({ versions }: { versions: Version[] }) {
  const areSeveral = modelsOf(versions).length > 1;
  return (
    <Section title="From commit to production">
      {versions.length === 0 && <Text c="dimmed">No version is registered yet. Push to the repository to make one.</Text>}
      <Stack gap="lg">
        {versions.slice(0, 6).map((v) => (
          <article key={`${v.model}/${v.version}`} aria-label={`version ${areSeveral ? `${v.model} ` : ""}${v.version}`}>
            <Group gap="xs" mb={6} align="baseline">
              <Text fw={700}>{areSeveral ? `${v.model} ` : ""}{v.version}</Text>
              <Text size="sm">{v.subject}</Text>
              <Text size="xs" c="dimmed">
                {[v.author && person(v.author), v.commit && v.commit.slice(0, 7), v.weights && `weights ${short(v.weights)}`,
                  v.metrics?.accuracy !== undefined && `accuracy ${percent(v.metrics.accuracy, 0)}`].filter(Boolean).join(" · ")}
              </Text>
            </Group>
            <ol className="path">{v.path.map((stage) => <Stage key={stage.stage} stage={stage} />)}</ol>
          </article>
        ))}
      </Stack>
    </Section>
  );
}
