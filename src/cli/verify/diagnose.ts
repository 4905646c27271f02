import { createHash, createHmac, createSecretKey } from 'node:crypto';

import { matchSignature } from '../../webhook/signature.js';
import { bodyVariants, type BodyVariant } from './body-variants.js';
import { readHeader, type Claim } from './claim.js';
import type { Finding } from './finding.js';
import { secretVariants, type KnownSecret, type SecretVariant } from './secret-variants.js';

/** What is known of a request. */
export interface Evidence {
  /** Every value of X-Hub-Signature. */
  readonly signatures: readonly string[];
  readonly body: Buffer;
  readonly contentLength?: number | undefined;
  readonly channel: string;
  readonly secrets: readonly KnownSecret[];
}

/** Whether a signature is right, and why not. */
export interface Diagnosis {
  readonly valid: boolean;
  /** The secret that it was made with, where that was found. */
  readonly secret?: KnownSecret;
  /** Whether the causes were proved: with them, the digest is the one that was sent. */
  readonly proved: boolean;
  readonly causes: readonly Finding[];
  readonly remarks: readonly Finding[];
}

/** Bodies up to this size are tried with other secrets and other bytes at once. */
const PAIRS_LIMIT = 256 * 1024;

/** Says whether a signature is right, by the service's own rules; and if not, tries what explains it. */
export function diagnose(evidence: Evidence): Diagnosis {
  const { signatures, body, channel, secrets } = evidence;
  const own = secrets.filter((secret) => secret.channel === channel);
  const keys = own.map(({ text }) => createSecretKey(text, 'utf8'));
  const { claim, faults, remarks } = readHeader(signatures);
  const matched = signatures.length === 1 ? matchSignature(keys, signatures[0]?.trim(), body) : -1;
  const secret = own[matched];
  if (secret !== undefined) return { valid: true, secret, proved: true, causes: [], remarks };
  const found = claim === undefined ? undefined : explain(claim, evidence);
  if (found === undefined) {
    const causes = faults.length > 0 ? faults : guesses(evidence);
    // A header that is not there, or has no digest, is the cause whatever else is.
    return { valid: false, proved: faults.length > 0 && claim === undefined, causes, remarks };
  }
  return { ...found, valid: false, proved: true, causes: [...faults, ...found.causes], remarks };
}

interface Explanation {
  readonly secret?: KnownSecret;
  readonly causes: readonly Finding[];
}

/** The first that makes the digest that was sent: one cause before two. */
function explain(claim: Claim, { body, contentLength, channel, secrets }: Evidence): Explanation | undefined {
  const bodies = [...bodyVariants(body, contentLength)];
  const keys = [...secretVariants(secrets, channel)];
  const [asCaptured] = bodies;
  const asConfigured = keys.filter(({ finding }) => finding === undefined);
  const most = body.length > PAIRS_LIMIT ? [] : bodies;
  return (
    search(claim, asCaptured === undefined ? [] : [asCaptured], keys, CONSTRUCTIONS) ??
    search(claim, bodies, asConfigured, CONSTRUCTIONS) ??
    search(claim, most, keys, [HMAC])
  );
}

function search(
  { algorithm, digest }: Claim,
  bodies: readonly BodyVariant[],
  keys: readonly SecretVariant[],
  constructions: readonly Construction[],
): Explanation | undefined {
  for (const construction of constructions) {
    for (const body of bodies) {
      for (const { secret, key, finding } of keys) {
        const made = construction.digest(algorithm, key, body.bytes);
        if (!made.subarray(0, digest.length).equals(digest)) continue;
        const causes = [construction.finding, finding, body.finding].filter((cause) => cause !== undefined);
        const named = construction === HMAC && key.length > 0;
        return { causes, ...(named ? { secret } : {}) };
      }
    }
  }
  return undefined;
}

interface Construction {
  readonly digest: (algorithm: string, key: Buffer, body: Buffer) => Buffer;
  readonly finding?: Finding;
}

const hash = (algorithm: string, ...parts: Buffer[]): Buffer => {
  const digest = createHash(algorithm);
  for (const part of parts) digest.update(part);
  return digest.digest();
};

const NO_HMAC = 'Have the sender use HMAC-SHA1 with the secret as its key.';

const HMAC: Construction = {
  digest: (algorithm, key, body) => createHmac(algorithm, key).update(body).digest(),
};

const CONSTRUCTIONS: readonly Construction[] = [
  HMAC,
  {
    digest: (algorithm, _key, body) => hash(algorithm, body),
    finding: { code: 'no-hmac', what: 'It is a plain hash of the body, without any secret.', todo: NO_HMAC },
  },
  {
    digest: (algorithm, key, body) => hash(algorithm, key, body),
    finding: {
      code: 'no-hmac',
      what: 'It is a plain hash of the secret followed by the body.',
      todo: NO_HMAC,
    },
  },
  {
    digest: (algorithm, key, body) => hash(algorithm, body, key),
    finding: {
      code: 'no-hmac',
      what: 'It is a plain hash of the body followed by the secret.',
      todo: NO_HMAC,
    },
  },
];

/** What is likely where nothing that was tried makes the digest. */
function guesses({ body, contentLength, channel, secrets }: Evidence): Finding[] {
  const truncated: Finding = {
    code: 'body-truncated',
    what: `The body is cut off: Content-Length says ${contentLength}, and there are ${body.length} bytes.`,
    todo: 'Capture the request whole. Where it arrived like this, look at the proxy before the service.',
  };
  if (contentLength !== undefined && contentLength > body.length) return [truncated];
  const unfinished: Finding = {
    code: 'body-truncated',
    what: 'The body seems to be cut off: it begins as JSON does, and does not end.',
    todo: 'Capture the request whole. Where it arrived like this, look at the proxy before the service.',
  };
  if (looksUnfinished(body)) return [unfinished];
  const replaced: Finding = {
    code: 'charset',
    what: 'The body has replacement characters (U+FFFD): bytes of it were lost when it was read as text.',
    todo: 'Capture bytes, not text; and look for what reads the body as text on the way.',
  };
  if (body.includes('\ufffd')) return [replaced];
  const own = secrets.filter((secret) => secret.channel === channel).length;
  return [
    {
      code: 'secret-unknown',
      what: `None of the secrets known here made it: ${own} of the channel "${channel}", ${secrets.length - own} of others. Most likely the vendor has another secret; or the content of the body was changed.`,
      todo: 'Compare the secret with the one that the vendor was given, or set a new one on both sides.',
    },
  ];
}

function looksUnfinished(body: Buffer): boolean {
  const text = body.toString('utf8').trim();
  return /^[[{]/.test(text) && !/[\]}]$/.test(text);
}
