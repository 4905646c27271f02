import { REFUSALS } from '../../http/answers.js';
import { printable } from '../terminal/printable.js';
import { fault, ok, skipped, warning, type Check } from './check.js';
import { probe, type Probed } from './http-probe.js';

const NAME = 'public URL';
const WRONG_SIGNATURE = `sha1=${'0'.repeat(40)}`;
const DAY_MS = 86_400_000;
/** Time enough to renew a certificate. */
const CERTIFICATE_DAYS = 14;
/** A sender that waits 10 s should have far to go to that. */
const SLOW_MS = 2_000;

/**
 * Sends what the vendor would, signed wrong: the one right answer is the service's own 401. Anything else says
 * what is on the way.
 */
export async function checkPublicUrl(url: URL | undefined, webhookPath: string): Promise<Check[]> {
  if (url === undefined)
    return [skipped(NAME, 'Not asked: name it with --public-url URL, as the vendor has it.')];
  const target = new URL(url);
  if (target.pathname === '/') target.pathname = webhookPath;
  const headers = { 'content-type': 'application/json', 'x-hub-signature': WRONG_SIGNATURE };
  try {
    const probed = await probe(target, { method: 'POST', headers, body: '{}' });
    return [judge(probed, target), ...judgeTransport(probed, target)];
  } catch (error) {
    return [unreached(error as NodeJS.ErrnoException, target)];
  }
}

function judge({ status, headers, body, ms }: Probed, target: URL): Check {
  const at = `${target.href} answers ${status}`;
  if (status === 401 && isOurs(body)) {
    const told = `${target.href} refuses a wrong signature as the service does, in ${ms} ms.`;
    return ms > SLOW_MS ? warning(NAME, told, 'That is slow: look at what is in between.') : ok(NAME, told);
  }
  if (status === 401)
    return fault(
      NAME,
      `${at}, but it is not the service that does.`,
      'A proxy asks for a sign-in of its own: let the webhook pass.',
    );
  if (status < 300)
    return fault(
      NAME,
      `${at} to a wrong signature: whatever takes it is not the service, and verifies nothing.`,
      'Look where the proxy sends it.',
    );
  if (status < 400) {
    const location = printable(headers.location ?? '');
    return fault(
      NAME,
      `${at}, a redirect to ${location}. A sender of webhooks follows none.`,
      'Give the vendor the final address.',
    );
  }
  if (status === 404) {
    return fault(
      NAME,
      `${at}: nothing is served there.`,
      'Compare its path with BASE_PATH and WEBHOOK_PATH, and with what the proxy cuts off or adds.',
    );
  }
  if (status === 415)
    return fault(
      NAME,
      `${at}: something on the way changed Content-Type, or encodes the body.`,
      'Have the proxy pass headers and body as they are.',
    );
  if (status === 502 || status === 504)
    return fault(
      NAME,
      `${at}: the proxy does not reach the service.`,
      'Check that the service runs, and where the proxy looks for it.',
    );
  if (status === 503)
    return fault(
      NAME,
      `${at}: the service, or what is before it, takes nothing now.`,
      "Look at the service's log and /health/ready.",
    );
  return fault(
    NAME,
    `${at} to a wrong signature, instead of 401.`,
    'Something on the way (a proxy, a firewall) answers in its place.',
  );
}

function isOurs(body: string): boolean {
  try {
    const { status } = JSON.parse(body) as { status?: { message?: unknown } };
    return status?.message === REFUSALS.unauthorized.message;
  } catch {
    return false;
  }
}

function judgeTransport({ certificateEnds }: Probed, { protocol, hostname }: URL): Check[] {
  if (protocol === 'http:' && !/^(localhost|127\..*|\[::1\])$/.test(hostname)) {
    const told = 'It is http: what customers wrote travels readable for everybody on the way.';
    return [
      warning('TLS', told, 'Have a proxy before the service terminate TLS, and give the vendor https.'),
    ];
  }
  if (certificateEnds === undefined) return [];
  const days = Math.floor((certificateEnds.getTime() - Date.now()) / DAY_MS);
  const told = `The certificate is valid until ${certificateEnds.toISOString()}, for ${days} more days.`;
  return [days < CERTIFICATE_DAYS ? warning('TLS', told, 'Renew it.') : ok('TLS', told)];
}

/** What the codes of Node and OpenSSL mean for a sender, which checks certificates as strictly. */
const REASONS: Readonly<Record<string, readonly [why: string, todo: string]>> = {
  ENOTFOUND: ['its name is not known to DNS', 'Check its spelling, and the DNS entry.'],
  EAI_AGAIN: ['DNS does not answer now', 'Try again; check the DNS of this machine.'],
  ECONNREFUSED: ['nothing listens there', 'Start the service or the proxy, and check the port.'],
  ETIMEDOUT: ['nothing answers there', 'A firewall may drop it: open it for the vendor.'],
  ECONNRESET: [
    'the connection is cut',
    'Look at what is in between: a proxy, a firewall, TLS where there is none.',
  ],
  CERT_HAS_EXPIRED: ['its certificate has expired', 'Renew it.'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['its certificate is for another name', 'Get one for this name.'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['its certificate is self-signed', 'Get one that the vendor trusts.'],
  SELF_SIGNED_CERT_IN_CHAIN: [
    'its certificate is of an authority that is not trusted',
    'Get one that the vendor trusts.',
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    'it does not send the intermediate certificates',
    'Configure the full chain.',
  ],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
    'it does not send the intermediate certificates',
    'Configure the full chain.',
  ],
  EPROTO: ['it does not speak TLS there', 'Check the port, and whether it is http.'],
};

function unreached({ code = '', message }: NodeJS.ErrnoException, target: URL): Check {
  const [why, todo] = REASONS[code] ?? [message, 'Check the address from another machine.'];
  return fault(NAME, `${target.href} is not reached: ${why}${code === '' ? '' : ` (${code})`}.`, todo);
}
