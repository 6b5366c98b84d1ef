import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { withRun } from '@observatory/core';
import { captureRuns } from '@observatory/testing';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readBaggage, writeBaggage } from './baggage.js';
import { handler, listener, type PropagationOptions, propagationHeaders } from './index.js';
import { readTraceParent, writeTraceParent } from './traceparent.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('traceparent', () => {
  test.each([
    [`00-${TRACE}-${SPAN}-01`, { traceId: TRACE, spanId: SPAN, sampled: true }],
    [`00-${TRACE}-${SPAN}-00`, { traceId: TRACE, spanId: SPAN, sampled: false }],
    [`cc-${TRACE}-${SPAN}-01-what-the-future-brings`, { traceId: TRACE, spanId: SPAN, sampled: true }],
  ])('%s is read', (header, expected) => {
    expect(readTraceParent(header)).toEqual(expected);
  });

  test.each([
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['the forbidden version', `ff-${TRACE}-${SPAN}-01`],
    ['a zero trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a zero span', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['more fields than version 00 has', `00-${TRACE}-${SPAN}-01-more`],
    ['a short trace', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['something else', 'hello'],
    ['nothing', undefined],
    ['far too much', `cc-${TRACE}-${SPAN}-01-${'x'.repeat(10_000)}`],
  ])('%s is not', (_what, header) => {
    expect(readTraceParent(header)).toBeUndefined();
  });

  test('written, it reads the same', () => {
    const hex = (length: number) =>
      fc
        .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
        .map((digits) => digits.join(''))
        .filter((text) => /[1-9a-f]/.test(text));
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
        const trace = { traceId, spanId, sampled };
        expect(readTraceParent(writeTraceParent(trace))).toEqual(trace);
      }),
    );
  });
});

