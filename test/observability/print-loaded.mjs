/** Preloaded into a process, this prints what it loads of OpenTelemetry. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('@opentelemetry/')) console.error(`loaded ${specifier}`);
    return next(specifier, context);
  },
});
