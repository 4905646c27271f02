/**
 * The load generator, a process of its own: `load.ts OPTIONS`, with {@link LoadOptions} as JSON, started
 * with an IPC channel. Closed loop, unless it is given a rate: each connection sends its next request when the
 * last is answered.
 *
 * Every request is built and signed before the first is sent: while the clock runs, nothing is left to do
 * but to write and read sockets.
 */
import { createHmac, createSecretKey, randomUUID } from 'node:crypto';
import { connect } from 'node:net';

/** How requests are signed: as this service's vendor does, or as GitHub does. */
export type Scheme = 'hub' | 'github';

export interface LoadOptions {
  readonly port: number;
  readonly secret: string;
  readonly scheme: Scheme;
  readonly connections: number;
  /** Requests before the clock starts are answered and not measured. */
  readonly warmUpMs: number;
  /** The clock stops then, or when all requests are sent. */
  readonly measureMs: number;
  /** Requests to prepare; each is sent once at the most. */
  readonly requests: number;
  /** Open loop: requests arrive at random at this rate, whatever became of those before them. */
  readonly perSecond?: number;
}

/** What the load generator tells its parent, in this order; a {@link LoadResult} follows. */
export type LoadProgress = 'clock started' | 'clock stopped' | 'all answered';

export interface LoadResult {
  /** Requests answered 200, whether measured or not. */
  readonly acknowledged: number;
  /** Answers other than 200, and connections lost. */
  readonly failures: number;
  /** Requests answered 200 while the clock ran, and for how long it did. */
  readonly measured: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Part of the measured time for which the load generator's own thread was busy; near 1, it is the limit. */
  readonly busy: number;
}

const PATH = '/nexus/v3/some/interactions/webhook/path';
const HEAD_END = '\r\n\r\n';

/** Builds signed requests, each with an event of its own. All are of one size, so one buffer holds them. */
function prepare({ requests, secret, scheme }: LoadOptions): { bytes: Buffer; size: number } {
  const key = createSecretKey(secret, 'utf8');
  const size = buildRequest(key, scheme).length;
  const bytes = Buffer.allocUnsafeSlow(requests * size);
  for (let i = 0; i < requests; i++) bytes.write(buildRequest(key, scheme), i * size, 'latin1');
  return { bytes, size };
}

