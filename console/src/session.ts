import { signal } from '@preact/signals';

import { ApiError, del, get, post, whenSignedOut } from './api.js';
import type { Session } from './types.js';

/** Who is signed in; `null`: nobody; `undefined`: not known yet. */
export const session = signal<Session | null | undefined>(undefined);
/** Why it is not known, while the service does not answer. */
export const sessionError = signal<string | null>(null);

/** Whether actions may be shown: a viewer sees none. */
export const mayAct = (): boolean => session.value?.role === 'operator';

whenSignedOut(() => (session.value = null));

/** Asks the service who is signed in. */
export async function checkSession(): Promise<void> {
  try {
    session.value = await get<Session>('/session');
    sessionError.value = null;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) session.value = null;
    else sessionError.value = (error as Error).message;
  }
}

/** @throws ApiError where the token is not known, or after too many attempts. */
export async function signIn(token: string): Promise<void> {
  await post('/session', { token });
  await checkSession();
}

export async function signOut(): Promise<void> {
  await del('/session');
  session.value = null;
}
