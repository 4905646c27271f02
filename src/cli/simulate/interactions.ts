import type { EventType, InteractionSubtype, MediaType } from '../../events/interaction-event.js';
import type { Random } from './random.js';

/** An event of the simulated vendor. */
export interface VendorEvent {
  readonly event: EventType;
  readonly id: string;
  readonly mediaType: MediaType;
  readonly interactionSubtype: InteractionSubtype;
  readonly selfUri: string | undefined;
}

/** A simulated interaction, and how long it is handled. */
export interface Interaction extends Omit<VendorEvent, 'event'> {
  readonly durationMs: number;
}

const MINUTE_MS = 60_000;

const MEDIA_TYPES: Readonly<Record<MediaType, number>> = { chat: 75, email: 25 };

const SUBTYPES: Readonly<Record<MediaType, Readonly<Partial<Record<InteractionSubtype, number>>>>> = {
  chat: {
    InboundNew: 40,
    Outbound: 4,
    SMS: 14,
    WhatsApp: 22,
    FacebookPublic: 4,
    FacebookPrivate: 7,
    TwitterPublic: 4,
    TwitterPrivate: 5,
  },
  email: { InboundNew: 85, Outbound: 15 },
};

/** Median and spread of the time from STARTED to FINISHED. */
const DURATIONS: Readonly<Record<MediaType, { readonly medianMs: number; readonly sigma: number }>> = {
  chat: { medianMs: 7 * MINUTE_MS, sigma: 0.8 },
  email: { medianMs: 15 * MINUTE_MS, sigma: 0.9 },
};
/** Whatever is open at the end of a shift is finished then. */
const LONGEST_MS = 240 * MINUTE_MS;

/** A new interaction. */
export function newInteraction(random: Random): Interaction {
  const mediaType = random.pick(MEDIA_TYPES);
  const id = random.uuid();
  const { medianMs, sigma } = DURATIONS[mediaType];
  return {
    id,
    mediaType,
    interactionSubtype: random.pick(SUBTYPES[mediaType] as Record<InteractionSubtype, number>),
    // The vendor's page shows this address for chats alone.
    selfUri: mediaType === 'chat' ? `NexusURL/nexus/v3/chat/sessions/${random.uuid()}/${id}` : undefined,
    durationMs: Math.min(random.logNormal(medianMs, sigma), LONGEST_MS),
  };
}

/** The body of a request, with its events as the vendor writes them. */
export function bodyOf(operationId: string, events: readonly VendorEvent[]): Buffer {
  const entities = events.map(({ event, ...entity }) => ({ event, entity }));
  return Buffer.from(JSON.stringify({ operationId, data: { entities } }));
}
