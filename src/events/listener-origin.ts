import type { Type } from '@nestjs/common';
import type { Module } from '@nestjs/core/injector/module.js';

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

/**
 * What is wrong with an entry of `LISTENERS` that brings no listener: most likely its class was forgotten among
 * the providers. A compiler leaves out the import of a class that nothing uses, so it may not even be loaded.
 *
 * @param origins what was loaded, with its modules.
 * @param providing the modules that provide a listener.
 * @returns a message for the first such entry; `undefined` when there is none.
 */
export function findIdle(
  origins: ReadonlyMap<ListenerOrigin, readonly Module[]>,
  providing: ReadonlySet<Module | undefined>,
): string | undefined {
  for (const [{ entry, file, declared }, modules] of origins) {
    if (declared.length > 0 || withImports(modules).some((module) => providing.has(module))) continue;
    return `LISTENERS: ${entry} (${file}) brings no listener: nothing that its modules provide has a method with @OnInteraction. Add the class of the listener to the "providers" of a module that this file exports.`;
  }
  return undefined;
}

/** Modules, and all that they import themselves. Nest has each import every global one too, those of the service. */
function withImports(modules: readonly Module[]): Module[] {
  const found = new Set(modules);
  for (const module of found) {
    for (const imported of module.imports) if (!imported.isGlobal) found.add(imported);
  }
  return [...found];
}
