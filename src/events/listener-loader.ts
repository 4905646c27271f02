import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { MODULE_METADATA } from '@nestjs/common/constants.js';
import type { Type } from '@nestjs/common';

import { ListenerError } from './listener-registry.js';

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
    const exports = await load(entry, file);
    const found = Object.values(exports).filter(isNestModule);
    if (found.length === 0) {
      throw new ListenerError(
        `LISTENERS: ${entry} (${file}) exports no Nest module, that is no class with @Module().`,
      );
    }
    modules.push(...found);
  }
  return [...new Set(modules)];
}

function locate(entry: string, folder: string): string {
  const require = createRequire(join(folder, 'package.json'));
  const isPath = /^\.{0,2}[/\\]|^[A-Za-z]:[/\\]/.test(entry);
  if (isPath) {
    const path = resolve(folder, entry);
    if (!existsSync(path)) throw new ListenerError(`LISTENERS: ${entry} is not there (looked for ${path}).`);
    if (!statSync(path).isDirectory()) return path;
  }
  try {
    return require.resolve(isPath ? resolve(folder, entry) : entry);
  } catch (error) {
    throw new ListenerError(
      isPath
        ? `LISTENERS: the folder ${entry} has neither an index.js nor a package.json with "main".`
        : `LISTENERS: the package ${entry} is not installed in ${folder}. A path must start with "./".`,
      { cause: error },
    );
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
