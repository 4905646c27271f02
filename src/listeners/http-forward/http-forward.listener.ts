import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { HTTP } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import { Agent, request } from 'undici';

import type { ForwardConfig } from '../../config/listener-config.js';
import type { Delivery } from '../../events/delivery.js';
import type { InteractionEvent } from '../../events/interaction-event.js';
import { OnInteraction } from '../../events/on-interaction.decorator.js';
import { checkStatus } from '../outbound/check-status.js';
import { toCloudEvent } from './cloud-event.js';

/** Milliseconds from the start of an attempt to the end of the answer. */
const TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Bytes of an answer that are read, for the sake of the connection: nothing in it is looked at. */
const ANSWER_LIMIT = 64 * 1024;

/**
 * Posts every event to a URL: a CloudEvent in structured mode, signed by the Standard Webhooks scheme.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
@Injectable()
export class HttpForwardListener implements OnApplicationShutdown {
  private readonly agent = new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS } });
  private readonly signers: readonly Webhook[];

  constructor(
    private readonly config: ForwardConfig,
    private readonly webhookPath: string,
  ) {
    this.signers = config.secrets.map((secret) => new Webhook(secret.export(), { format: 'raw' }));
  }

  @OnInteraction({ name: 'http-forward' }, { timeoutMs: TIMEOUT_MS })
  async forward(event: InteractionEvent, delivery: Delivery): Promise<void> {
    // With its time: after a start on an empty store, the deliveries' own ids begin anew.
    const id = `${delivery.id}:${event.receivedAt.getTime()}`;
    const { headers, body } = HTTP.structured(toCloudEvent(event, id, this.webhookPath));
    // undici follows no redirect unless told to: an event goes to the configured URL or nowhere.
    const answer = await request(this.config.url, {
      method: 'POST',
      dispatcher: this.agent,
      signal: delivery.signal,
      headers: { ...headers, ...this.sign(id, body as string) } as Record<string, string>,
      body: body as string,
    });
    await answer.body.dump({ limit: ANSWER_LIMIT, signal: delivery.signal });
    checkStatus(answer, 'The receiver');
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }

  /** Signed anew at each attempt: a receiver refuses what was signed more than minutes ago. */
  private sign(id: string, body: string): Record<string, string> {
    const now = new Date();
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': this.signers.map((signer) => signer.sign(id, now, body)).join(' '),
    };
  }
}
