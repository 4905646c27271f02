/** The first Ctrl-C is told by the signal, so that what runs can end in good order; the second ends the process. */
export function onInterrupt(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.once('SIGINT', abort);
  return { signal: controller.signal, release: () => void process.removeListener('SIGINT', abort) };
}
