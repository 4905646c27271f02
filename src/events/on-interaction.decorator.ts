import { SetMetadata } from '@nestjs/common';

import type { Delivery } from './delivery.js';
import type { EventType, InteractionEvent, InteractionSubtype, MediaType } from './interaction-event.js';

/** Which events a listener is handed. A field that is left out matches everything. */
export interface InteractionFilter {
  /** Stable and unique: deliveries are kept under it, so a new name is a new listener. */
  readonly name: string;
  readonly event?: EventType | readonly EventType[];
  readonly mediaType?: MediaType | readonly MediaType[];
  readonly interactionSubtype?: InteractionSubtype | readonly InteractionSubtype[];
  readonly channel?: string | readonly string[];
}

/** How a listener's deliveries are run. */
export interface ListenerOptions {
  /** Attempts before a delivery is dead. Default 10. */
  readonly attempts?: number;
  /** Milliseconds an attempt may take. Default 30,000. */
  readonly timeoutMs?: number;
  /** Attempts that may run at once, each for another interaction. Default 8. */
  readonly concurrency?: number;
  /** The delay before a retry is random, up to this many milliseconds, doubled with each. Default 1,000. */
  readonly baseDelayMs?: number;
  /** The longest delay in milliseconds. Default 3,600,000. */
  readonly maxDelayMs?: number;
  /**
   * What becomes of an interaction's later events when a delivery is dead: they go on (`skip`, the default)
   * or wait until an operator has decided (`park`).
   */
  readonly onDead?: 'skip' | 'park';
  /** Where a new listener begins: with new events (`now`, the default), or with all that is stored. */
  readonly from?: 'now' | 'beginning';
}

/** A method that {@link OnInteraction} decorates. Returning normally, or a promise that resolves, is success. */
export type InteractionHandler = (event: InteractionEvent, delivery: Delivery) => unknown;

/** What {@link OnInteraction} leaves on a method. */
export interface ListenerMetadata {
  readonly filter: InteractionFilter;
  readonly options: Required<ListenerOptions>;
}

/** The metadata key of {@link OnInteraction}; global, so that a listener package's own copy is seen too. */
export const ON_INTERACTION = Symbol.for('interactions-webhook:on-interaction');
const DECORATED = Symbol.for('interactions-webhook:decorated-methods');

/** A method that {@link OnInteraction} decorates, on the prototype it was declared on. */
export interface DecoratedMethod {
  readonly prototype: object;
  readonly name: string;
}

const global = globalThis as { [DECORATED]?: DecoratedMethod[] };

/** Every decorated method so far; of all copies of this package, as {@link ON_INTERACTION} is. */
export const decoratedMethods: DecoratedMethod[] = (global[DECORATED] ??= []);

/** What a listener gets that sets no options. */
const DEFAULT_OPTIONS: Required<ListenerOptions> = {
  attempts: 10,
  timeoutMs: 30_000,
  concurrency: 8,
  baseDelayMs: 1_000,
  maxDelayMs: 3_600_000,
  onDead: 'skip',
  from: 'now',
};

/**
 * Makes a provider's method a listener: it is handed every event that matches, at least once, in order per
 * interaction, until it succeeds or its attempts are used up.
 *
 * @throws TypeError on a property that holds a function, such as an arrow function.
 * @example
 * ‍@Injectable()
 * export class CrmListener {
 *   ‍@OnInteraction({ name: 'crm-close-case', event: 'FINISHED', mediaType: 'chat' }, { attempts: 10 })
 *   async closeCase(event: InteractionEvent, delivery: Delivery): Promise<void> { … }
 * }
 */
export function OnInteraction(
  filter: InteractionFilter,
  options: ListenerOptions = {},
): <T extends InteractionHandler>(
  prototype: object,
  name: string,
  descriptor: TypedPropertyDescriptor<T>,
) => void {
  const metadata: ListenerMetadata = { filter, options: { ...DEFAULT_OPTIONS, ...options } };
  return (prototype, name, descriptor) => {
    // Where the compiler was not listened to.
    if ((descriptor as unknown) === undefined) {
      throw new TypeError(
        `@OnInteraction is for methods, and ${prototype.constructor.name}.${name} is none. Write "${name}(event, delivery) { … }".`,
      );
    }
    decoratedMethods.push({ prototype, name });
    SetMetadata(ON_INTERACTION, metadata)(prototype, name, descriptor);
  };
}
