import { existsSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { MODULE_METADATA } from '@nestjs/common/constants.js';
import type { Type } from '@nestjs/common';
import { resolve as resolvePackage } from 'import-meta-resolve';

import { setOrigin } from './listener-origin.js';
import { ListenerError } from './listener-registry.js';
import { decoratedMethods } from './on-interaction.decorator.js';

/** What a listener must share with the service, and so never bring along. */
const SHARED_PACKAGES = ['@nestjs/common', '@nestjs/core', 'interactions-webhook'];

/**
 * Loads the modules that `LISTENERS` names: each entry is a file, a folder (its package or `index.js`), or
 * a package, and each of its exports that is a Nest module is taken.
 *
 * @param folder what relative paths are relative to.
 * @throws ListenerError that names the entry and what is wrong with it.
 * @example
 * const modules = await loadListeners(['./listeners/crm.module.js', '@acme/genesys-crm'], process.cwd());
 */
export async function loadListeners(entries: readonly string[], folder: string): Promise<Type[]> {
  const modules: Type[] = [];
  for (const entry of entries) {
    const file = locate(entry, folder);
    warnOfCopies(entry, file);
    const before = decoratedMethods.length;
    const exports = await load(entry, file);
    const found = Object.values(exports).filter(isNestModule);
    if (found.length === 0) {
      throw new ListenerError(
        `LISTENERS: ${entry} (${file}) exports no Nest module, that is no class with @Module().`,
      );
    }
    const declared = decoratedMethods.slice(before);
    for (const module of found) setOrigin(module, { entry, file, declared });
    modules.push(...found);
  }
  return [...new Set(modules)];
}

function locate(entry: string, folder: string): string {
  if (!/^\.{0,2}[/\\]|^[A-Za-z]:[/\\]/.test(entry)) return locatePackage(entry, folder);
  const path = resolve(folder, entry);
  if (!existsSync(path)) throw new ListenerError(`LISTENERS: ${entry} is not there (looked for ${path}).`);
  if (!statSync(path).isDirectory()) return path;
  try {
    return createRequire(join(folder, 'package.json')).resolve(path);
  } catch (error) {
    throw new ListenerError(
      `LISTENERS: the folder ${entry} has neither an index.js nor a package.json with "main".`,
      { cause: error },
    );
  }
}

/** As `import` finds it, so that a package may have "exports" for `import` alone; `require` would miss it. */
function locatePackage(entry: string, folder: string): string {
  try {
    return fileURLToPath(resolvePackage(entry, pathToFileURL(join(folder, 'package.json')).href));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ListenerError(
      code === 'ERR_MODULE_NOT_FOUND'
        ? `LISTENERS: the package ${entry} is not installed in ${folder}. A path must start with "./".`
        : `LISTENERS: the package ${entry} cannot be imported: ${message}`,
      { cause: error },
    );
  }
}

/**
 * Two copies of Nest or of the service have other classes under the same names: what a listener injects may not
 * be found, and what it logs may not reach the log. On standard error, because that can end the start.
 */
function warnOfCopies(entry: string, file: string): void {
  for (const name of SHARED_PACKAGES) {
    const theirs = whereIs(name, pathToFileURL(realpathSync(file)).href);
    if (theirs === undefined || theirs === whereIs(name, import.meta.url)) continue;
    console.warn(
      `LISTENERS: ${entry} uses a copy of ${name} of its own (${fileURLToPath(theirs)}). Injection and logs can fail between two copies: make it a peer dependency of the listener's package ("peerDependencies"), and install it once, beside the service.`,
    );
  }
}

/** The address of a package's entry, as a file imports it. */
function whereIs(name: string, importer: string): string | undefined {
  try {
    return resolvePackage(name, importer);
  } catch {
    return undefined;
  }
}

async function load(entry: string, file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw new ListenerError(`LISTENERS: ${entry} (${file}) cannot be loaded: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function isNestModule(value: unknown): value is Type {
  return (
    typeof value === 'function' &&
    [MODULE_METADATA.PROVIDERS, MODULE_METADATA.IMPORTS, MODULE_METADATA.CONTROLLERS].some((key) =>
      Reflect.hasMetadata(key, value),
    )
  );
}
