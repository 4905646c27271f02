import type { Environment } from '../../src/config/app-config.js';
import { Recorder } from '../support/listeners.js';
import { TOKENS } from '../support/operators.js';
import { TestService } from '../support/service.js';
import { cli, type Ended, type RunOptions } from './command-line.js';

/**
 * Makes a process take its standard input, output and error for a terminal with colours: to open a real one
 * needs a native module. It asks for colours as a real one does, so NO_COLOR counts.
 */
export const TERMINAL = `data:text/javascript,${encodeURIComponent(`
  import { WriteStream } from 'node:tty';
  for (const name of ['stdin', 'stdout', 'stderr']) Object.defineProperty(process[name], 'isTTY', { value: true });
  for (const name of ['stdout', 'stderr']) process[name].getColorDepth = WriteStream.prototype.getColorDepth;
`)}`;

/** A service with operators and a listener, `recorder`, that does what a test says. */
export class OperatedService {
  private constructor(
    readonly service: TestService,
    readonly recorder: Recorder,
  ) {}

  static async start(env: Environment = {}): Promise<OperatedService> {
    const recorder = new Recorder();
    const listeners = [recorder.module({ attempts: 1 })];
    return new OperatedService(
      await TestService.start({ ...TOKENS, INTERACTIONS: 'off', ...env }, { listeners }),
      recorder,
    );
  }

  /** The variables by which a command finds the service, and is the operator. */
  get env(): Environment {
    return {
      PORT: String(this.service.port),
      OPERATOR_TOKEN: TOKENS.OPERATOR_TOKEN,
      TERM: 'xterm-256color',
    };
  }

  /** Runs a command as the operator, in whose environment the service can be found. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return cli(args, { ...options, env: { ...this.env, ...options.env } });
  }

  /** Runs a command with `--json`: what it printed, line by line. */
  async json<T>(args: readonly string[], options?: RunOptions): Promise<T[]> {
    const { stdout, stderr } = await this.run([...args, '--json'], options);
    if (stdout === '' && stderr !== '') throw new Error(stderr);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  }
}
