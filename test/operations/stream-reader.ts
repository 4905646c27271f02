import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';

import { createParser } from 'eventsource-parser';

import { TOKENS } from '../support/operators.js';
import { until } from '../support/until.js';

/** An event of a stream. */
export interface Streamed {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- tests compare it as it is
}

/** Where a stream is, and how it is asked for. */
export interface StreamRequest {
  readonly port: number;
  readonly path?: string;
  /** Those that bring the operator's token, unless told otherwise. */
  readonly headers?: Readonly<Record<string, string>>;
}

const OPERATOR = { authorization: `Bearer ${TOKENS.OPERATOR_TOKEN}` };

/** Reads a stream, and remembers what came. */
export class StreamReader {
  readonly events: Streamed[] = [];
  comments = 0;
  /** The last id that came, of an event or alone: what a browser would come again with. */
  lastId: number | undefined;
  /** Resolves when the stream has ended, one way or another. */
  readonly ended: Promise<void>;

  private constructor(readonly response: IncomingMessage) {
    const parser = createParser({
      onEvent: ({ event = 'message', id, data }) => {
        this.events.push({ event, id, data: JSON.parse(data) as unknown });
        if (id !== undefined) this.lastId = Number(id);
      },
      onComment: () => this.comments++,
    });
    response.setEncoding('utf8').on('data', (text: string) => {
      parser.feed(text);
      // An id that stands alone is no event to the parser; to a browser it counts.
      const mark = /^id: (\d+)\n\n/m.exec(text)?.[1];
      if (mark !== undefined) this.lastId ??= Number(mark);
    });
    // A stream that is cut off shows as one that has ended.
    response.on('error', () => undefined);
    this.ended = new Promise((resolve) => response.once('close', resolve));
  }

  /** Opens a stream, of the operators' API unless told otherwise, as the operator. */
  static async open({ port, path = '/api/v1/stream', headers }: StreamRequest): Promise<StreamReader> {
    const asked = request({ port, path, headers: headers ?? OPERATOR, agent: false }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return new StreamReader(response);
  }

  /** What came under this name. */
  of(event: string): Streamed[] {
    return this.events.filter((streamed) => streamed.event === event);
  }

  /** Positions of the events of the log that came. */
  get seqs(): number[] {
    return this.of('event').map(({ id }) => Number(id));
  }

  /** Waits for so many events of this name. */
  async has(event: string, count: number): Promise<Streamed[]> {
    await until(() => this.of(event).length >= count);
    return this.of(event);
  }

  /** Waits until it has begun: from then on, no event is missed. */
  async began(): Promise<this> {
    await until(() => this.lastId !== undefined);
    return this;
  }

  /** Ends it without a word, as a network does. */
  cut(): void {
    this.response.destroy();
  }
}
