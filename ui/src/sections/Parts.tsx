import { Table } from "@mantine/core";
import { Section } from "../Section";
import type { Overview } from "../types";

export function Parts({ platform }: { platform: Overview["platform"] }) {
  return (
    <Section title="The platform">
      <Table className="stacks">
        <Table.Thead><Table.Tr><Table.Th scope="col">part</Table.Th><Table.Th scope="col">state</Table.Th><Table.Th scope="col">address</Table.Th><Table.Th scope="col" ta="right">restarts</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {platform.parts.map((part) => (
            <Table.Tr key={part.name}>
              <Table.Th scope="row">{part.name}</Table.Th><Table.Td data-label="state">{part.state}</Table.Td>
              <Table.Td data-label="address">{part.address?.startsWith("http") ? <a href={part.address}>{part.address}</a> : part.address}</Table.Td>
              <Table.Td ta="right" data-label="restarts">{part.restarts}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}
