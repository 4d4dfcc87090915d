import {
  Button,
  Card,
  Checkbox,
  Modal,
  Select,
  SimpleGrid,
  Stack,
  Table,
  Tabs,
  TextInput,
  Title,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';

export function Home() {
  return (
    <Stack>
      <Title>What is new</Title>
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        {['Weight', 'Height', 'Blood pressure'].map((it) => (
          <Card key={it} withBorder>
            {it}
          </Card>
        ))}
      </SimpleGrid>
    </Stack>
  );
}

export function Record() {
  return (
    <Stack>
      <Title>Record</Title>
      <TextInput label="Find" />
      <Tabs defaultValue="all">
        <Tabs.List>
          <Tabs.Tab value="all">All</Tabs.Tab>
          <Tabs.Tab value="lab">Lab results</Tabs.Tab>
        </Tabs.List>
      </Tabs>
      <Table data={{ head: ['Day', 'Name', 'Value'], body: [['1 May 2026', 'Weight', '70 kg']] }} />
    </Stack>
  );
}

export function Share() {
  const [opened, { open, close }] = useDisclosure();
  return (
    <Stack>
      <Title>Share</Title>
      <Select label="With whom" data={['Dr Abena Osei', 'Dr Erik Lind']} />
      <Checkbox label="Lab results" />
      <Button onClick={open}>Share</Button>
      <Modal opened={opened} onClose={close} title="Share?">
        <Button onClick={close}>Share</Button>
      </Modal>
    </Stack>
  );
}
