import { asks, type Conversation, says } from '../conversation.js';

export const travelConversations: Conversation[] = [
  {
    agent: 'travel-planner',
    userId: 'amara.okafor',
    metadata: { plan: 'pro', channel: 'web', locale: 'en-NG' },
    turns: [
      {
        user: 'Plan three days in Lisbon in March for two adults and a six-year-old. Not too many hills, please.',
        steps: [
          asks(
            ['search_flights', { from: 'LOS', to: 'LIS', month: '2027-03', adults: 2, children: 1 }],
            ['search_hotels', { city: 'Lisbon', area: 'Parque das Nações', family_room: true }],
            ['weather_history', { city: 'Lisbon', month: 3 }],
          ),
          says(`# Three flat days in Lisbon

March is mild there (11–18 °C, about seven rainy days), so every day has an indoor plan B.

| Day | Morning | Afternoon | If it rains |
| --- | --- | --- | --- |
| 1 | Oceanário | Cable car along the river | Pavilion of Knowledge |
| 2 | Belém by tram 15 | Tower and pastéis de nata | Coach Museum |
| 3 | Cascais by train | Beach promenade | Time Out Market |

**Stay:** Hotel Tejo Plaza in Parque das Nações, family room, €142 a night, breakfast included. The area is *completely flat*.

**Fly:** LOS–LIS with one stop, from €1 186 for the three of you.

Shall I look for something special for the six-year-old on day 2?`),
        ],
        streamed: true,
      },
      {
        user: 'Yes please. Ask somebody who knows the city what a six-year-old would love on day 2.',
        steps: [
          asks([
            'ask_local_expert',
            { city: 'Lisbon', question: 'What would a six-year-old love in Belém on a weekday in March?' },
          ]),
          says(`I asked our local expert, and day 2 just became an adventure:

- **10:00 – Navy Museum.** Real royal barges, and children may steer one in the simulator.
- **12:30 – Picnic** in Jardim da Torre, pastéis de nata included.
- **14:00 – Belém Tower by pirate map.** The ticket office hands out a *free treasure map* for children; the guards stamp it.

The museum is closed on Mondays, so keep this for **Tuesday to Friday**.`),
        ],
        feedback: { score: 'thumbs_up', text: 'The pirate map!' },
      },
      {
        user: 'Lovely. What will the whole trip cost us?',
        steps: [
          asks(['calculate', { expression: '1186 + 3 * 142 + 3 * 95 + 64' }]),
          says(`About **€1 961** for the three of you:

| | € |
| --- | ---: |
| Flights | 1 186 |
| Hotel, 3 nights | 426 |
| Food, about €95 a day | 285 |
| Tickets and trams | 64 |
| **Total** | **1 961** |`),
        ],
      },
    ],
  },
];

/** What the expert that `ask_local_expert` starts is scripted to do. */
export const localExpertTurns = [
  {
    user: 'What would a six-year-old love in Belém on a weekday in March?',
    steps: [
      {
        ...asks(
          ['search_events', { area: 'Belém', month: 3, age: 6 }],
          ['opening_hours', { place: 'Museu de Marinha' }],
        ),
        reasoning:
          'A weekday in March: school groups in the morning, little sun. Museums with something to touch.',
      },
      says(
        'Museu de Marinha: royal barges and a steering simulator (closed Mondays). Then the tower: ask for the free treasure map at the ticket office, guards stamp it. Picnic in Jardim da Torre in between.',
      ),
    ],
  },
];
