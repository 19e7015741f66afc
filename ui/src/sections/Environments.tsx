import { Badge, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { Section } from "../Section";
import { When } from "../When";
import { colorOf, colorOfState } from "../colors";
import { person, short } from "../format";
import { modelOf } from "../models";
import type { Approval, Environment, Version } from "../types";

interface Props { environments: Environment[]; approvals: Approval[]; versions: Version[]; order: string[] }

// What serves now, in each environment, and what waits for a person.
export function Environments({ environments, approvals, versions, order }: Props) {
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
                  <Badge key={s.version} size="lg" tt="none" color={environment.serving.length > 1 ? colorOf(s.version, order) : colorOfState("running")}>
                    {[modelOf(s.version, versions), s.version].filter(Boolean).join(" ")}{environment.serving.length > 1 ? ` · ${s.share} %` : ""}
                  </Badge>
                ))}
              </Group>
            )}
            {environment.since && <Text size="xs" c="dimmed">since <When time={environment.since} /></Text>}
          </Stack>
        ))}
      </SimpleGrid>
      {waiting.map((a) => (
        <Text key={a.promotion} mt="sm" size="sm" className="breaks">
          <Badge color={colorOfState("Paused")} mr="xs" tt="none">waits for a {a.needs}</Badge>
          {a.promotion}, asked for by <span title={a.requestedBy}>{person(a.requestedBy)}</span>, subject {short(a.subject)}
        </Text>
      ))}
    </Section>
  );
}
