import { agent } from './agent.mjs';

export default {
  /** @param {Request} request */
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    return Response.json(await agent(searchParams.get('collector'), 'workerd'));
  },
};
