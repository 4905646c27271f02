import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Counter } from 'prom-client';

import { Metrics } from './metrics.js';

/** How often the event loop is looked at. */
const LOOP_SAMPLE_MS = 50;

/** What `/metrics` tells of the process: little, and cheap. The names are those that dashboards know. */
@Injectable()
export class ProcessMetrics implements OnModuleDestroy {
  private readonly sampling: NodeJS.Timeout;

  constructor(metrics: Metrics) {
    const startedAt = Date.now() / 1_000 - process.uptime();
    metrics.gauge(
      'process_start_time_seconds',
      'When the process started, in seconds since 1970.',
      [],
      (gauge) => gauge.set(startedAt),
    );
    metrics.gauge('process_resident_memory_bytes', 'Memory of the process.', [], (gauge) =>
      gauge.set(process.memoryUsage.rss()),
    );
    metrics.gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use by the main thread.', [], (gauge) =>
      gauge.set(process.memoryUsage().heapUsed),
    );
    new Counter({
      name: 'process_cpu_seconds_total',
      help: 'CPU time of the process, user and system.',
      registers: [metrics.registry],
      collect() {
        const { user, system } = process.cpuUsage();
        this.reset();
        this.inc((user + system) / 1e6);
      },
    });
    // A histogram of its own: that of perf_hooks cannot be read as buckets that only grow, which is what two
    // scrapers, or a sum over processes, need.
    let due = performance.now() + LOOP_SAMPLE_MS;
    this.sampling = setInterval(() => {
      const now = performance.now();
      metrics.loopDelayed(Math.max(0, now - due));
      due = now + LOOP_SAMPLE_MS;
    }, LOOP_SAMPLE_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.sampling);
  }
}
