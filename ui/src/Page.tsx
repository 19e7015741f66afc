import { Alert, Badge, Container, Group, SimpleGrid, Skeleton, Stack, Title, useMantineColorScheme, Button, Text } from "@mantine/core";
import { Environments } from "./sections/Environments";
import { Parts } from "./sections/Parts";
import { Releases } from "./sections/Releases";
import { RolloutPanel } from "./sections/RolloutPanel";
import { Slos } from "./sections/Slos";
import { Timeline } from "./sections/Timeline";
import { useOverview, type Connection } from "./state";

const connectionText: Record<Connection, [string, string]> = {
  connecting: ["gray", "connecting"],
  live: ["green", "live"],
  lost: ["red", "connection lost, trying again"],
};

function Header({ model, connection }: { model?: string; connection: Connection }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const next = colorScheme === "dark" ? "light" : "dark";
  const [color, text] = connectionText[connection];
  return (
    <Group component="header" justify="space-between" py="md">
      <Group gap="sm" align="baseline">
        <Title order={1} size="h2">Slipway</Title>
        {model && <Text c="dimmed">{model}</Text>}
      </Group>
      <Group gap="sm">
        <Badge color={color} variant="light" role="status" tt="none">{text}</Badge>
        <Button size="xs" variant="default" onClick={() => setColorScheme(next)}>{next === "dark" ? "Dark" : "Light"} colours</Button>
      </Group>
    </Group>
  );
}

export function Page() {
  const { overview, timeline, connection } = useOverview();
  const order = [overview?.rollout?.stable, overview?.rollout?.canary, ...(overview?.traffic.map((t) => t.version) ?? [])]
    .filter((v, i, all): v is string => !!v && all.indexOf(v) === i);
  return (
    <Container size="xl" pb="xl">
      <a className="skip" href="#main">Skip to the content</a>
      <Header model={overview?.model} connection={connection} />
      <main id="main">
        {connection === "lost" && overview && (
          <Alert color="orange" mb="md">The control plane does not answer; this is the state of {new Date(overview.time).toLocaleTimeString("en-GB")}. Requests are still served.</Alert>
        )}
        {!overview ? (
          <Stack aria-busy="true" aria-label="loading"><Skeleton h={120} /><Skeleton h={240} /><Skeleton h={160} /></Stack>
        ) : (
          <Stack gap="lg">
            <Environments environments={overview.environments} approvals={overview.approvals} order={order} />
            <RolloutPanel rollout={overview.rollout} traffic={overview.traffic} order={order} />
            <Releases versions={overview.versions} />
            <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
              <Slos slos={overview.slos} />
              <Parts platform={overview.platform} />
            </SimpleGrid>
            <Timeline entries={timeline} />
          </Stack>
        )}
      </main>
    </Container>
  );
}
