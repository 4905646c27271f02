import { useEffect, useRef, useState } from 'preact/hooks';

import { ApiError } from '../api.js';
import { signIn } from '../session.js';

/** Asks for a token. The session is a cookie that no script can read; the token is not kept. */
export function SignIn() {
  const [token, setToken] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = 'Sign in – Interactions Webhook';
    input.current?.focus();
  }, []);
  const submit = async (): Promise<void> => {
    setBusy(true);
    try {
      await signIn(token);
    } catch (fault) {
      setError(explain(fault as ApiError));
      setToken('');
    }
    setBusy(false);
  };
  return (
    <main class="sign-in">
      <h1>Interactions Webhook</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label>
          <span>Token</span>
          <input
            ref={input}
            type="password"
            autocomplete="current-password"
            required
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
            aria-describedby="token-help"
          />
        </label>
        <p id="token-help" class="muted">
          The service’s OPERATOR_TOKEN, or its VIEWER_TOKEN to look and not touch. Outside production, the
          service says at its start where it keeps the one it made.
        </p>
        <p class="fault-text" role="alert">
          {error}
        </p>
        <button type="submit" class="primary" disabled={busy}>
          Sign in
        </button>
      </form>
    </main>
  );
}

function explain({ status, message, retryAfter }: ApiError): string {
  if (status === 401) return 'The service does not know this token. Check that it is whole.';
  if (status === 429) return `Too many attempts. Try again in ${retryAfter ?? 'a few'} seconds.`;
  return message;
}
