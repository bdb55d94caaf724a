import { RECEIPT_PAYLOAD_TYPE } from '../canonical/dsse.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import { PREDICATE_TYPE, type Predicate } from './manifest.ts';
import { JOURNAL, MANIFEST_P256, SUMS } from './member.ts';
import type { Count, Population } from './population.ts';

/** `README.md` of a bundle: what is in it, its totals, and how to check it with tools that everyone has. */
export function readme(predicate: Predicate, keys: { readonly p256: string }): Uint8Array {
  const { range, population } = predicate;
  return utf8Encode(`# Evidence bundle (PEF v0)

Log \`${predicate.origin}\`, records ${range.first_seq} to ${range.last_seq} (${range.first_ts} to ${range.last_ts}),
${range.complete ? 'complete from genesis' : 'a contiguous range'}, tree of ${predicate.checkpoint.size} records at the checkpoint.

Decisions: ${listOf(population.by_verdict)}. Outcomes: ${listOf(population.by_outcome)}.
Never judged (gaps): ${listOf(population.gaps)}. Recoveries: ${population.recoveries}. Clock jumps: ${population.clock_jumps}.
${foldedLine(population.folded_denials)}${inspectionLine(population)}
No outside party has cosigned this log: whoever holds its keys could have rewritten history before the last head that
somebody else has seen. Keys inside a bundle prove nothing about who signed: compare \`keys/\` with a trust file that
you got another way. \`journal.view.jsonl\` is for reading only; \`${JOURNAL}\` is the evidence.

## All files

    sha256sum -c ${SUMS}

## The manifest

    cosign verify-blob-attestation --key keys/${keys.p256}.pem --bundle ${MANIFEST_P256} \\
      --type ${PREDICATE_TYPE} --insecure-ignore-tlog=true ${SUMS}

## One receipt (line n of the journal, from 1)

    n=1
    line=$(sed -n "\${n}p" ${JOURNAL})
    printf '%s' "$line" | cut -d'"' -f8 | base64 -d > body.json
    printf '%s' "$line" | cut -d'"' -f18 | base64 -d > body.sig
    { printf 'DSSEv1 ${RECEIPT_PAYLOAD_TYPE.length} ${RECEIPT_PAYLOAD_TYPE} %d ' "$(wc -c < body.json)"; cat body.json; } > body.pae
    openssl pkeyutl -verify -pubin -inkey "keys/$(printf '%s' "$line" | cut -d'"' -f14).pem" \\
      -rawin -in body.pae -sigfile body.sig

## The chain

Each body's \`prev\` is the SHA-256 of the line before, without its newline:

    sed -n "\${n}p" ${JOURNAL} | tr -d '\\n' | sha256sum

## Everything at once

    clawgress verify evidence.zip --trust keys.json
`);
}

function listOf(counts: readonly Count[]): string {
  return counts.map(({ name, count }) => `${count} ${name}`).join(', ') || 'none';
}

/** Empty without any, so that a bundle of before there were aggregates reads the same. */
function foldedLine(folded: readonly Count[] | undefined): string {
  return folded === undefined ? '' : `Denials that were counted instead of written: ${listOf(folded)}.\n`;
}

/** Empty without any, for the same reason. */
function inspectionLine({ by_inspection, answers_without_end }: Population): string {
  const found = by_inspection === undefined ? '' : `Inspections: ${listOf(by_inspection)}.\n`;
  const lost =
    answers_without_end === undefined
      ? ''
      : `Answers that were to be inspected and have no end here: ${answers_without_end}.\n`;
  return `${found}${lost}`;
}
