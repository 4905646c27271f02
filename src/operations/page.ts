import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import fastifyStatic from '@fastify/static';
import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply } from 'fastify';

import type { AppConfig } from '../config/app-config.js';

/** The views that have a link of their own; what is below them is for the page to make sense of. */
const VIEWS = [
  '/',
  '/interactions',
  '/interactions/*',
  '/events',
  '/events/*',
  '/listeners',
  '/listeners/*',
  '/dead-letters',
  '/quarantine',
  '/quarantine/*',
  '/settings',
] as const;

/** No script and no style but the files of the page, no other host, and no text that becomes markup. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** `dist/console`, seen from the built service and from its sources. */
const PLACES = ['../console/', '../../dist/console/'].map((place) =>
  fileURLToPath(new URL(place, import.meta.url)),
);

/**
 * Serves the operators' page. Its files hold no data, and need no token: the page asks for one.
 * Nothing is served where it was not built.
 */
export async function servePage(fastify: FastifyInstance, { webhookPath }: AppConfig): Promise<void> {
  const root = PLACES.find((place) => existsSync(`${place}index.html`));
  if (root === undefined) {
    new Logger('Operations').warn("The operators' page is not built. Run: npm run build");
    return;
  }
  await fastify.register(async (page) => {
    const onPage = (reply: FastifyReply): unknown =>
      reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
    await page.register(fastifyStatic, {
      root: `${root}assets`,
      prefix: '/assets/',
      preCompressed: true,
      // Their names are made of their content.
      immutable: true,
      maxAge: '365d',
      setHeaders: onPage,
    });
    for (const view of VIEWS) {
      // The webhook is not to look like a page; its link would have to be followed from the overview.
      if (isNear(webhookPath, view)) continue;
      page.get(view, (_request, reply) => {
        onPage(reply);
        // Asked for each time, so that a new version is seen at once.
        return reply
          .header('cache-control', 'no-cache')
          .sendFile('index.html', root, { immutable: false, cacheControl: false });
      });
    }
  });
}

/** Whether a view has the path of the webhook in it, or the other way round. */
function isNear(webhookPath: string, view: string): boolean {
  return view.startsWith(webhookPath) || (view.endsWith('*') && webhookPath.startsWith(view.slice(0, -1)));
}
