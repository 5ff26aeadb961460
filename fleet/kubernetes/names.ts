/** What Kubernetes takes as names and labels, so that a mistake shows here and not on a cluster. */

import { usageError } from '../../bench/errors.ts';

const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_PART = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const IMAGE = /^[A-Za-z0-9][\w.:/@-]*$/;
const MOST_LABEL_CHARS = 63;
const MOST_SUBDOMAIN_CHARS = 253;
const MOST_IMAGE_CHARS = 400;
/** A pod of an Indexed Job is called NAME-INDEX, and that is a DNS label as well. */
const MOST_NAME_CHARS = 52;

/** A DNS label of RFC 1123. Throws a usage error. */
export function assertName(name: string, flag: string, most = MOST_NAME_CHARS): void {
  if (DNS_LABEL.test(name) && name.length <= most) return;
  throw usageError(
    `${flag} takes a name of Kubernetes: at most ${most} of a-z, 0-9 and -, and no - at its ends.`,
    name,
    `${flag} boxmark-1`,
  );
}

export function assertNamespace(name: string): void {
  assertName(name, '--namespace', MOST_LABEL_CHARS);
}

export function assertImage(image: string): void {
  if (IMAGE.test(image) && image.length <= MOST_IMAGE_CHARS) return;
  throw usageError('--image takes the reference of an image.', image, 'registry.example/boxmark-node:1');
}

/** `LABEL=VALUE`, several times. Throws a usage error for what is no label, or is there twice with other values. */
export function selectorOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  const labels = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const [label, value] = at < 0 ? [pair, undefined] : [pair.slice(0, at), pair.slice(at + 1)];
    if (value === undefined || !isLabel(label) || !isLabelValue(value)) {
      throw usageError('--selector takes LABEL=VALUE, as kubectl get nodes --show-labels prints it.', pair, EXAMPLE);
    }
    const before = labels.get(label);
    if (before !== undefined && before !== value) {
      throw usageError('--selector has this label with two values, and no node has both.', pair, 'one of them');
    }
    labels.set(label, value);
  }
  return Object.fromEntries(labels);
}

const EXAMPLE = '--selector kubernetes.io/arch=amd64';

function isLabel(label: string): boolean {
  const [name = '', prefix, ...more] = label.split('/').reverse();
  const isPrefix = prefix === undefined || (DNS_SUBDOMAIN.test(prefix) && prefix.length <= MOST_SUBDOMAIN_CHARS);
  return more.length === 0 && isPrefix && name.length <= MOST_LABEL_CHARS && LABEL_PART.test(name);
}

function isLabelValue(value: string): boolean {
  return value === '' || (value.length <= MOST_LABEL_CHARS && LABEL_PART.test(value));
}
