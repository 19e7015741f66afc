import { Alert, Badge, Container, Group, SimpleGrid, Skeleton, Stack, Title, useComputedColorScheme, useMantineColorScheme, Button, Text } from "@mantine/core";
import { Environments } from "./sections/Environments";
import { Parts } from "./sections/Parts";
import { Releases } from "./sections/Releases";
import { RolloutPanel } from "./sections/RolloutPanel";
import { Slos } from "./sections/Slos";
import { Timeline } from "./sections/Timeline";
import { When } from "./When";
import { colorOfState } from "./colors";
import { modelsOf } from "./models";
import { useOverview, type Connection } from "./state";

const connectionText: Record<Connection, string> = { connecting: "connecting", live: "live", lost: "connection lost, trying again" };

function Header({ models, connection }: { models: string[]; connection: Connection }) {
  const { setColorScheme } = useMantineColorScheme();
  const next = useComputedColorScheme("light", { getInitialValueInEffect: false }) === "dark" ? "light" : "dark"; // "auto" is either
  return (
    <Group component="header" justify="space-between" py="md">
      <Group gap="sm" align="baseline">
        <Title order={1} size="h2">Slipway</Title>
        {models.length > 0 && <Text c="dimmed">{models.join(", ")}</Text>}
      </Group>
      <Group gap="sm">
        <Badge color={colorOfState(connection)} role="status" tt="none">{connectionText[connection]}</Badge>
        <Button size="xs" variant="default" onClick={() => setColorScheme(next)}>{next === "dark" ? "Dark" : "Light"} colours</Button>
      </Group>
    </Group>
  );
}

export function Page() {
  const { overview, timeline, connection } = useOverview();
  const order = [overview?.rollout?.stable, overview?.rollout?.canary, ...(overview?.traffic.map((t) => t.version) ?? [])]
    .filter((v, i, all): v is string => !!v && all.indexOf(v) === i);
  const models = modelsOf(overview?.versions ?? []);
  return (
    <Container size="xl" pb="xl">
      <a className="skip" href="#main">Skip to the content</a>
      <Header models={models.length > 0 ? models : overview?.model ? [overview.model] : []} connection={connection} />
      <main id="main">
        {connection === "lost" && overview && (
          <Alert color={colorOfState("burning")} mb="md">The control plane does not answer; this is the state of <When time={overview.time} />. Requests are still served.</Alert>
        )}
        {!overview ? (
          <Stack aria-busy="true" aria-label="loading"><Skeleton h={120} /><Skeleton h={240} /><Skeleton h={160} /></Stack>
        ) : (
          <Stack gap="lg">
            <Environments environments={overview.environments} approvals={overview.approvals} versions={overview.versions} order={order} />
            <RolloutPanel rollout={overview.rollout} traffic={overview.traffic} timeline={timeline} order={order} />
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
