/**
 * A listener that counts in memory, and tells the count to the parent process when asked. Plain JavaScript,
 * and so with its decorators applied by hand: the service under test runs as in production, without a
 * TypeScript loader.
 */
import { Injectable, Module } from '@nestjs/common';

import { OnInteraction } from '../../dist/index.js';

let handed = 0;

class CountingListener {
  count() {
    handed++;
  }
}
const count = Object.getOwnPropertyDescriptor(CountingListener.prototype, 'count');
OnInteraction({ name: 'bench-count' })(CountingListener.prototype, 'count', count);
Injectable()(CountingListener);

export class CountingModule {}
Module({ providers: [CountingListener] })(CountingModule);

process.on('message', () => process.send?.(handed));
// The benchmark was cut off: nobody else would end this process.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
