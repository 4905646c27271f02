import { AppConfig, type Environment } from '../../config/app-config.js';
import { localUrl } from '../send/target.js';

/** What the address of the service's API is made of. */
const VARIABLES_USED = ['HOST', 'PORT', 'OPERATIONS_PORT'];

/**
 * The base of the operators' API: the service that `--url` names, or the one of this machine by the variables
 * that the service itself reads. An address that ends with `/api/v1` is taken as it is.
 *
 * @throws ConfigError when one of the variables is wrong.
 */
export function findApi(url: URL | undefined, env: Environment): URL {
  const base = new URL(url ?? localAddress(env));
  base.pathname = `${base.pathname.replace(/\/(api\/v1\/?)?$/, '')}/api/v1`;
  base.search = '';
  base.hash = '';
  return base;
}

function localAddress(env: Environment): string {
  const used = VARIABLES_USED.flatMap((name) => [name, `${name}_FILE`]).map(
    (name) => [name, env[name]] as const,
  );
  // A process without the role `receive` needs no secret, which is of no use here.
  const { host, port, operations } = AppConfig.load({ ...Object.fromEntries(used), ROLES: 'deliver' });
  return localUrl(host, operations.port ?? port);
}
