/** Run by Jest before the tests on PostgreSQL; plain JavaScript, as `typescript.mjs` then loads the rest. */
export { setup as default } from './postgres-setup.ts';
