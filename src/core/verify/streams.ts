import { toHex } from '../canonical/hex.ts';
import { encodeJcs } from '../canonical/jcs.ts';
import type { Sha256 } from '../canonical/sha256.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import { leafHash, rootOfLeaves } from '../chain/merkle.ts';
import type { JournalRecord, SealRecord, StreamLink } from '../receipt/records.ts';

const FIRST_PREV = '0'.repeat(64);

interface Counts {
  allow: number;
  deny: number;
  outcome: number;
}

interface Head {
  readonly link: StreamLink;
  readonly hash: string;
  readonly counts: Counts;
}

/** Follows the chains of tenants, agents and runs, and the totals that seals repeat. */
export class StreamChains {
  private readonly sha256: Sha256;
  private readonly fromGenesis: boolean;
  private readonly heads = new Map<string, Head>();
  private segment: { readonly firstSeq: number; readonly counts: Counts } | undefined;

  /** @param fromGenesis whether every stream must start at 0; a later range takes each first link as given. */
  constructor(sha256: Sha256, fromGenesis: boolean) {
    this.sha256 = sha256;
    this.fromGenesis = fromGenesis;
  }

  /** What does not fit, if anything; then the record is taken in all the same, so that one break is told once. */
  follow(record: JournalRecord, lineHash: string): string | undefined {
    this.segment ??= { firstSeq: record.seq, counts: noCounts() };
    const event = record.type === 'decision' ? record.verdict : record.type;
    const counted = event === 'allow' || event === 'deny' || event === 'outcome' ? event : undefined;
    if (counted !== undefined) this.segment.counts[counted] += 1;
    let problem: string | undefined;
    for (const link of 'streams' in record ? record.streams : []) {
      problem ??= this.followLink(link, lineHash, counted);
    }
    return problem;
  }

  /** Whether a seal tells what was seen. Only a journal from genesis on knows all streams. */
  seal(record: SealRecord): string | undefined {
    const segment = this.segment;
    this.segment = undefined;
    if (!this.fromGenesis || segment === undefined) return undefined;
    const fits =
      record.first_seq === segment.firstSeq &&
      record.stream_count === this.heads.size &&
      encodeJcs(record.counts) === encodeJcs(segment.counts) &&
      record.streams_root === this.root();
    return fits ? undefined : 'first_seq, counts or streams_root differ';
  }

  private followLink(
    link: StreamLink,
    lineHash: string,
    counted: keyof Counts | undefined,
  ): string | undefined {
    const name = `${link.kind}/${link.id}`;
    const head = this.heads.get(name);
    const counts = head?.counts ?? noCounts();
    if (counted !== undefined) counts[counted] += 1;
    this.heads.set(name, { link, hash: lineHash, counts });
    if (head === undefined && !this.fromGenesis) return undefined;
    const expected = { seq: head === undefined ? 0 : head.link.seq + 1, prev: head?.hash ?? FIRST_PREV };
    return link.seq === expected.seq && link.prev === expected.prev ? undefined : `${name} at ${link.seq}`;
  }

  private root(): string {
    const names = [...this.heads.keys()].sort();
    const leaves = names.flatMap((name) => {
      const head = this.heads.get(name);
      if (head === undefined) return [];
      const { kind, id, seq } = head.link;
      const leaf = encodeJcs({ kind, id, last_seq: seq, last_hash: head.hash, counts: head.counts });
      return [leafHash(this.sha256, utf8Encode(leaf))];
    });
    return toHex(rootOfLeaves(this.sha256, leaves));
  }
}

function noCounts(): Counts {
  return { allow: 0, deny: 0, outcome: 0 };
}
