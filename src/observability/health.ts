import { monitorEventLoopDelay } from 'node:perf_hooks';

import {
  Catch,
  Controller,
  Get,
  Injectable,
  Module,
  ServiceUnavailableException,
  UseFilters,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  TerminusModule,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';

import { Store } from '../store/store.js';
import { Lifecycle } from './lifecycle.js';

/** An event loop that stands still for longer than this cannot answer a webhook in good time. */
const LOOP_DELAY_LIMIT_MS = 1_000;
const NANOS_PER_MS = 1e6;
/** How long what a probe found is good for: anybody may ask, and each probe costs a write and a query. */
const PROBE_TTL_MS = 1_000;

/** What a probe of the store found. */
type Probed =
  | { readonly ok: true; readonly waitedSeconds: Readonly<Record<string, number>> }
  | { readonly ok: false; readonly message: string };

/** What readiness looks at. */
@Injectable()
class HealthIndicators {
  private readonly loop = monitorEventLoopDelay({ resolution: 20 });
  private probed: Promise<Probed> | undefined;
  private probedAt = 0;

  constructor(
    private readonly store: Store,
    private readonly lifecycle: Lifecycle,
    private readonly indicators: HealthIndicatorService,
  ) {
    this.loop.enable();
  }

  /** Down once the service is about to end, so that a load balancer sends no more. */
  running(): HealthIndicatorResult {
    const indicator = this.indicators.check('running');
    return this.lifecycle.stopping ? indicator.down() : indicator.up();
  }

  /** Whether the store takes a write, tried for real. */
  async storeWritable(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('store');
    const probed = await this.probe();
    const waiting = this.store.backlog;
    return probed.ok ? indicator.up({ waiting }) : indicator.down({ message: probed.message, waiting });
  }

  /** How late the event loop was at worst since it was last asked. */
  eventLoop(): HealthIndicatorResult {
    const delayMs = Math.max(0, Math.round(this.loop.max / NANOS_PER_MS));
    this.loop.reset();
    const indicator = this.indicators.check('eventLoop');
    return delayMs > LOOP_DELAY_LIMIT_MS ? indicator.down({ delayMs }) : indicator.up({ delayMs });
  }

  /**
   * For how many seconds the oldest due delivery of each listener has waited. Told, never a reason to
   * receive nothing: events are stored all the same.
   */
  async backlog(): Promise<HealthIndicatorResult> {
    const probed = await this.probe();
    // Terminus would end without a report if this failed too: that the store is down is said above.
    return probed.ok ? this.indicators.check('backlog').up({ seconds: probed.waitedSeconds }) : {};
  }

  /** One probe for all who ask while it runs, and for a while after: a slow store is not asked again and again. */
  private probe(): Promise<Probed> {
    if (this.probed === undefined || Date.now() - this.probedAt > PROBE_TTL_MS) {
      this.probedAt = Infinity;
      this.probed = this.tryStore().finally(() => (this.probedAt = Date.now()));
    }
    return this.probed;
  }

  private async tryStore(): Promise<Probed> {
    const { builder } = this.store;
    const write = builder.updateTable('probe').set({ written_at: Date.now() });
    const oldest = builder
      .selectFrom('listeners')
      .select((q) => [
        'name',
        q
          .selectFrom('deliveries')
          .select('due_at')
          .whereRef('listener_id', '=', 'listeners.id')
          .where('due_at', 'is not', null)
          .orderBy('due_at')
          .limit(1)
          .as('oldest'),
      ]);
    try {
      const [, rows] = await Promise.all([this.store.query(write), this.store.query(oldest)]);
      const seconds = rows.map(({ name, oldest }): [string, number] => [name, secondsSince(oldest)]);
      return { ok: true, waitedSeconds: Object.fromEntries(seconds) };
    } catch (error) {
      return { ok: false, message: (error as Error).message };
    }
  }
}

function secondsSince(time: number | null): number {
  return time === null ? 0 : Math.max(0, Math.round((Date.now() - time) / 1_000));
}

/** Leaves terminus' report as it is, where the global filter would cut it to a message. */
@Catch(ServiceUnavailableException)
class HealthExceptionFilter implements ExceptionFilter {
  catch(error: ServiceUnavailableException, host: ArgumentsHost): void {
    void host.switchToHttp().getResponse<FastifyReply>().code(503).send(error.getResponse());
  }
}

/** `/health/live`: the process answers. `/health/ready`: it can take webhooks. */
@ApiExcludeController()
@Controller('health')
@UseFilters(HealthExceptionFilter)
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicators,
  ) {}

  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([
      () => this.indicators.running(),
      () => this.indicators.storeWritable(),
      () => this.indicators.eventLoop(),
      () => this.indicators.backlog(),
    ]);
  }
}

@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [HealthIndicators],
})
export class HealthModule {}
