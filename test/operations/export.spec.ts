import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { EventSummaryDto } from '../../src/operations/events/events.dto.js';
import { expectRefusal } from '../support/answers.js';
import { TOKENS } from '../support/operators.js';
import type { TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { get, settled, startOperated, watchReads } from './reads-client.js';
import { fillLog } from './reads-log.js';

const EVENTS = 100_000;
const MIB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let service: TestService;
beforeAll(async () => {
  service = await startOperated({ INTERACTIONS: 'off', UNKNOWN_VALUES: 'accept' });
});
afterAll(() => service.stop());

/** Begins to read an export. */
async function open(path: string): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${TOKENS.OPERATOR_TOKEN}` };
  const asked = request({ port: service.port, path: `/api/v1${path}`, headers, agent: false }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return response;
}

/** Ids that are hard to write, and their cells. */
const NAUGHTY = [
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['@cmd', "'@cmd"],
  ['-1', "'-1"],
  ['a "quoted" one', '"a ""quoted"" one"'],
  ['two\nlines', '"two\nlines"'],
  ['semi;colon, comma', '"semi;colon, comma"'],
  ['\u{1f600}', '\u{1f600}'],
] as const;

describe('an export', () => {
  beforeAll(async () => {
    const entities = NAUGHTY.map(([id]) => ({ event: 'STARTED', entity: { id } }));
    await service.post({ operationId: 'naughty', data: { entities } });
    await settled(service);
  });

  it('as NDJSON has a line for each event, in the order of the log', async () => {
    const { text, headers } = await get(service, '/events.ndjson');
    expect(headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'content-disposition': 'attachment; filename="events.ndjson"',
      'cache-control': 'no-store',
    });
    expect(text.endsWith('\n')).toBe(true);
    const lines = text.trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line) as EventSummaryDto);
    expect(events.map(({ interactionId }) => interactionId)).toEqual(NAUGHTY.map(([id]) => id));
    expect(events[0]).toEqual((await get(service, '/events?interaction=%3D1%2B1')).json.items[0]); // eslint-disable-line @typescript-eslint/no-unsafe-member-access -- compared as it is
  });

  it('as CSV has the same, and nothing that a spreadsheet would calculate', async () => {
    const { text, headers } = await get(service, '/events.csv');
    expect(headers).toMatchObject({ 'content-type': 'text/csv; charset=utf-8' });
    const receivedAt = /\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(text)?.[0];
    const names =
      'seq,type,interactionId,mediaType,interactionSubtype,channel,operationId,selfUri,late,traceId,receivedAt,open,done,dead,discarded';
    const rows = NAUGHTY.map(
      ([, cell], i) => `${i + 1},STARTED,${cell},,,default,naughty,,false,,${receivedAt},0,0,0,0`,
    );
    expect(text).toBe([names, ...rows, ''].join('\r\n'));
  });

  it.each(['ndjson', 'csv'])('has what a filter picks, as %s', async (format) => {
    const picked = (await get(service, `/events.${format}?text=QUOTED&type=STARTED`)).text;
    expect(picked).toContain('quoted');
    expect(picked).not.toContain('colon');
    const nothing = (await get(service, `/events.${format}?type=FINISHED`)).text;
    expect(nothing.split('\n')).toHaveLength(format === 'csv' ? 2 : 1);
    expectRefusal(await get(service, `/events.${format}?limit=5`), 400);
  });

  it('is not made for a question about its headers', async () => {
    const headers = { authorization: `Bearer ${TOKENS.OPERATOR_TOKEN}` };
    const answer = await service.send('HEAD', '/api/v1/events.csv', undefined, headers);
    expect(answer).toMatchObject({ status: 200, text: '' });
  });
});

describe('a link of a sender', () => {
  it.each([
    ['a line feed', '\n=1+1', '"\'\n=1+1"'],
    ['a full-width equals sign', '\uff1d1+1', "'\uff1d1+1"],
  ])('that begins with %s is a text to spreadsheets, too', async (name, selfUri, cell) => {
    const id = `link with ${name}`;
    await service.post({
      operationId: id,
      data: { entities: [{ event: 'STARTED', entity: { id, selfUri } }] },
    });
    const { text } = await get(service, `/events.csv?interaction=${encodeURIComponent(id)}`);
    expect(text).toContain(`,${id},,,default,${id},${cell},`);
  });
});

describe('an export of a large log', () => {
  beforeAll(() => fillLog(service, EVENTS), 60_000);

  it.each(['ndjson', 'csv'])(
    'has all of it while memory stays flat, as %s',
    async (format) => {
      const response = await open(`/events.${format}`);
      let [lines, bytes, measured, highest] = [0, 0, 0, 0];
      collectGarbage();
      const before = process.memoryUsage().heapUsed;
      for await (const chunk of response as AsyncIterable<Buffer>) {
        for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
        bytes += chunk.length;
        if (bytes - measured < 4 * MIB) continue;
        measured = bytes;
        collectGarbage();
        highest = Math.max(highest, process.memoryUsage().heapUsed - before);
      }
      expect(lines).toBeGreaterThanOrEqual(EVENTS);
      // All of it would be 35 MiB as text, and several times that as objects.
      expect(highest).toBeLessThan(16 * MIB);
    },
    60_000,
  );

  it.each(['ndjson', 'csv'])('goes no further than its reader, and ends with it, as %s', async (format) => {
    const watch = watchReads(service);
    const response = await open(`/events.${format}`);
    response.pause();
    // Until the buffers in between are full.
    let last = -1;
    await until(() => {
      const stands = watch.reads === last;
      last = watch.reads;
      return stands && watch.reads > 2;
    });
    const whileWaiting = watch.reads;
    response.destroy();
    await get(service, '/session');
    const afterwards = watch.reads;
    await get(service, '/session');
    watch.end();
    // Of two reads for each page, and as many pages as there are 250 events.
    expect(whileWaiting).toBeLessThan(EVENTS / 250);
    expect(afterwards - whileWaiting).toBeLessThan(5);
    expect(watch.reads).toBe(afterwards);
  });

  it.each(['ndjson', 'csv'])(
    'is cut off, not ended, when the store fails in the middle, as %s',
    async (format) => {
      const watch = watchReads(service, { failAfter: 20 });
      const response = await open(`/events.${format}`);
      await expect(once(response.resume(), 'end')).rejects.toThrow('aborted');
      watch.end();
    },
  );
});
