/** Run by Jest after the tests on PostgreSQL. */
export { teardown as default } from './postgres-setup.ts';
