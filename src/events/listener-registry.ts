import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { Module } from '@nestjs/core/injector/module.js';

import { findIdle, findUnprovided, originOf, type ListenerOrigin } from './listener-origin.js';
import {
  ON_INTERACTION,
  type InteractionFilter,
  type InteractionHandler,
  type ListenerMetadata,
  type ListenerOptions,
} from './on-interaction.decorator.js';

/** A discovered listener. */
export interface Listener {
  readonly name: string;
  readonly filter: InteractionFilter;
  readonly options: Required<ListenerOptions>;
  readonly handle: InteractionHandler;
  /** `Class.method`, for messages. */
  readonly source: string;
}

/** A listener was declared in a way that cannot work; the message says which, and what to do. */
export class ListenerError extends Error {
  override readonly name = 'ListenerError';
}

/** Finds the methods that `@OnInteraction` decorates among all providers of the application. */
@Injectable()
export class ListenerRegistry {
  private found: readonly Listener[] | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /**
   * All listeners, by name.
   *
   * @throws ListenerError on a duplicate name, a bad option, a provider that is not a singleton, or what
   * `LISTENERS` loaded in vain.
   */
  listeners(): readonly Listener[] {
    return (this.found ??= this.discover());
  }

  private discover(): readonly Listener[] {
    const listeners = new Map<string, Listener>();
    const classes = new Map<string, object>();
    /** What `LISTENERS` loaded, and the modules that provide a listener. */
    const origins = new Map<ListenerOrigin, Module[]>();
    const providing = new Set<Module | undefined>();
    const providers = this.discovery.getProviders();
    for (const wrapper of providers) {
      // By instance: what a factory or a value provides has no class here.
      const instance: unknown = wrapper.instance;
      if (typeof instance !== 'object' || instance === null) continue;
      const prototype = Object.getPrototypeOf(instance) as Record<string, unknown> | null;
      if (prototype === null) continue;
      // A module is a provider of itself.
      const origin = originOf(instance.constructor);
      if (origin !== undefined && wrapper.host !== undefined) {
        origins.set(origin, [...(origins.get(origin) ?? []), wrapper.host]);
      }
      for (const listener of listenersOf(instance, this.scanner)) {
        if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient) {
          throw new ListenerError(
            `${listener.source} is a listener, but its class is not a singleton. Give it and all that it injects the default scope.`,
          );
        }
        const other = listeners.get(listener.name);
        if (other && (other.source !== listener.source || classes.get(listener.name) !== prototype)) {
          throw new ListenerError(
            `Two listeners are named "${listener.name}": ${other.source} and ${listener.source}. Deliveries are kept by name: give one another.`,
          );
        }
        providing.add(wrapper.host);
        listeners.set(listener.name, listener);
        classes.set(listener.name, prototype);
      }
    }
    const fault = findUnprovided(origins.keys(), providers) ?? findIdle(origins, providing);
    if (fault !== undefined) throw new ListenerError(fault);
    return [...listeners.values()];
  }
}

/**
 * The listeners among an instance's methods.
 *
 * @throws ListenerError on a bad name or option.
 */
export function* listenersOf(instance: object, scanner = new MetadataScanner()): Generator<Listener> {
  const prototype = Object.getPrototypeOf(instance) as Record<string, unknown>;
  for (const method of scanner.getAllMethodNames(prototype)) {
    const handler = prototype[method] as InteractionHandler;
    const metadata = Reflect.getMetadata(ON_INTERACTION, handler) as ListenerMetadata | undefined;
    if (metadata === undefined) continue;
    const source = `${prototype.constructor.name}.${method}`;
    checkMetadata(metadata, source);
    yield { name: metadata.filter.name, ...metadata, source, handle: handler.bind(instance) };
  }
}

/** What a listener may be named. */
export const LISTENER_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Milliseconds; `setTimeout` takes no more. */
const LONGEST_TIMER = 2 ** 31 - 1;

function checkMetadata({ filter, options }: ListenerMetadata, source: string): void {
  // A listener module can be plain JavaScript.
  if (typeof (filter.name as unknown) !== 'string' || !LISTENER_NAME.test(filter.name)) {
    throw new ListenerError(
      `${source}: the listener name "${filter.name}" must be 1 to 64 characters of a-z, 0-9, ".", "_" and "-".`,
    );
  }
  const least = { attempts: 1, timeoutMs: 1, concurrency: 1, baseDelayMs: 0, maxDelayMs: 0 };
  for (const [option, minimum] of Object.entries(least) as [keyof typeof least, number][]) {
    const value = options[option];
    if (!(Number.isInteger(value) && value >= minimum && value <= LONGEST_TIMER)) {
      throw new ListenerError(
        `${source}: the option ${option} must be a whole number from ${minimum} to ${LONGEST_TIMER}, not ${value}.`,
      );
    }
  }
}
