import { Group, Paper, Title } from "@mantine/core";
import { useId, type ReactNode } from "react";

// A titled region of the page: a landmark that a screen reader can jump to.
export function Section({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <Paper component="section" withBorder p="md" aria-labelledby={id}>
      <Group justify="space-between" mb="sm" wrap="nowrap">
        <Title order={2} size="h4" id={id} className="breaks">{title}</Title>
        {aside}
      </Group>
      {children}
    </Paper>
  );
}
