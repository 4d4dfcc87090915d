import { Avatar, Button, Card, Group, List, Stack, Text, Title } from '@mantine/core';
import { Link } from 'react-router';

const people = ['Eboni Brekke', 'Dr Abena Osei', 'The registration desk', 'The operator'];

export function Start() {
  return (
    <Stack maw={960}>
      <Title>Your health record, under your key.</Title>
      <Text size="lg">
        Your record is opened in this browser and nowhere else: the hospital keeps it sealed, and
        who may read it is yours to say.
      </Text>
      <Group>
        <Button component={Link} to="/home" size="md">
          Start my own record
        </Button>
        <Button component={Link} to="/record" variant="subtle">
          Check a receipt
        </Button>
      </Group>
      <Title order={2}>Try as</Title>
      <Stack gap="xs">
        {people.map((it) => (
          <Card key={it} withBorder component="button">
            <Group>
              <Avatar name={it} color="initials" />
              <Text>{it}</Text>
            </Group>
          </Card>
        ))}
      </Stack>
      <List>
        <List.Item>Nobody can read it but you and whom you let in.</List.Item>
        <List.Item>Every look stands on a ledger that no hospital can rewrite.</List.Item>
      </List>
    </Stack>
  );
}
