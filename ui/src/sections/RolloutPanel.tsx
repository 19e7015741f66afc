import { Alert, Badge, Group, List, SimpleGrid, Stack, Table, Text } from "@mantine/core";
import { Chart } from "../Chart";
import { Section } from "../Section";
import { colorOf, colorOfState } from "../colors";
import { count, measuredText, percent, rate, seconds } from "../format";
import { shownSteps, type ShownStep } from "../rolloutSteps";
import type { Maybe, Rollout, TimelineEntry, Traffic } from "../types";

function ShareBar({ rollout, order }: { rollout: Rollout; order: string[] }) {
  const parts = [
    { version: rollout.stable, share: 100 - rollout.weight, role: "stable" },
    { version: rollout.canary, share: rollout.weight, role: "canary" },
  ].filter((p) => p.version && p.share > 0);
  const text = parts.map((p) => `${p.version} (${p.role}) ${p.share} %`).join(", ");
  return (
    <div className="share" role="img" aria-label={`traffic: ${text}`}>
      {parts.map((p) => (
        <span key={p.role} style={{ width: `${p.share}%`, background: colorOf(p.version!, order) }}>{p.version} {p.share} %</span>
      ))}
    </div>
  );
}

function Variants({ traffic, rollout, order }: { traffic: Traffic[]; rollout: Rollout; order: string[] }) {
  const role = (version: string) => (version === rollout.canary ? "canary" : version === rollout.stable ? "stable" : "earlier");
  return (
    <Table className="numbers stacks" captionSide="bottom">
      <Table.Caption>Counted by the gateway, per version, in the last ten minutes</Table.Caption>
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">version</Table.Th><Table.Th scope="col" ta="right">requests</Table.Th><Table.Th scope="col" ta="right">per second</Table.Th>
          <Table.Th scope="col" ta="right">errors</Table.Th><Table.Th scope="col" ta="right">error share</Table.Th>
          <Table.Th scope="col" ta="right">first token p50</Table.Th><Table.Th scope="col" ta="right">first token p95</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {traffic.map((t) => (
          <Table.Tr key={t.version}>
            <Table.Th scope="row"><Group gap={8} wrap="nowrap"><span aria-hidden style={{ width: 10, height: 10, borderRadius: 5, background: colorOf(t.version, order) }} />{t.version}<Text span size="xs" c="dimmed">{role(t.version)}</Text></Group></Table.Th>
            <Table.Td ta="right" data-label="requests">{count(t.requests)}</Table.Td><Table.Td ta="right" data-label="per second">{rate(t.rps)}</Table.Td>
            <Table.Td ta="right" data-label="errors" c={t.errors ? "var(--bad)" : undefined}>{count(t.errors)}</Table.Td><Table.Td ta="right" data-label="error share">{percent(t.errorRate)}</Table.Td>
            <Table.Td ta="right" data-label="first token p50">{seconds(t.ttft.p50)}</Table.Td><Table.Td ta="right" data-label="first token p95">{seconds(t.ttft.p95)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

const stateWord: Record<ShownStep["state"], string> = { done: " (done)", current: " (now)", failed: " (failed)", next: "", unknown: "" };
const wholePercent = (share: Maybe) => percent(share, 0);

interface Props { rollout: Rollout | null; traffic: Traffic[]; timeline: TimelineEntry[]; order: string[] }

// The rollout as it happens: who gets how much, how each version does, and what the analysis says in words.
export function RolloutPanel({ rollout, traffic, timeline, order }: Props) {
  if (!rollout) return <Section title="Rollout"><Text c="dimmed">No rollout yet.</Text></Section>;
  const steps = shownSteps(rollout, timeline);
  const color = colorOfState(rollout.phase);
  return (
    <Section title={`Rollout ${rollout.name}`} aside={<Badge color={color} tt="none" size="lg">{rollout.phase}</Badge>}>
      <Stack>
        <ShareBar rollout={rollout} order={order} />
        <div aria-live="polite">
          {(rollout.verdict || rollout.message) && (
            <Alert color={color} variant="light" classNames={{ title: "breaks" }} title={rollout.verdict || rollout.message}>{rollout.verdict ? rollout.message : null}</Alert>
          )}
        </div>
        <Group align="flex-start" gap="xl">
          <div>
            <Text size="sm" fw={600}>Steps</Text>
            <List type="ordered" size="sm">
              {steps.map((s, i) => (
                <List.Item key={i} aria-current={s.state === "current" ? "step" : undefined} fw={s.state === "current" || s.state === "failed" ? 700 : 400} c={s.state === "next" ? "dimmed" : s.state === "failed" ? "var(--bad)" : undefined}>
                  {s.text}{stateWord[s.state]}
                </List.Item>
              ))}
            </List>
            {steps[0]?.state === "unknown" && <Text size="xs" c="dimmed">It was aborted before the timeline shown here begins.</Text>}
          </div>
          {rollout.analysis.length > 0 && (
            <div>
              <Text size="sm" fw={600}>Analysis</Text>
              {rollout.analysis.map((a) => (
                <Group key={a.name} gap="xs" mt={4} wrap="nowrap">
                  <Badge size="sm" tt="none" color={colorOfState(a.phase)}>{a.phase}</Badge><Text size="sm">{a.name}: <span title={a.text}>{measuredText(a.name, a.text)}</span></Text>
                </Group>
              ))}
            </div>
          )}
        </Group>
        <Variants traffic={traffic} rollout={rollout} order={order} />
        <SimpleGrid cols={{ base: 1, md: 3 }}>
          <Chart title="Requests per second" traffic={traffic} column={1} order={order} format={rate} />
          <Chart title="Error share" traffic={traffic} column={2} order={order} format={wholePercent} />
          <Chart title="Time to first token, p95" traffic={traffic} column={3} order={order} format={seconds} />
        </SimpleGrid>
      </Stack>
    </Section>
  );
}
