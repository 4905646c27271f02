/** Something that was found out about a request: what it is, and what to do about it. */
export interface Finding {
  /** Stable, for programs. */
  readonly code: string;
  readonly what: string;
  readonly todo?: string;
}
