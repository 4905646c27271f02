import type { Insertable } from 'kysely';

import type { AuditDraft } from './records.js';
import type { AuditTable } from './schema.js';

/** The row of an operator's command, once its result is known: both belong in one transaction. */
export function auditRow(draft: AuditDraft, result: unknown): Insertable<AuditTable> {
  const { at, role, requestedBy, address, action, target, count } = draft;
  return {
    at,
    role,
    requested_by: requestedBy,
    address,
    action,
    target: JSON.stringify(target),
    count: count ?? (result as { count?: number } | undefined)?.count ?? 1,
  };
}
