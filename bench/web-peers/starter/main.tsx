import '@mantine/core/styles.css';
import { AppShell, Burger, Group, MantineProvider, NavLink, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { createRoot } from 'react-dom/client';
import { createBrowserRouter, Link, Outlet } from 'react-router';
import { RouterProvider } from 'react-router/dom';

/** What one gets by following Mantine's guide, with the app's pages: a start, and others that come when they are gone to. */
function Shell() {
  const [opened, { toggle }] = useDisclosure();
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
    >
      <AppShell.Header>
        <Group h="100%" px="md">
          <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Menu" />
          <Title order={4}>Starter</Title>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="md">
        {['home', 'record', 'share'].map((it) => (
          <NavLink key={it} component={Link} to={`/${it}`} label={it} />
        ))}
      </AppShell.Navbar>
      <AppShell.Main>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

const page = (name: 'Home' | 'Record' | 'Share') => async () => ({
  Component: (await import('./pages.tsx'))[name],
});

const router = createBrowserRouter([
  {
    Component: Shell,
    HydrateFallback: () => null,
    children: [
      { index: true, lazy: async () => ({ Component: (await import('./start.tsx')).Start }) },
      { path: 'home', lazy: page('Home') },
      { path: 'record', lazy: page('Record') },
      { path: 'share', lazy: page('Share') },
    ],
  },
]);

const place = document.querySelector('#app');
if (place === null) throw new Error('no place for the starter');
createRoot(place).render(
  <MantineProvider defaultColorScheme="auto">
    <RouterProvider router={router} />
  </MantineProvider>,
);
