import { clearLine, cursorTo } from 'node:readline';

const REFRESH_MS = 200;

/** One line on a terminal that tells how it goes; nothing where standard error is a file or a pipe. */
export class LiveLine {
  private readonly timer: NodeJS.Timeout | undefined;

  constructor(private readonly text: () => string) {
    if (process.stderr.isTTY) this.timer = setInterval(() => this.draw(), REFRESH_MS);
  }

  /** Prints a message, which stays. */
  print(message: string): void {
    this.erase();
    console.error(message);
  }

  stop(): void {
    clearInterval(this.timer);
    this.erase();
  }

  private draw(): void {
    this.erase();
    // A line that wraps could not be erased.
    process.stderr.write(this.text().slice(0, process.stderr.columns - 1 || undefined));
  }

  private erase(): void {
    if (this.timer === undefined) return;
    cursorTo(process.stderr, 0);
    clearLine(process.stderr, 0);
  }
}
