import { Badge, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { Section } from "../Section";
import { colorOf } from "../colors";
import { clock, person, short } from "../format";
import type { Approval, Environment } from "../types";

// What serves now, in each environment, and what waits for a person.
export function Environments({ environments, approvals, order }: { environments: Environment[]; approvals: Approval[]; order: string[] }) {
  const waiting = approvals.filter((a) => a.state === "waiting");
  return (
    <Section title="What serves now">
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        {environments.map((environment) => (
          <Stack key={environment.name} gap={4}>
            <Text size="sm" c="dimmed">{environment.name}</Text>
            {environment.serving.length === 0 ? <Text>nothing yet</Text> : (
              <Group gap="xs">
                {environment.serving.map((s) => (
                  <Badge key={s.version} size="lg" tt="none" color={environment.serving.length > 1 ? colorOf(s.version, order) : "blue"}>
                    {s.version}{environment.serving.length > 1 ? ` · ${s.share} %` : ""}
                  </Badge>
                ))}
              </Group>
            )}
            {environment.since && <Text size="xs" c="dimmed">since {clock(environment.since)}</Text>}
          </Stack>
        ))}
      </SimpleGrid>
      {waiting.map((a) => (
        <Text key={a.promotion} mt="sm" size="sm">
          <Badge color="yellow" mr="xs" tt="none">waits for a {a.needs}</Badge>
          {a.promotion}, asked for by {person(a.requestedBy)}, subject {short(a.subject)}
        </Text>
      ))}
    </Section>
  );
}
