import { createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { join, resolve } from 'node:path';

import { sqliteDatabase, type Database } from './database.js';
import {
  forwardConfig,
  interactionsConfig,
  transcriptConfig,
  type ForwardConfig,
  type InteractionsConfig,
  type TranscriptConfig,
} from './listener-config.js';
import { operationsConfig, type OperationsConfig } from './operations-config.js';
import { describeSettings, type Setting } from './settings.js';
import { VARIABLES, type Variable, type VariableName } from './variables.js';

/** The environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a process does: take webhooks, run listeners, or both. */
export type Role = 'receive' | 'deliver';

/** The channel of the plain path. */
export const DEFAULT_CHANNEL = 'default';

/**
 * The whole configuration, read once and frozen. Inject it by this class; nothing else reads the
 * environment. Secrets are `KeyObject`s, which print nothing.
 */
export class AppConfig {
  readonly host!: string;
  readonly port!: number;
  /** Path of the webhook with its base path, such as `/nexus/v3/some/interactions/webhook/path`. */
  readonly webhookPath!: string;
  readonly basePath!: string;
  /** Secrets by channel, current one first. */
  readonly secrets!: ReadonlyMap<string, readonly KeyObject[]>;
  readonly apiKey!: KeyObject | undefined;
  readonly dataDir!: string;
  /** Where the store is. */
  readonly database!: Database;
  /** Whether the schema is brought up to date at start. */
  readonly migrate!: boolean;
  /** `undefined`: everything is kept. */
  readonly retentionDays!: number | undefined;
  readonly listeners!: readonly string[];
  readonly roles!: ReadonlySet<Role>;
  readonly unknownValues!: 'reject' | 'accept';
  readonly invalidPayloadStatus!: 200 | 400;
  /** Bytes. */
  readonly bodyLimit!: number;
  readonly maxPending!: number;
  /** `undefined` allows every address. */
  readonly allowedIps!: BlockList | undefined;
  readonly trustProxy!: readonly string[];
  readonly operations!: OperationsConfig;
  readonly docs!: boolean;
  readonly logLevel!: string;
  /** Base URL of the collector that traces go to; `undefined`: none is made. */
  readonly otlpEndpoint!: string | undefined;
  readonly auditLog!: boolean;
  /** What the listeners that ship are set to; `undefined`: off. */
  readonly interactions!: InteractionsConfig | undefined;
  readonly forward!: ForwardConfig | undefined;
  readonly transcript!: TranscriptConfig | undefined;
  readonly production!: boolean;
  /** What was configured, as operators are shown it. */
  readonly settings!: readonly Setting[];

  private constructor(values: { readonly [K in keyof AppConfig]: AppConfig[K] }) {
    Object.assign(this, values);
    Object.freeze(this);
  }

  /**
   * Reads and checks the whole environment.
   *
   * @throws ConfigError that names every fault, not just the first.
   * @example
   * const config = AppConfig.load({ ...process.env });
   */
  static load(env: Environment): AppConfig {
    const reader = new EnvironmentReader(env);
    const dataDir = resolve(reader.required('DATA_DIR'));
    const basePath = reader.required('BASE_PATH');
    const apiKey = reader.optional('WEBHOOK_API_KEY');
    const production = reader.required('NODE_ENV') === 'production';
    const secrets = reader.secrets();
    const webhookPath = `${basePath}${reader.required('WEBHOOK_PATH')}`;
    const port = reader.required('PORT');
    const operations = operationsConfig(reader, { path: webhookPath, port });
    const interactions = interactionsConfig(reader, operations.tokens.has('operator'));
    const file = join(dataDir, 'interactions.db');
    const values = {
      host: reader.required('HOST'),
      port,
      basePath,
      webhookPath,
      secrets,
      apiKey: apiKey === undefined ? undefined : createSecretKey(apiKey, 'utf8'),
      dataDir,
      database: reader.optional('DATABASE_URL') ?? sqliteDatabase(file),
      migrate: reader.required('MIGRATE') === 'on',
      retentionDays: reader.optional('RETENTION_DAYS'),
      listeners: reader.required('LISTENERS'),
      roles: reader.required('ROLES'),
      unknownValues: reader.required('UNKNOWN_VALUES'),
      invalidPayloadStatus: reader.required('INVALID_PAYLOAD_STATUS'),
      bodyLimit: reader.required('BODY_LIMIT'),
      maxPending: reader.required('MAX_PENDING'),
      allowedIps: reader.addresses('ALLOWED_IPS'),
      trustProxy: reader.proxies('TRUST_PROXY'),
      operations,
      docs: reader.required('DOCS') === 'on',
      logLevel: reader.required('LOG_LEVEL'),
      otlpEndpoint: reader.optional('OTEL_EXPORTER_OTLP_ENDPOINT'),
      auditLog: reader.required('AUDIT_LOG') === 'on',
      interactions,
      forward: forwardConfig(reader),
      transcript: transcriptConfig(reader),
      production,
      settings: reader.settings({
        DATABASE_URL: `sqlite:${file}`,
        INTERACTIONS: interactions ? 'on' : 'off',
      }),
    };
    // After a fault in ROLES there are none: whatever they are to be, better to hear of the secret now.
    const receives = (values.roles as AppConfig['roles'] | undefined)?.has('receive') ?? true;
    const unnamed = !reader.faults.some((fault) => fault.startsWith('WEBHOOK_SECRET'));
    if (secrets.size === 0 && receives && unnamed) {
      reader.fault(
        'WEBHOOK_SECRET',
        'is required: no request can be verified without the secret of a channel',
      );
    }
    if (reader.faults.length > 0) throw new ConfigError(reader.faults);
    return new AppConfig(values);
  }
}

/** The configuration cannot be used; `faults` has one sentence for each variable that is wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly faults: readonly string[]) {
    super(
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}\nSee docs/configuration.md.`,
    );
  }
}

const CHANNEL_SECRET = /^WEBHOOK_SECRET_([A-Z0-9][A-Z0-9_]*?)(_FILE)?$/;

type ValueOf<V> = V extends Variable<infer T> ? T : never;

/** Reads variables and gathers their faults, so that all of them can be reported at once. */
export class EnvironmentReader {
  readonly faults: string[] = [];
  /** What was read, by name. */
  private readonly texts = new Map<string, string | undefined>();

  constructor(private readonly env: Environment) {}

  fault(name: string, problem: string): void {
    this.faults.push(`${name} ${problem}.`);
  }

  /** A variable with a default. After a fault it is `undefined` all the same: the caller throws before use. */
  required<N extends VariableName>(name: N): ValueOf<(typeof VARIABLES)[N]> {
    return this.optional(name) as ValueOf<(typeof VARIABLES)[N]>;
  }

  optional<N extends VariableName>(name: N): ValueOf<(typeof VARIABLES)[N]> | undefined {
    const declared: Variable<unknown> = VARIABLES[name];
    const text = this.text(name) ?? declared.default;
    if (text === undefined) return undefined;
    try {
      return declared.parse(text) as ValueOf<(typeof VARIABLES)[N]>;
    } catch (error) {
      this.fault(name, (error as Error).message);
      return undefined;
    }
  }

  /** Secrets by channel: `WEBHOOK_SECRET` and every `WEBHOOK_SECRET_<CHANNEL>`. */
  secrets(): Map<string, readonly KeyObject[]> {
    const secrets = new Map<string, readonly KeyObject[]>();
    const names = new Map([[DEFAULT_CHANNEL, 'WEBHOOK_SECRET']]);
    for (const key of Object.keys(this.env)) {
      const channel = CHANNEL_SECRET.exec(key)?.[1];
      if (channel === 'DEFAULT') this.fault(key, 'names the channel of the plain path; use WEBHOOK_SECRET');
      else if (channel !== undefined && channel !== 'FILE') {
        names.set(channel.toLowerCase().replaceAll('_', '-'), `WEBHOOK_SECRET_${channel}`);
      } else if (channel === undefined && key.startsWith('WEBHOOK_SECRET_')) {
        this.fault(key, 'names no channel: use A-Z, 0-9 and _ alone');
      }
    }
    for (const [channel, name] of names) {
      const text = this.text(name);
      if (text === undefined) continue;
      const parts = VARIABLES.WEBHOOK_SECRET.parse(text);
      if (parts.length === 0) this.fault(name, 'is set but empty');
      else
        secrets.set(
          channel,
          parts.map((part) => createSecretKey(part, 'utf8')),
        );
    }
    return secrets;
  }

  /** Every variable as operators are shown it, after all were read; those derived are what absent ones come to. */
  settings(derived: Readonly<Record<string, string>>): readonly Setting[] {
    return describeSettings(this.texts, derived);
  }

  addresses(name: 'ALLOWED_IPS'): BlockList | undefined {
    const entries = this.required(name);
    if (entries.length === 0) return undefined;
    const addresses = new BlockList();
    for (const entry of entries) {
      if (!addAddress(addresses, entry))
        this.fault(name, `has "${entry}", which is no address or CIDR range`);
    }
    return addresses;
  }

  proxies(name: 'TRUST_PROXY'): readonly string[] {
    const entries = this.required(name);
    for (const entry of entries) {
      if (!addAddress(new BlockList(), entry))
        this.fault(name, `has "${entry}", which is no address or CIDR range`);
      else if (/\/0+$/.test(entry)) this.fault(name, `has "${entry}", which would believe everybody`);
    }
    return entries;
  }

  private text(name: string): string | undefined {
    const text = this.readText(name);
    this.texts.set(name, text);
    return text;
  }

  /** The text of a variable: itself, or the content of the file that `NAME_FILE` names. */
  private readText(name: string): string | undefined {
    const direct = this.env[name];
    const file = this.env[`${name}_FILE`];
    if (file === undefined || file === '') return direct === '' ? undefined : direct;
    if (direct !== undefined && direct !== '') {
      this.fault(name, `and ${name}_FILE are both set; keep one`);
      return undefined;
    }
    try {
      return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      this.fault(
        `${name}_FILE`,
        `names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code})`,
      );
      return undefined;
    }
  }
}

function addAddress(addresses: BlockList, entry: string): boolean {
  const [address = '', prefix, ...rest] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  if (prefix === undefined) addresses.addAddress(address, type);
  else if (!/^\d+$/.test(prefix) || Number(prefix) > (family === 4 ? 32 : 128)) return false;
  else addresses.addSubnet(address, Number(prefix), type);
  return true;
}
