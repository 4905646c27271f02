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
/** How long the result of a write probe is good for: anybody may ask, each asking costs a write. */
const PROBE_TTL_MS = 1_000;

/** What readiness looks at. */
@Injectable()
class HealthIndicators {
  private readonly loop = monitorEventLoopDelay({ resolution: 20 });
  private probe: { at: number; error: Promise<Error | undefined> } | undefined;

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
    const now = Date.now();
    if (this.probe === undefined || now - this.probe.at > PROBE_TTL_MS) {
      const write = this.store.builder.updateTable('probe').set({ written_at: now });
      this.probe = {
        at: now,
        error: this.store.query(write).then(
          () => undefined,
          (error: unknown) => error as Error,
        ),
      };
    }
    const indicator = this.indicators.check('store');
    const error = await this.probe.error;
    const waiting = this.store.backlog;
    return error === undefined
      ? indicator.up({ waiting })
      : indicator.down({ message: error.message, waiting });
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
    const query = this.store.builder
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
    const rows = await this.store.query(query);
    const seconds = rows.map(({ name, oldest }): [string, number] => [name, secondsSince(oldest)]);
    return this.indicators.check('backlog').up({ seconds: Object.fromEntries(seconds) });
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
