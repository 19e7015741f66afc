import { Badge, Group, Progress, Stack, Text } from "@mantine/core";
import { Section } from "../Section";
import { stateColor } from "../colors";
import { NO_DATA, percent, rate } from "../format";
import type { Slo } from "../types";

const words: Record<Slo["state"], string> = { ok: "within budget", burning: "burning", exhausted: "budget spent", "no-data": NO_DATA };

export function Slos({ slos }: { slos: Slo[] }) {
  return (
    <Section title="Objectives and error budget">
      {slos.length === 0 && <Text c="dimmed">No objective is declared. An OpenSLO file in the repository makes one.</Text>}
      <Stack>
        {slos.map((slo) => {
          const left = slo.budgetRemaining === null ? null : Math.max(0, Math.min(1, slo.budgetRemaining));
          return (
            <div key={slo.name}>
              <Group justify="space-between"><Text fw={600}>{slo.name}</Text><Badge tt="none" color={stateColor[slo.state]}>{words[slo.state]}</Badge></Group>
              <Text size="sm">{percent(slo.sli, 2)} over {slo.window}, objective {percent(slo.objective, 2)}</Text>
              <Progress value={(left ?? 0) * 100} color={stateColor[slo.state]} mt={6} aria-label={`error budget left: ${percent(slo.budgetRemaining)}`} />
              <Text size="xs" c="dimmed" mt={4}>
                budget left {percent(slo.budgetRemaining)} · burn rate {Object.entries(slo.burnRate).map(([window, value]) => `${window} ${rate(value)}`).join(", ") || NO_DATA}
              </Text>
              {slo.message && <Text size="xs">{slo.message}</Text>}
            </div>
          );
        })}
      </Stack>
    </Section>
  );
}
