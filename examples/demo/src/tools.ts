import { evaluate } from './arithmetic.js';
import { service, type Tool } from './tool.js';

const text = { type: 'string' } as const;
const number = { type: 'number' } as const;
const flag = { type: 'boolean' } as const;

// The stock service has a bad minute now and then: its first answer about a size is a timeout.
const askedForStock = new Set<unknown>();

export const tools: Record<string, Tool> = {
  find_order: service(
    'Finds an order by number or customer.',
    { order_id: text, customer: text, contains: text },
    90,
    (args) =>
      args.customer
        ? {
            order_id: 'FF-20455',
            items: [{ sku: 'TENT-SKARV-2', price: 640 }],
            currency: 'GBP',
            delivered: '2026-11-14',
          }
        : {
            order_id: args.order_id,
            placed: '2026-11-16',
            items: [
              { sku: 'RIDGE-MOSS', size: 'M' },
              { sku: 'RIDGE-SAND', size: 'M' },
              { sku: 'SOCK-WOOL-2', size: '38-40' },
            ],
          },
  ),
  track_shipment: service('Tracks the shipment of an order.', { order_id: text }, 240, ({ order_id }) =>
    order_id === 'FF-20990'
      ? {
          carrier: 'IndiaPost',
          status: 'customs',
          location: 'Delhi',
          since: '2026-11-18',
          papers: 'complete',
        }
      : {
          carrier: 'PostNord',
          status: 'locker',
          locker: 14,
          address: 'Drottninggatan 9, Uppsala',
          until: '2026-11-27T20:00',
        },
  ),
  resend_locker_code: service(
    'Sends a new locker code.',
    { order_id: text, channel: text },
    130,
    ({ channel }) => ({
      sent: true,
      channel,
      to: '•••71',
    }),
  ),
  check_stock: service('Looks up the stock of a size.', { sku: text, size: text }, 420, ({ sku, size }) => {
    if (!askedForStock.has(sku) && size !== 'one') {
      askedForStock.add(sku);
      throw new Error('Inventory service timed out after 400 ms (GET /stock/RIDGE-SAND/L)');
    }
    return { sku, size, available: 9 };
  }),
  search_catalog: service(
    'Searches the product catalogue.',
    { query: text, size: text },
    160,
    ({ query }) => ({
      hits: [{ title: query, available: 3, price: 1899, currency: 'SEK' }],
    }),
  ),
  start_return: service(
    'Starts a return or an exchange.',
    { order_id: text, sku: text, exchange_size: text },
    110,
    () => ({
      rma: 'RMA-5531',
      label: 'sent by e-mail',
      reserved_until: '2026-12-20',
    }),
  ),
  get_policy: service('Reads the shop’s policy on a topic.', { topic: text }, 40, ({ topic }) => ({
    topic,
    text: 'Material and manufacturing faults of tents: five years. Refunds above £500 need approval.',
  })),
  request_refund: service(
    'Asks for a refund; large ones wait for a manager.',
    { order_id: text, amount: number, currency: text },
    150,
    ({ amount }) => ({
      state: Number(amount) > 500 ? 'waiting_for_approval' : 'approved',
      approver: 'manager on duty',
    }),
  ),
  get_shipping_rates: service(
    'Shipping rates to a place.',
    { country: text, postal_code: text, weight_kg: number },
    180,
    () => ({ pickup: 99, home: 179, express: 349, currency: 'NOK', free_above: 1200 }),
  ),
  search_flights: service(
    'Searches flights.',
    { from: text, to: text, month: text, adults: number, children: number },
    780,
    ({ from, to }) => ({ route: `${from}-${to}`, stops: 1, total: 1186, currency: 'EUR' }),
  ),
  search_hotels: service(
    'Searches hotels.',
    { city: text, area: text, family_room: flag, quiet: flag },
    520,
    ({ city }) => ({
      city,
      hotels: [
        { name: 'Hotel Tejo Plaza', per_night: 142, breakfast: true },
        { name: 'Casa do Cais', per_night: 88, breakfast: false },
      ],
    }),
  ),
  weather_history: service(
    'Past weather of a month.',
    { city: text, month: number },
    210,
    ({ city, month }) => ({
      city,
      month,
      low: 11,
      high: 18,
      rainy_days: 7,
    }),
  ),
  search_events: service(
    'Events in an area.',
    { area: text, month: number, age: number },
    340,
    ({ area }) => ({
      area,
      events: ['Treasure map at the tower (ages 5–9)', 'Barge steering simulator, daily 10:30 and 14:00'],
    }),
  ),
  opening_hours: service('Opening hours of a place.', { place: text }, 120, ({ place }) => ({
    place,
    open: 'Tue–Sun 10:00–17:00',
    closed: ['Mon'],
  })),
  calculate: service('Evaluates an arithmetic expression.', { expression: text }, 5, ({ expression }) => ({
    expression,
    value: Math.round(evaluate(String(expression)) * 100) / 100,
  })),
  write_file: service(
    'Writes a file of the repository.',
    { path: text, lines: number },
    30,
    ({ path, lines }) => ({
      path,
      lines_written: lines,
    }),
  ),
  run_tests: service(
    'Runs the tests that match a pattern.',
    { pattern: text, attempt: number },
    900,
    ({ attempt }) => {
      if (attempt === 2) return { passed: 2, failed: 0, duration_ms: 14 };
      throw new Error(
        "1 failed, 1 passed\n  ✗ only the last call runs: expected [] to deeply equal [ 'b' ] (timed out after 50 ms)",
      );
    },
  ),
  web_search: service('Searches the web.', { query: text }, 650, ({ query }) => ({
    query,
    results: ['https://outdoor-review.example/tents-2026', 'https://trade.example/camping-report'],
  })),
  fetch_page: service('Reads a web page.', { url: text }, 480, ({ url }) => ({
    url,
    title: 'Tents 2026',
    text: 'Alpenglow Duo 1.32 kg €449 · Feather 2 1.18 kg €520 · Trekkie Light 1.61 kg €389 · segment +6 % a year',
  })),
  ask_local_expert: {
    description: 'Asks another agent that knows a city well.',
    parameters: { city: text, question: text },
    execute: async ({ question }, { delegate }) => delegate('local-expert', String(question)),
  },
};
