import { Alert, Badge, Group, List, SimpleGrid, Stack, Table, Text } from "@mantine/core";
import { Chart } from "../Chart";
import { Section } from "../Section";
import { colorOf, stateColor } from "../colors";
import { count, percent, rate, seconds } from "../format";
import type { Maybe, Rollout, Traffic } from "../types";

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
    <Table.ScrollContainer minWidth={560}>
      <Table className="numbers" captionSide="bottom">
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
              <Table.Td ta="right">{count(t.requests)}</Table.Td><Table.Td ta="right">{rate(t.rps)}</Table.Td>
              <Table.Td ta="right" c={t.errors ? "red" : undefined}>{count(t.errors)}</Table.Td><Table.Td ta="right">{percent(t.errorRate)}</Table.Td>
              <Table.Td ta="right">{seconds(t.ttft.p50)}</Table.Td><Table.Td ta="right">{seconds(t.ttft.p95)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

const wholePercent = (share: Maybe) => percent(share, 0);

// The rollout as it happens: who gets how much, how each version does, and what the analysis says in words.
export function RolloutPanel({ rollout, traffic, order }: { rollout: Rollout | null; traffic: Traffic[]; order: string[] }) {
  if (!rollout) return <Section title="Rollout"><Text c="dimmed">No rollout yet.</Text></Section>;
  const color = stateColor[rollout.phase] ?? "gray";
  return (
    <Section title={`Rollout ${rollout.name}`} aside={<Badge color={color} tt="none" size="lg">{rollout.phase}</Badge>}>
      <Stack>
        <ShareBar rollout={rollout} order={order} />
        <div aria-live="polite">
          {(rollout.verdict || rollout.message) && (
            <Alert color={color} variant="light" title={rollout.verdict || rollout.message}>{rollout.verdict ? rollout.message : null}</Alert>
          )}
        </div>
        <Group align="flex-start" gap="xl">
          <div>
            <Text size="sm" fw={600}>Steps</Text>
            <List type="ordered" size="sm">
              {rollout.steps.map((s, i) => (
                <List.Item key={i} aria-current={s.state === "current" ? "step" : undefined} fw={s.state === "current" ? 700 : 400} c={s.state === "next" ? "dimmed" : undefined}>
                  {s.text}{s.state === "current" ? " (now)" : s.state === "done" ? " (done)" : s.state === "failed" ? " (failed)" : ""}
                </List.Item>
              ))}
            </List>
          </div>
          {rollout.analysis.length > 0 && (
            <div>
              <Text size="sm" fw={600}>Analysis</Text>
              {rollout.analysis.map((a) => (
                <Group key={a.name} gap="xs" mt={4} wrap="nowrap">
                  <Badge size="sm" tt="none" color={stateColor[a.phase] ?? "gray"}>{a.phase}</Badge><Text size="sm">{a.name}: {a.text}</Text>
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
