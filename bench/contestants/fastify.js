/**
 * The baseline: what it costs to take, verify, parse and answer a webhook in Node, and nothing more. It
 * stores nothing, so a 200 promises nothing.
 *
 * Usage: node fastify.js PORT SECRET
 */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

import Fastify from 'fastify';

const [port, secret] = process.argv.slice(2);
const key = createSecretKey(secret, 'utf8');

const app = Fastify();
app.removeAllContentTypeParsers();
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
  done(null, body),
);
app.post('/nexus/v3/some/interactions/webhook/path', (request, reply) => {
  const expected = createHmac('sha1', key).update(request.body).digest();
  const given = Buffer.from((request.headers['x-hub-signature'] ?? '').slice('sha1='.length), 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    reply.code(401).send();
    return;
  }
  const { data } = JSON.parse(request.body.toString());
  const ids = data.entities.map(({ entity }) => ({ id: entity.id }));
  reply.send({ status: { code: 0, message: `${ids.length} event stored` }, data: { ids } });
});
await app.listen({ host: '127.0.0.1', port: Number(port) });

process.once('disconnect', () => process.exit());
