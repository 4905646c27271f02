import { resolve } from 'node:path';

import ts from 'typescript';

import type { Manifest } from './manifests.js';

/**
 * What TypeScript finds wrong with manifests that are written as literals of Kubernetes' types. The schemas let
 * fields pass that they do not know, as Kubernetes once did: a field that is misspelt has no effect.
 */
export function typeErrors(manifests: readonly Manifest[]): string[] {
  const name = resolve('test/deploy/manifests.generated.ts');
  const source = manifests
    .map((manifest, index) => {
      const type = `import('kubernetes-models/${manifest.apiVersion}').I${manifest.kind}`;
      return `export const manifest${index}: ${type} = ${JSON.stringify(manifest)};`;
    })
    .join('\n');
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2024,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const real = ts.createCompilerHost(options);
  host.fileExists = (file) => file === name || real.fileExists(file);
  host.getSourceFile = (file, ...rest) =>
    file === name
      ? ts.createSourceFile(file, source, ts.ScriptTarget.ES2024)
      : real.getSourceFile(file, ...rest);
  const program = ts.createProgram([name], options, host);
  const found = [...program.getSemanticDiagnostics(), ...program.getSyntacticDiagnostics()];
  return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
