import type { ReceiptDraft } from './records.js';

/** Bytes of bodies that may wait at once, however few requests they are. */
const BYTES_LIMIT = 16 * 1024 * 1024;
/** What an event takes beside its bytes, about: a body can be nothing but thousands of small events. */
const EVENT_BYTES = 256;

/** Bytes of memory that a waiting receipt holds, about. */
export function weightOf({ body, events }: ReceiptDraft): number {
  return body.length + events.length * EVENT_BYTES;
}

/** The requests that wait for the disk, bounded by their number and by the memory they hold. */
export class Pending {
  count = 0;
  private bytes = 0;

  constructor(private readonly limit: number) {}

  /** @returns whether there was room; if so, {@link leave} with the same weight. */
  enter(weight: number): boolean {
    // One that is larger than the limit by itself, as BODY_LIMIT may allow, is taken while no other waits.
    const tooMuch = this.count > 0 && this.bytes + weight > BYTES_LIMIT;
    if (tooMuch || this.count >= this.limit) return false;
    this.count++;
    this.bytes += weight;
    return true;
  }

  leave(weight: number): void {
    this.count--;
    this.bytes -= weight;
  }
}
