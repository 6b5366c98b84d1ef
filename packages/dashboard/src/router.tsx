import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';
import { flattenRunSearch, parseRunSearch } from './api/run-filters.js';
import { parseSearch, stringifySearch } from './api/search-params.js';
import { RUN_TABS, type RunTab } from './run/tabs.js';
import { RunsPage } from './runs/runs-page.js';
import { SearchPage } from './search/search-page.js';
import { SessionsPage } from './sessions/sessions-page.js';
import { NotFound, PageError } from './shell/page-states.js';
import { Shell } from './shell/shell.js';

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Shell,
  notFoundComponent: NotFound,
});

/**
 * Runs are the landing page: every run is there, with or without a session, so the first line of code a person adds always
 * shows up where they look first.
 */
const runsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  validateSearch: (raw: Record<string, unknown>) => flattenRunSearch(parseRunSearch(raw)),
  component: RunsPage,
});

const runRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/runs/$runId',
  /** `at`: the step, tool call or part that is selected; `find`: words to highlight there. */
  validateSearch: (raw: Record<string, unknown>): { tab?: RunTab; at?: string; find?: string } => {
    const tab = RUN_TABS.find((known) => known === raw.tab);
    const at = text(raw.at);
    const find = text(raw.find);
    return { ...(tab && { tab }), ...(at && { at }), ...(find && { find }) };
  },
  component: lazyRouteComponent(() => import('./run/run-page.js'), 'RunPage'),
});

const sessionsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sessions',
  validateSearch: (raw: Record<string, unknown>): { q?: string } => {
    const q = text(raw.q);
    return q ? { q } : {};
  },
  component: SessionsPage,
});

const sessionRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sessions/$sessionId',
  validateSearch: (raw: Record<string, unknown>): { run?: string } => {
    const run = text(raw.run);
    return run ? { run } : {};
  },
  component: lazyRouteComponent(() => import('./sessions/session-page.js'), 'SessionPage'),
});

const searchRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/search',
  validateSearch: (raw: Record<string, unknown>): { q?: string } => {
    const q = text(raw.q);
    return q ? { q } : {};
  },
  component: SearchPage,
});

export function createDashboardRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree: rootRoute.addChildren([runsRoute, runRoute, sessionsRoute, sessionRoute, searchRoute]),
    context: { queryClient },
    parseSearch,
    stringifySearch,
    // The code of a page is there before its link is clicked.
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultErrorComponent: PageError,
    defaultNotFoundComponent: NotFound,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createDashboardRouter>;
  }
}
