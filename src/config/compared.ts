import type { Place } from '../core/errors.ts';
import { type CheckRow, CODE_SUBJECTS, rowKey, type SentCode } from '../core/online-check.ts';
import { codesOfRule, type RuleCodes } from '../rules/about-rules.ts';
import type { CodeTemplate, CompiledRule } from '../rules/program.ts';
import type { L2l } from './l2l-schema.ts';
import type { YamlFile } from './yaml-file.ts';

/** What a config says that L2L knows too. */
export type Compared = {
  /** The codes that rules send, each once, in the order of the file. */
  readonly codes: readonly SentCode[];
  /** The settings and codes of the config, as the rows of a check name them, each with its first place. */
  readonly written: readonly Written[];
};

/** A setting or a code, and where it is written. */
export type Written = Pick<CheckRow, 'what' | 'code'> & { readonly place: Place };

/** Collects what L2L can be asked about, with its places. */
export function comparedWithL2l(l2l: L2l, rules: readonly CompiledRule[], yaml: YamlFile): Compared {
  const codes = new Map<string, SentCode & Written>();
  const inOrder = rules.toSorted((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  for (const rule of inOrder) {
    const sentBy = codesOfRule(rule);
    for (const what of CODE_SUBJECTS) {
      const own = ['rules', rule.name, rule.kind, what];
      const place = yaml.placeOf(yaml.has(own) ? own : ['defaults', rule.kind, what]);
      for (const code of codesIn(sentBy[what])) {
        const key = rowKey({ what, code: code.code });
        const known = codes.get(key) ?? { what, ...code, place: placeIn(sentBy[what], code.code) ?? place };
        codes.set(key, what === 'type' ? { ...known, ...openedBy(known, sentBy) } : known);
      }
    }
  }
  const settings: readonly Written[] = [
    { what: 'api key', code: '', place: yaml.placeOf(['l2l', 'api_key']) },
    { what: 'site', code: String(l2l.site), place: yaml.placeOf(['l2l', 'site']) },
    { what: 'time zone', code: l2l.timezone, place: yaml.placeOf(['l2l', 'timezone']) },
  ];
  return { codes: [...codes.values()], written: [...settings, ...codes.values()] };
}

/** Whether a rule opens dispatches of a type, and one of them without a reason. */
function openedBy({ opened }: SentCode, { reason }: RuleCodes): Pick<SentCode, 'opened'> {
  if (reason === undefined) return {};
  return { opened: reason === null || opened === 'without reason' ? 'without reason' : 'with reason' };
}

type Sent = string | CodeTemplate | null | undefined;

function placeIn(sent: Sent, code: string): Place | undefined {
  return typeof sent === 'string' ? undefined : sent?.placeOf?.(code);
}

function codesIn(sent: Sent): readonly Pick<SentCode, 'code' | 'open'>[] {
  if (sent === null || sent === undefined) return [];
  if (typeof sent === 'string') return [{ code: sent, open: false }];
  if (sent.codes === null) return [{ code: sent.text, open: true }];
  return sent.codes.map(code => ({ code, open: false }));
}

/** What L2L said about one setting or code of the config, and where that is written; null: nowhere. */
export type PlacedRow = CheckRow & { readonly place: Place | null };

/** What a check says about the config as it is now. */
export type Said = {
  readonly rows: readonly PlacedRow[];
  /** Settings and codes that came into the config after the check. */
  readonly later: readonly Written[];
};

export function saidAbout(rows: readonly CheckRow[], { written }: Compared): Said {
  const places = new Map(written.map(one => [rowKey(one), one.place]));
  const asked = new Set(rows.map(rowKey));
  return {
    rows: rows.flatMap(row => {
      const place = places.get(rowKey(row)) ?? null;
      // A code that is not in the config any more is nobody's concern.
      return place === null && row.what !== 'clock' ? [] : [{ ...row, place }];
    }),
    later: written.filter(one => !asked.has(rowKey(one))),
  };
}
