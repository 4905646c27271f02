import type { Finding } from './finding.js';

/** Hash functions that a digest can be of, by its length in bytes. */
const ALGORITHMS = new Map([
  [16, 'md5'],
  [20, 'sha1'],
  [32, 'sha256'],
  [48, 'sha384'],
  [64, 'sha512'],
]);
const SHA1_BYTES = 20;
/** Fewer bytes of a digest could match by chance. */
const LEAST_BYTES = 4;
const PREFIX = /^(?:hmac-)?(md5|sha-?1|sha-?256|sha-?384|sha-?512)\s*[=:]\s*/i;
/** Of another convention, such as "v1="; base64 ends with a "=", and has none before other characters. */
const OTHER_PREFIX = /^[a-z0-9-]+=(?=[^=])/i;

/** A digest that a header carries: all of it, or as much as is left. */
export interface Claim {
  readonly algorithm: string;
  readonly digest: Buffer;
}

/** What the header says, and what is wrong with how it says it. */
export interface ReadHeader {
  readonly claim: Claim | undefined;
  readonly faults: readonly Finding[];
  readonly remarks: readonly Finding[];
}

/**
 * Reads `X-Hub-Signature` as leniently as it can be read: a digest in a form that is refused can still tell
 * what was signed, and with which secret.
 */
export function readHeader(values: readonly string[]): ReadHeader {
  if (values.length === 0) return { claim: undefined, faults: [MISSING], remarks: [] };
  if (values.length > 1 || values[0]?.includes(',')) return readRepeated(values);
  return readValue(values[0] ?? '');
}

const MISSING: Finding = {
  code: 'header-missing',
  what: 'There is no X-Hub-Signature header.',
  todo: 'Have the vendor configure a secret for this webhook. If it has one, a proxy on the way removes the header: let it pass.',
};

function readRepeated(values: readonly string[]): ReadHeader {
  const parts = values.flatMap((value) => value.split(',')).map((value) => value.trim());
  const first = readValue(parts[0] ?? '');
  return {
    ...first,
    faults: [
      {
        code: 'header-repeated',
        what: `X-Hub-Signature is there ${parts.length} times, which is refused: nobody could say which one counts.`,
        todo: 'Find what adds one on the way (a proxy, a gateway), and stop it.',
      },
      ...first.faults,
    ],
  };
}

function readValue(raw: string): ReadHeader {
  const faults: Finding[] = [];
  const value = raw
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2')
    .trim();
  if (value !== raw.trim()) {
    faults.push({ code: 'header-quoted', what: 'The value is in quotes.', todo: 'Send it without them.' });
  }
  const prefix = PREFIX.exec(value);
  const digits = value.slice((prefix ?? OTHER_PREFIX.exec(value))?.[0].length ?? 0);
  const named = prefix?.[1]?.toLowerCase().replace('-', '');
  if (prefix === null) faults.push(noPrefix(value));
  else if (named === 'sha1' && !/^sha1=$/i.test(prefix[0])) {
    faults.push({
      code: 'prefix-form',
      what: `The value begins with "${prefix[0]}" instead of "sha1=".`,
      todo: 'Have the sender write "sha1=" and the digits, with nothing in between.',
    });
  }
  const read = readDigits(digits, named);
  faults.push(...read.faults);
  const remarks = /[A-F]/.test(digits) && read.faults.length === 0 ? [UPPER_CASE] : [];
  return { claim: read.claim, faults, remarks };
}

const UPPER_CASE: Finding = {
  code: 'hex-case',
  what: 'The digits are in upper case. This service takes both; a receiver that compares text does not.',
};

function noPrefix(value: string): Finding {
  const other = OTHER_PREFIX.exec(value)?.[0];
  return {
    code: 'prefix-missing',
    what:
      other === undefined
        ? 'The value does not begin with "sha1=".'
        : `The value begins with "${other}" instead of "sha1=".`,
    todo: 'Have the sender put "sha1=" before the digits.',
  };
}

function readDigits(digits: string, named: string | undefined): Pick<ReadHeader, 'claim' | 'faults'> {
  if (/^[0-9a-f]+$/i.test(digits)) return readHex(digits, named);
  const decoded = /^[A-Za-z0-9+/_-]+={0,2}$/.test(digits) ? Buffer.from(digits, 'base64') : Buffer.alloc(0);
  const inner = decoded.toString('latin1');
  if (/^[0-9a-f]{40}$/i.test(inner)) {
    return { claim: { algorithm: 'sha1', digest: Buffer.from(inner, 'hex') }, faults: [BASE64_OF_HEX] };
  }
  const algorithm = ALGORITHMS.get(decoded.length);
  if (algorithm === undefined) return { claim: undefined, faults: [NO_DIGEST] };
  return { claim: { algorithm, digest: decoded }, faults: [BASE64, ...wrongAlgorithm(algorithm, named)] };
}

const BASE64: Finding = {
  code: 'encoding-base64',
  what: 'The digest is in base64 instead of hex.',
  todo: 'Have the sender write it in 40 hex digits.',
};
const BASE64_OF_HEX: Finding = {
  code: 'encoding-base64',
  what: 'The value is base64 of the hex digits.',
  todo: 'Have the sender write the hex digits themselves.',
};
const NO_DIGEST: Finding = {
  code: 'no-digest',
  what: 'What follows "sha1=" is no digest: neither 40 hex digits nor anything like them.',
  todo: 'Look at how the sender makes it, and whether a proxy or a log masks it.',
};

function readHex(digits: string, named: string | undefined): Pick<ReadHeader, 'claim' | 'faults'> {
  const digest = Buffer.from(digits, 'hex');
  const algorithm = digits.length % 2 === 0 ? ALGORITHMS.get(digest.length) : undefined;
  if (algorithm !== undefined && (algorithm === named || named === undefined || named === 'sha1')) {
    return { claim: { algorithm, digest }, faults: wrongAlgorithm(algorithm, named) };
  }
  if (digits.length > SHA1_BYTES * 2) {
    const fault: Finding = {
      code: 'header-too-long',
      what: `There are ${digits.length} hex digits instead of 40.`,
      todo: 'Look for what appends to the header on the way.',
    };
    return { claim: { algorithm: 'sha1', digest: digest.subarray(0, SHA1_BYTES) }, faults: [fault] };
  }
  const fault: Finding = {
    code: 'header-truncated',
    what: `The header is cut off: ${digits.length} hex digits instead of 40.`,
    todo: 'Look for what shortens it on the way: a proxy, a column of a log, a copy by hand.',
  };
  const claim = digest.length < LEAST_BYTES ? undefined : { algorithm: named ?? 'sha1', digest };
  return { claim, faults: [fault] };
}

function wrongAlgorithm(algorithm: string, named: string | undefined): readonly Finding[] {
  if (algorithm === 'sha1') return [];
  const said = named === algorithm || named === undefined ? '' : `, although it says ${named}`;
  return [
    {
      code: 'algorithm',
      what: `The digest has the length of ${algorithm.toUpperCase()}${said}; the vendor signs with HMAC-SHA1.`,
      todo: 'Have the sender use HMAC-SHA1, or find out who signs here instead of the vendor.',
    },
  ];
}
