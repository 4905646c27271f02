import type { Finding } from './finding.js';

/** A secret that this machine knows. */
export interface KnownSecret {
  readonly channel: string;
  /** Where it is from, in words that name no secret, such as `WEBHOOK_SECRET (2nd)`. */
  readonly from: string;
  readonly text: string;
}

/** Bytes that may have been the key, and what that would mean. */
export interface SecretVariant {
  readonly secret: KnownSecret;
  readonly key: Buffer;
  /** Absent: a secret of the channel, as it is. */
  readonly finding?: Finding;
}

/** The secrets of the channel, those of others, and what each may have been taken for by the signer. */
export function* secretVariants(secrets: readonly KnownSecret[], channel: string): Generator<SecretVariant> {
  const own = secrets.filter((secret) => secret.channel === channel);
  const others = secrets.filter((secret) => secret.channel !== channel);
  for (const secret of own) yield { secret, key: Buffer.from(secret.text) };
  for (const secret of others) {
    yield { secret, key: Buffer.from(secret.text), finding: otherChannel(secret, channel) };
  }
  for (const secret of own) yield* changed(secret);
  if (own.length > 1) {
    const [secret] = own;
    const all = own.map(({ text }) => text);
    if (secret !== undefined) {
      for (const comma of [',', ', '])
        yield { secret, key: Buffer.from(all.join(comma)), finding: WHOLE_LIST };
    }
  }
  yield { secret: EMPTY, key: Buffer.alloc(0), finding: EMPTY_SECRET };
}

const EMPTY: KnownSecret = { channel: '', from: 'an empty secret', text: '' };
const EMPTY_SECRET: Finding = {
  code: 'secret-empty',
  what: 'It was signed with an empty secret.',
  todo: 'Have the vendor configure the secret.',
};
const WHOLE_LIST: Finding = {
  code: 'secret-list',
  what: 'It was signed with the whole comma-separated list as one secret.',
  todo: 'Here a comma separates secrets. Give the vendor the first one alone, or choose a secret without a comma.',
};

function otherChannel({ channel, from }: KnownSecret, wanted: string): Finding {
  return {
    code: 'secret-other-channel',
    what: `It was signed with the secret of the channel "${channel}" (${from}), but sent to the channel "${wanted}".`,
    todo: `Send it to the path of the channel "${channel}", or configure the secret of "${wanted}" at the vendor.`,
  };
}

function* changed(secret: KnownSecret): Generator<SecretVariant> {
  const { text, from } = secret;
  for (const [key, what] of spacings(text)) {
    yield {
      secret,
      key: Buffer.from(key),
      finding: {
        code: 'secret-whitespace',
        what: `It was signed with ${from} ${what}.`,
        todo: 'Enter the secret again, without it: a copied line or "echo" without -n brings it along.',
      },
    };
  }
  for (const [key, what] of encodings(text)) {
    yield {
      secret,
      key,
      finding: {
        code: 'secret-encoding',
        what: `It was signed with ${from} ${what}.`,
        todo: 'Here the text of the secret is the key. Have the signer use it as it is, or configure what it uses.',
      },
    };
  }
}

function spacings(text: string): [string, string][] {
  const trimmed = text.trim();
  return [
    ...(trimmed === text ? [] : [[trimmed, 'without the white space around it'] satisfies [string, string]]),
    [`${text}\n`, 'and a newline at its end'],
    [`${text}\r\n`, 'and a CRLF at its end'],
    [`${text}\r`, 'and a carriage return at its end'],
    [`${text} `, 'and a space at its end'],
    [` ${text}`, 'and a space before it'],
    [`${text}\t`, 'and a tab at its end'],
    [`${text}\0`, 'and a zero byte at its end'],
    [`\ufeff${text}`, 'and a byte order mark before it'],
  ];
}

function encodings(text: string): [Buffer, string][] {
  const variants: [Buffer, string][] = [
    [Buffer.from(`"${text}"`), 'in quotes'],
    [Buffer.from(`'${text}'`), 'in quotes'],
    [Buffer.from(text.toLowerCase()), 'in lower case'],
    [Buffer.from(text.toUpperCase()), 'in upper case'],
    [Buffer.from(Buffer.from(text).toString('base64')), 'encoded in base64'],
    [Buffer.from(Buffer.from(text).toString('hex')), 'encoded in hex'],
    [Buffer.from(text, 'utf16le'), 'in UTF-16'],
    [Buffer.from(text, 'latin1'), 'in Latin-1'],
    [Buffer.from(encodeURIComponent(text)), 'with characters percent-encoded'],
  ];
  const unquoted = /^(["'])(.+)\1$/.exec(text)?.[2];
  if (unquoted !== undefined) variants.push([Buffer.from(unquoted), 'without the quotes around it']);
  if (/^([0-9a-f]{2})+$/i.test(text)) variants.push([Buffer.from(text, 'hex'), 'decoded from hex']);
  if (/^[A-Za-z0-9+/_-]{4,}={0,2}$/.test(text)) {
    variants.push([Buffer.from(text, 'base64'), 'decoded from base64']);
  }
  // What is the same as the secret itself would explain nothing.
  return variants.filter(([key]) => !key.equals(Buffer.from(text)));
}
