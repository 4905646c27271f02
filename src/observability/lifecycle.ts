import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** Knows whether the service is about to end: from then on it takes no new work. */
@Injectable()
export class Lifecycle implements OnModuleDestroy {
  private ending = false;

  get stopping(): boolean {
    return this.ending;
  }

  onModuleDestroy(): void {
    this.ending = true;
  }
}