function buildRequest(key: ReturnType<typeof createSecretKey>, scheme: Scheme): string {
  const id = randomUUID();
  const entity = {
    id,
    mediaType: 'chat',
    interactionSubtype: 'InboundNew',
    selfUri: `NexusURL/nexus/v3/chat/sessions/49a0ed5c-77b8-4091-a0c2-1d904ff709b0/${id}`,
  };
  const body = JSON.stringify({
    operationId: randomUUID(),
    data: { entities: [{ event: 'STARTED', entity }] },
  });
  const hmac = (algorithm: string): string => createHmac(algorithm, key).update(body).digest('hex');
  const signature =
    scheme === 'hub'
      ? [`X-Hub-Signature: sha1=${hmac('sha1')}`, `X-B3-TraceId: ${id.replaceAll('-', '')}`]
      : [`X-Hub-Signature-256: sha256=${hmac('sha256')}`, 'X-GitHub-Event: push', `X-GitHub-Delivery: ${id}`];
  const head = [
    `POST ${PATH} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    ...signature,
    `Content-Length: ${body.length}`,
  ];
  return `${head.join('\r\n')}${HEAD_END}${body}`;
}

/** Finds the end of each answer in a stream of bytes, however it is cut into chunks. */
class AnswerReader {
  private rest: Buffer = Buffer.alloc(0);

  /** @returns the status of the answer once all of it is here. */
  read(chunk: Buffer): number | undefined {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    this.rest = bytes;
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd === -1) return undefined;
    const head = bytes.toString('latin1', 0, headEnd);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error(`An answer has no Content-Length:\n${head}`);
    const end = headEnd + HEAD_END.length + Number(length);
    if (bytes.length < end) return undefined;
    if (bytes.length > end) throw new Error('An answer came that nobody had asked for.');
    this.rest = Buffer.alloc(0);
    return Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length));
  }
}

/** Sends prepared requests over some connections, and notes what comes back. */
class Load {
  private next = 0;
  private open = 0;
  private measuring = false;
  private stopped = false;
  private acknowledged = 0;
  private failures = 0;
  private readonly latencies: Float64Array;
  /** Of an open loop: what sends the next request over a connection that has none under way. */
  private readonly idle: (() => void)[] = [];
  private measured = 0;
  private end: () => void = () => undefined;

  constructor(
    private readonly options: LoadOptions,
    private readonly requests: { bytes: Buffer; size: number },
  ) {
    this.latencies = new Float64Array(options.requests);
  }

  async run(): Promise<LoadResult> {
    const { connections, warmUpMs, measureMs, perSecond } = this.options;
    const ended = new Promise<void>((resolve) => (this.end = resolve));
    for (let i = 0; i < connections; i++) this.connect();
    if (perSecond !== undefined) this.pace(perSecond);
    await Promise.race([wait(warmUpMs), ended]);
    tell('clock started');
    const start = performance.now();
    const cpu = process.cpuUsage();
    this.measuring = true;
    await Promise.race([wait(measureMs), ended]);
    this.measuring = false;
    const elapsedMs = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    tell('clock stopped');
    this.stopped = true;
    await ended;
    tell('all answered');
    const sorted = this.latencies.subarray(0, this.measured).sort();
    const percentile = (part: number): number => sorted[Math.floor(part * sorted.length)] ?? NaN;
    const { acknowledged, failures, measured } = this;
    const busy = (user + system) / 1_000 / elapsedMs;
    return {
      acknowledged,
      failures,
      measured,
      elapsedMs,
      p50Ms: percentile(0.5),
      p99Ms: percentile(0.99),
      busy,
    };
  }

  /** Sends what is due: arrivals of a Poisson process. It never rests, since timers are coarser than that. */
  private pace(perSecond: number): void {
    let due = performance.now();
    const step = (): void => {
      while (due <= performance.now() && this.idle.length > 0) {
        this.idle.pop()?.();
        due -= Math.log(1 - Math.random()) * (1_000 / perSecond);
      }
      if (!this.stopped) setImmediate(step);
      // They have nothing left to send, and close.
      else for (const send of this.idle.splice(0)) send();
    };
    step();
  }

  private connect(): void {
    const { bytes, size } = this.requests;
    const socket = connect({ port: this.options.port, host: '127.0.0.1', noDelay: true });
    const reader = new AnswerReader();
    let sentAt = 0;
    let waiting = true;
    const send = (): void => {
      waiting = !this.stopped && this.next < this.options.requests;
      if (!waiting) {
        socket.end();
        return;
      }
      const offset = this.next++ * size;
      sentAt = performance.now();
      socket.write(bytes.subarray(offset, offset + size));
    };
    const next = (): void => {
      if (this.options.perSecond === undefined || this.stopped) send();
      else this.idle.push(send);
    };
    this.open++;
    socket.on('connect', next);
    socket.on('data', (chunk) => {
      const status = reader.read(chunk);
      if (status === undefined) return;
      this.note(status, performance.now() - sentAt);
      next();
    });
    // 'close' follows, and counts it.
    socket.on('error', (error) => console.error(`A connection was lost: ${error.message}`));
    socket.on('close', () => {
      if (waiting) this.failures++;
      if (--this.open === 0) this.end();
    });
  }

  private note(status: number, latency: number): void {
    if (status !== 200) {
      this.failures++;
      return;
    }
    this.acknowledged++;
    if (this.measuring) this.latencies[this.measured++] = latency;
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function tell(message: LoadProgress | LoadResult): void {
  if (process.send === undefined) throw new Error('The load generator is started by bench/run.ts.');
  process.send(message);
}

// The parent has what it wanted, or is gone.
process.once('disconnect', () => process.exit());
const options = JSON.parse(process.argv[2] ?? '{}') as LoadOptions;
tell(await new Load(options, prepare(options)).run());
