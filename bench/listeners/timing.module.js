/**
 * A listener that notes how long after the answer to its event it was called. Plain JavaScript, as the
 * counting one is, and for the same reason.
 */
import { performance } from 'node:perf_hooks';

import { Inject, Injectable, Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { OnInteraction } from '../../dist/index.js';

let handed = 0;
let measuring = false;
/** When events were answered, by trace id, until the listener is called. */
const answered = new Map();
const delays = [];

class TimingListener {
  time(event) {
    handed++;
    const now = performance.now();
    // Without a time it was called before its answer was written: there was nothing to wait for.
    const at = answered.get(event.traceId) ?? now;
    answered.delete(event.traceId);
    if (measuring) delays.push(now - at);
  }
}
const time = Object.getOwnPropertyDescriptor(TimingListener.prototype, 'time');
OnInteraction({ name: 'bench-time' })(TimingListener.prototype, 'time', time);
Injectable()(TimingListener);

export class TimingModule {
  constructor(host) {
    this.host = host;
  }

  /** Routes come later, and so have the hook. It is the last one before the answer is written. */
  onModuleInit() {
    this.host.httpAdapter.getInstance().addHook('onSend', (request, reply, payload, done) => {
      const traceId = request.headers['x-b3-traceid'];
      if (traceId !== undefined && reply.statusCode === 200) answered.set(traceId, performance.now());
      done();
    });
  }
}
Inject(HttpAdapterHost)(TimingModule, undefined, 0);
Module({ providers: [TimingListener] })(TimingModule);

process.on('message', (question) => {
  if (question === 'start measuring' || question === 'stop measuring')
    measuring = question.startsWith('start');
  process.send?.(question === 'how long?' ? delays : handed);
});
// The benchmark was cut off: nobody else would end this process.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
