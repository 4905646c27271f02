import type { Type } from '@nestjs/common';

import type { DecoratedMethod } from './on-interaction.decorator.js';

/** Where a module of listeners came from, and what was declared while it was loaded. */
export interface ListenerOrigin {
  /** The entry of `LISTENERS`. */
  readonly entry: string;
  /** The file that it led to. */
  readonly file: string;
  readonly declared: readonly DecoratedMethod[];
}

const ORIGIN = Symbol('origin of a listener module');

/** Notes on a module where it came from; the first time counts, since later ones declare nothing any more. */
export function setOrigin(module: Type, origin: ListenerOrigin): void {
  if (originOf(module) === undefined) Reflect.defineMetadata(ORIGIN, origin, module);
}

/** Where a module was loaded from; `undefined` of any other class. */
export function originOf(module: object): ListenerOrigin | undefined {
  return Reflect.getOwnMetadata(ORIGIN, module) as ListenerOrigin | undefined;
}

/**
 * What is wrong with a method that was declared in what `LISTENERS` loaded, and that nothing will ever call.
 *
 * @param provided every provider of the application: its token, and the instance.
 * @returns a message for the first such method; `undefined` when there is none.
 */
export function findUnprovided(
  origins: Iterable<ListenerOrigin>,
  provided: readonly { readonly token: unknown; readonly instance: unknown }[],
): string | undefined {
  for (const { entry, file, declared } of origins) {
    for (const { prototype, name } of declared) {
      // Of a static method it is the class itself that is decorated.
      if (typeof prototype === 'function') {
        return `LISTENERS: ${entry} (${file}) has @OnInteraction on the static method ${prototype.name}.${name}, which no provider has. Make it a method of the instance.`;
      }
      // A factory may decide that there is none this time; a subclass may go without the method.
      const isProvided = provided.some(
        ({ token, instance }) =>
          token === prototype.constructor ||
          Object.prototype.isPrototypeOf.call(prototype, instance as object),
      );
      if (isProvided) continue;
      const { name: className } = prototype.constructor;
      return `LISTENERS: ${entry} (${file}) has the listener ${className}.${name}, but no module provides ${className}, so nothing would ever call it. Add ${className} to the "providers" of a module that this file exports, or remove @OnInteraction.`;
    }
  }
  return undefined;
}
