/** What a listener wants to be handed; an absent field wants everything, an array any of its values. */
export interface ListenerFilter {
  readonly event?: string | readonly string[];
  readonly mediaType?: string | readonly string[];
  readonly interactionSubtype?: string | readonly string[];
  readonly channel?: string | readonly string[];
}

/** The fields of an event that a {@link ListenerFilter} looks at. */
export interface Filterable {
  readonly type: string | undefined;
  readonly mediaType: string | undefined;
  readonly interactionSubtype: string | undefined;
  readonly channel: string;
}

/** Whether a listener wants an event. An event that lacks a filtered field does not match. */
export function matches(filter: ListenerFilter, event: Filterable): boolean {
  return (
    wants(filter.event, event.type) &&
    wants(filter.mediaType, event.mediaType) &&
    wants(filter.interactionSubtype, event.interactionSubtype) &&
    wants(filter.channel, event.channel)
  );
}

function wants(wanted: string | readonly string[] | undefined, value: string | undefined): boolean {
  if (wanted === undefined) return true;
  if (value === undefined) return false;
  return typeof wanted === 'string' ? wanted === value : wanted.includes(value);
}
