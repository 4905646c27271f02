import { Injectable } from '@nestjs/common';

/** Time and chance, so that tests can have their own. */
@Injectable()
export class Clock {
  /** Milliseconds since 1970. */
  now(): number {
    return Date.now();
  }

  /** A number from 0 up to but without 1. */
  random(): number {
    return Math.random();
  }
}
