/**
 * The best known webhook receiver for Node, set up as its documentation shows. It calls its handlers before
 * it answers, and stores nothing.
 *
 * Usage: node octokit.js PORT SECRET
 */
import { createServer } from 'node:http';

import { createNodeMiddleware, Webhooks } from '@octokit/webhooks';

const [port, secret] = process.argv.slice(2);

const webhooks = new Webhooks({ secret });
webhooks.onAny(() => undefined);
const middleware = createNodeMiddleware(webhooks, { path: '/nexus/v3/some/interactions/webhook/path' });
createServer((request, response) => {
  void middleware(request, response, () => response.writeHead(404).end());
}).listen(Number(port), '127.0.0.1');

process.once('disconnect', () => process.exit());