describe('baggage', () => {
  test('gives our members among those of others', () => {
    expect(
      readBaggage(
        'user=7, observatory.run_id=r-1;ttl=3 ,observatory.session_id=s%2C1,observatory.run_id=second',
      ),
    ).toEqual({ runId: 'r-1', sessionId: 's,1' });
  });

  test.each([
    ['malformed', 'observatory.run_id'],
    ['badly encoded', 'observatory.run_id=%E0%A4%A'],
    ['too long', `observatory.run_id=r,${'x'.repeat(8_192)}`],
    ['of too many members', `observatory.run_id=r${',a=b'.repeat(181)}`],
    ['empty', ''],
    ['named like what every object has', '__proto__=x,constructor=y'],
  ])('that is %s gives nothing', (_what, header) => {
    expect(readBaggage(header)).toEqual({});
  });

  test('loses control characters and what no id is that long for', () => {
    expect(readBaggage(`observatory.run_id=a%00%1B[31m${'x'.repeat(300)}`).runId).toMatch(/^a\[31mx{195}$/);
  });

  test('written, it reads the same', () => {
    const id = fc
      .string({ minLength: 1, maxLength: 50, unit: 'grapheme-ascii' })
      .filter((text) => text.trim() === text);
    fc.assert(
      fc.property(id, id, id, (runId, toolCallId, sessionId) => {
        expect(readBaggage(writeBaggage({ runId, toolCallId, sessionId }))).toEqual({
          runId,
          toolCallId,
          sessionId,
        });
      }),
    );
  });
});

const servers: Server[] = [];
let captured: ReturnType<typeof captureRuns>;

beforeEach(() => {
  captured = captureRuns();
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  captured.restore();
});

/** A service that does agent work, and its origin. */
async function service(propagation?: PropagationOptions): Promise<string> {
  const server = createServer(
    listener(
      (_req, res) => {
        withRun({ name: 'work' }, () => {});
        res.end('done');
      },
      propagation ? { propagation } : {},
    ),
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const request = (runs: number) => captured.settled({ runs });

describe('what a caller says', () => {
  const headers = {
    traceparent: `00-${TRACE}-${SPAN}-01`,
    baggage: 'observatory.run_id=caller-run,observatory.tool_call_id=call_1,observatory.session_id=s-1',
  };
  const called = async (propagation?: PropagationOptions) => {
    await (await fetch(await service(propagation), { headers })).text();
    await request(1);
    return captured.allRuns.find(({ name }) => name !== 'work');
  };

  test('is noted, and the run stays one of its own', async () => {
    const run = await called();
    expect(run?.parent_run_id).toBeUndefined();
    expect(run?.session_id).toBeUndefined();
    expect(run?.metadata).toMatchObject({
      trace_id: TRACE,
      parent_span_id: SPAN,
      caller_run_id: 'caller-run',
    });
  });

  test('is not enough to join, without trust', async () => {
    expect((await called({ accept: 'join' }))?.parent_run_id).toBeUndefined();
  });

  test('nests the run where the caller is trusted, in its tool call and its session', async () => {
    const run = await called({
      accept: 'join',
      trust: ({ header }) => header('host')?.startsWith('127.') === true,
    });
    expect(run).toMatchObject({
      parent_run_id: 'caller-run',
      parent_tool_call_id: 'call_1',
      session_id: 's-1',
      metadata: { trace_id: TRACE },
    });
  });

  test('is not read where that is not wanted', async () => {
    const run = await called({ accept: false });
    expect(run?.metadata).not.toHaveProperty('trace_id');
    expect(run?.metadata).not.toHaveProperty('caller_run_id');
  });
});

describe('a service that calls another', () => {
  test('has its run nested in its own, tool call and session included', async () => {
    const tools = await service({ accept: 'join', trust: () => true });
    await withRun({ name: 'agent', sessionId: 's-9' }, async (run) => {
      const call = run.toolCall('search');
      await fetch(tools, { headers: propagationHeaders() });
      call.end();
    });
    await request(1);
    expect(captured.runs).toMatchObject([
      { name: 'agent', runs: [{ name: 'GET /', session_id: 's-9', runs: [{ name: 'work' }] }] },
    ]);
  });

  test('tells listed origins by itself, and nobody else', async () => {
    const seen: Record<string, string | undefined>[] = [];
    const echo = async () => {
      const server = createServer((req, res) => {
        const { traceparent, baggage } = req.headers as Record<string, string>;
        seen.push({ traceparent, baggage });
        res.end();
      });
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    };
    const [listed, stranger] = [await echo(), await echo()];
    const agent = handler(
      async () => {
        await fetch(`${listed}/path`);
        await fetch(`${listed}/by-hand`, { headers: propagationHeaders() });
        await fetch(stranger);
        return new Response('ok');
      },
      { propagation: { inject: [`${listed}/ignored-path`] } },
    );
    await agent(new Request('http://agent/'));
    await fetch(listed);
    expect(seen).toHaveLength(4);
    for (const told of seen.slice(0, 2)) {
      expect(told.baggage).toMatch(/^observatory\.run_id=[0-9a-f-]{36}$/);
      expect(readTraceParent(told.traceparent)).toBeDefined();
    }
    expect(seen[0]?.baggage).toBe(seen[1]?.baggage);
    expect(seen.slice(2)).toEqual([
      { traceparent: undefined, baggage: undefined },
      { traceparent: undefined, baggage: undefined },
    ]);
  });

  test('says nothing outside a run', () => {
    expect(propagationHeaders()).toEqual({});
  });
});

test('the active span of OpenTelemetry is noted, and its propagation left to it', async () => {
  const API = Symbol.for('opentelemetry.js.api.1');
  const SPAN_KEY = Symbol.for('OpenTelemetry Context Key SPAN');
  const holder = globalThis as unknown as Record<symbol, unknown>;
  const before = holder[API];
  holder[API] = {
    context: {
      active: () => ({
        getValue: (key: symbol) =>
          key === SPAN_KEY ? { spanContext: () => ({ traceId: TRACE, spanId: SPAN }) } : undefined,
      }),
    },
  };
  try {
    let headers: Record<string, string> = {};
    await (await fetch(await service())).text();
    withRun({}, () => {
      headers = propagationHeaders();
    });
    await request(1);
    expect(captured.allRuns.find(({ name }) => name === 'GET /')?.metadata).toMatchObject({
      trace_id: TRACE,
      span_id: SPAN,
    });
    expect(Object.keys(headers)).toEqual(['baggage']);
  } finally {
    holder[API] = before;
  }
});
