import { SingleBar } from 'cli-progress';

/** Shows how far a bulk has come. */
export interface Progress {
  /** @param by how many more, 1 unless told. */
  advance(by?: number): void;
  stop(): void;
}

const SILENT: Progress = { advance: () => undefined, stop: () => undefined };

/**
 * A progress bar on a terminal; nothing at all where stderr is a file or a pipe.
 *
 * @param format what it shows, in the words of cli-progress.
 */
export function startProgress(
  total: number,
  format = '{bar} {percentage}%  {value}/{total}  {eta_formatted} left',
): Progress {
  if (!process.stderr.isTTY) return SILENT;
  const bar = new SingleBar({
    stream: process.stderr,
    format,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    clearOnComplete: true,
    // Its own listener for SIGINT would stay, and a second Ctrl-C no longer end the process.
    gracefulExit: false,
  });
  bar.start(total, 0);
  return { advance: (by = 1) => bar.increment(by), stop: () => bar.stop() };
}
