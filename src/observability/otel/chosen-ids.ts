import { RandomIdGenerator, type IdGenerator } from '@opentelemetry/sdk-trace';

/** Ids that the next span is to have. */
export interface Ids {
  readonly traceId?: string | undefined;
  readonly spanId?: string | undefined;
}

/**
 * Random ids, unless others are chosen. The SDK takes the ids of a span from its generator alone: this is how
 * a root span gets the trace id of a request that names no span, and the span of a commit an id that others
 * can compute.
 */
export class ChosenIds implements IdGenerator {
  private readonly random = new RandomIdGenerator();
  private chosen: Ids = {};

  /** Runs `start`, which must start one span and nothing else. */
  choose<T>(ids: Ids, start: () => T): T {
    this.chosen = ids;
    try {
      return start();
    } finally {
      this.chosen = {};
    }
  }

  generateTraceId(): string {
    return this.chosen.traceId ?? this.random.generateTraceId();
  }

  generateSpanId(): string {
    return this.chosen.spanId ?? this.random.generateSpanId();
  }
}
