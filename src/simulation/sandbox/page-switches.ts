import { formatDuration } from '../../core/fields.ts';
import type { FaultInForce } from './faults.ts';
import { MANNER_NAMES, MANNERS, valuesOf } from './manners.ts';
import { NAMED_FAULTS } from './named-faults.ts';
import type { SandboxState } from './state.ts';

/** Every way to fail that has a name, as a button that starts and ends it; below, what is in force and how often it struck. */
export function faultsPart(state: SandboxState): string {
  const on = new Set(state.faults.map(({ name }) => name));
  const buttons = NAMED_FAULTS.map(
    ({ name, words }) =>
      `<button type="button" data-switch="${name}" aria-pressed="${on.has(name)}" title="L2L ${text(words)}">${text(name.replaceAll('-', ' '))}</button>`,
  );
  const rows = state.faults.map(fault => {
    const { path, method, probability, count, struck } = fault;
    const scope = path === undefined ? `every ${method ?? 'call'}` : [method, path].filter(Boolean).join(' ');
    const often = `${Math.round(probability * 100)} %${count === undefined ? '' : `, at most ${count}`}`;
    return `<li><strong>${text(faultWords(fault))}</strong>: ${text(scope)}, ${often}, struck ${struck}</li>`;
  });
  const inForce = rows.length === 0 ? '' : `<ol>${rows.join('')}</ol>`;
  return `<section class="wide${rows.length > 0 ? ' faults' : ''}" aria-labelledby="faults"><h2 id="faults">${
    rows.length > 0 ? 'Faults in force' : 'Let L2L fail'
  }</h2>
<div class="buttons">${buttons.join('\n')}</div>${inForce}</section>`;
}

function faultWords(fault: FaultInForce): string {
  switch (fault.kind) {
    case 'slow':
      return `slow by ${formatDuration(fault.ms)}`;
    case 'hang':
      return `hangs for ${formatDuration(fault.ms)}, then applies the call`;
    case 'away':
      return `away for ${formatDuration(fault.ms)}`;
    case 'refuse':
      return `refuses: ${fault.error}`;
    case 'reset':
      return `resets the connection ${fault.when} applying the call`;
    case 'html':
      return `answers ${fault.status} with a ${fault.page} page ${fault.when} applying the call`;
    case 'redirect':
      return `answers 302 to a login page ${fault.when} applying the call`;
    case 'status':
      return `answers ${fault.status} ${fault.when} applying the call`;
  }
}

/** Every open question of L2L's reference, with a button for each answer. */
export function mannersPart({ manners }: SandboxState): string {
  const rows = MANNER_NAMES.map(name => {
    const buttons = valuesOf(name).map(
      value =>
        `<button type="button" data-switch="${name}=${value}" aria-pressed="${manners[name] === value}">${text(value.replaceAll('_', ' '))}</button>`,
    );
    return `<dt>${text(MANNERS[name].words)}</dt><dd class="buttons">${buttons.join('\n')}</dd>`;
  });
  return `<section class="wide" aria-labelledby="manners"><h2 id="manners">How L2L <small>where its reference leaves it open</small></h2>
<dl>${rows.join('\n')}</dl></section>`;
}

export function text(value: string): string {
  return value.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);
}
