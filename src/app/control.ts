import { z } from 'zod';
import type { ActionKind } from '../actions/action.ts';
import { ACTION_KINDS } from '../actions/registry.ts';
import {
  type AboutGateway,
  type Decision,
  type HistoryQuery,
  LARGEST_PAGE,
  type Recode,
  STORED_STATES,
} from '../core/history.ts';
import type { Logger } from '../core/logger.ts';
import type { DecisionQuery } from '../core/rule-decision.ts';
import type { Journal } from '../journal/journal.ts';
import type { CallQueue } from '../queue/call-queue.ts';
import { BadRequest, type ControlRoutes } from '../web/control.ts';

const Kind = z.enum(ACTION_KINDS as [ActionKind, ...ActionKind[]]);
const Wanted = z.strictObject({
  states: z.array(z.enum(STORED_STATES)).exactOptional(),
  rule: z.string().exactOptional(),
  machine: z.string().exactOptional(),
  kind: Kind.exactOptional(),
  since: z.number().exactOptional(),
  until: z.number().exactOptional(),
  newestFirst: z.boolean().exactOptional(),
  after: z.int().exactOptional(),
  limit: z.int().min(1).max(LARGEST_PAGE),
}) satisfies z.ZodType<HistoryQuery>;
const WantedDecisions = z.strictObject({
  rule: z.string().exactOptional(),
  since: z.number().exactOptional(),
  until: z.number().exactOptional(),
  newestFirst: z.boolean().exactOptional(),
  after: z.strictObject({ at: z.number(), id: z.int() }).exactOptional(),
  limit: z.int().min(1),
}) satisfies z.ZodType<DecisionQuery>;
const Span = z.strictObject({ since: z.number(), until: z.number() });
const One = z.strictObject({ id: z.int() });
const PersonSays = z.strictObject({
  kind: z.enum(['retry', 'drop']),
  id: z.int(),
  who: z.string().min(1).max(100),
  why: z.string().max(1000).exactOptional(),
  product: z.string().min(1).max(100).exactOptional(),
  asRule: z.boolean().exactOptional(),
  confirmed: z.boolean(),
}) satisfies z.ZodType<Decision>;

export type ControlParts = {
  readonly journal: Pick<Journal, 'counts' | 'history' | 'decisions' | 'ruleDecisions'>;
  /** Gives an action the codes that its rule has now. */
  readonly recode: Recode;
  /** Takes a refused action out of its repeats, so that a person can decide about it. */
  readonly endRepeats: CallQueue['endRepeats'];
  /** A person changed waiting actions, so the queue has to look at them again. */
  readonly changed: () => void;
  readonly about: () => AboutGateway;
  readonly log: Logger;
};

/** The questions that people on this host may ask the running gateway, and the decisions that they may make. */
export function controlRoutes({ journal, recode, endRepeats, changed, about, log }: ControlParts): ControlRoutes {
  const { history, decisions, ruleDecisions } = journal;
  return {
    about,
    counts: () => journal.counts(),
    page: body => history.page(parsed(Wanted, body)),
    records: body => history.records(parsed(Wanted, body)),
    action: body => ({ action: decisions.detail(parsed(One, body).id, recode) ?? null }),
    names: () => history.names(),
    decisions: body => ruleDecisions.page(parsed(WantedDecisions, body)),
    runs(body) {
      const { since, until } = parsed(Span, body);
      return ruleDecisions.runs(since, until, true);
    },
    async decide(body) {
      const decision = parsed(PersonSays, body);
      const target = history.entry(decision.id);
      if (target) await endRepeats(target);
      const decided = await decisions.decide(decision, recode);
      if (decided.kind === 'done') {
        const { kind, who, why } = decision;
        log.info(
          { decision: kind, actions: decided.ids, who, ...(why && { why }) },
          'a person decided about the queue',
        );
        changed();
      } else if (target?.state !== 'dead' && history.entry(decision.id)?.state === 'dead') {
        // Nothing was decided. L2L does not have the action, so the gateway goes on sending it.
        const again = { kind: 'retry', id: decision.id, who: 'the gateway', why: 'nothing was decided' } as const;
        await decisions.decide({ ...again, confirmed: true }, recode);
        changed();
      }
      return decided;
    },
  };
}

function parsed<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  throw new BadRequest(
    `the running gateway does not understand the request; is it of another version? ${z.prettifyError(read.error)}`,
  );
}
