import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, request, type Dispatcher } from 'undici';

import type { TranscriptConfig } from '../../config/listener-config.js';
import { PermanentError } from '../../events/delivery.js';
import { checkStatus } from '../outbound/check-status.js';
import { createGuardedAgent } from './guarded-agent.js';
import { resolveRedirect, resolveSelfUri } from './self-uri.js';

const CONNECT_TIMEOUT_MS = 5_000;
/** Redirects that are followed, all on one host. */
const MOST_REDIRECTS = 3;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** Bytes of a redirect's body that are read, for the sake of the connection. */
const DUMP_LIMIT = 64 * 1024;
/** Bytes of a transcript at the most: it is parsed on the event loop, which webhooks wait for meanwhile. */
export const TRANSCRIPT_LIMIT = 4 * 1024 * 1024;

/** A fetched transcript. */
export interface FetchedTranscript {
  /** Where it was in the end. */
  readonly uri: string;
  /** The JSON, as it came. */
  readonly json: Buffer;
}

/** Fetches interactions from Nexus, and from nowhere else. */
@Injectable()
export class TranscriptClient implements OnApplicationShutdown {
  private readonly agent: Agent;

  constructor(private readonly config: TranscriptConfig) {
    this.agent = config.allowPrivate
      ? new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS } })
      : createGuardedAgent(CONNECT_TIMEOUT_MS);
  }

  /**
   * GETs what a `selfUri` stands for.
   *
   * @throws PermanentError when it leads to where it must not, or is too large; other errors are worth a retry.
   */
  async fetch(selfUri: string, signal: AbortSignal): Promise<FetchedTranscript> {
    let url = resolveSelfUri(selfUri, this.config);
    for (let redirects = 0; ; redirects++) {
      const answer = await this.get(url, signal);
      const { location } = answer.headers;
      if (!REDIRECTS.includes(answer.statusCode) || typeof location !== 'string') {
        return { uri: url.href, json: await this.read(answer, url, signal) };
      }
      await answer.body.dump({ limit: DUMP_LIMIT, signal });
      if (redirects === MOST_REDIRECTS) throw new PermanentError(`More than ${MOST_REDIRECTS} redirects.`);
      url = resolveRedirect(location, url);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }

  private get(url: URL, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { apiKey } = this.config;
    const key = apiKey === undefined ? {} : { 'x-api-key': apiKey.export().toString() };
    const headers = { accept: 'application/json', 'accept-encoding': 'identity', ...key };
    return request(url, { dispatcher: this.agent, signal, headers });
  }

  private async read(answer: Dispatcher.ResponseData, url: URL, signal: AbortSignal): Promise<Buffer> {
    if (answer.statusCode !== 200) await answer.body.dump({ limit: DUMP_LIMIT, signal });
    checkStatus(answer, url.host);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      // Leaving the loop closes the connection: the rest is not even received.
      if (size > TRANSCRIPT_LIMIT) throw new PermanentError(`It has more than ${TRANSCRIPT_LIMIT} bytes.`);
      chunks.push(chunk);
    }
    const json = Buffer.concat(chunks);
    // A page of a proxy or of a sign-in, answered with 200, is no transcript.
    if (!isJson(json))
      throw new Error(`${url.host} answered ${answer.statusCode} with something that is not JSON.`);
    return json;
  }
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString());
    return true;
  } catch {
    return false;
  }
}
