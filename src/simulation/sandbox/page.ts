import { createHash } from 'node:crypto';
import { formatDuration, formatSeconds } from '../../core/fields.ts';
import { faultsPart, mannersPart, text } from './page-switches.ts';
import type { Dispatch, Machine } from './records.ts';
import { siteTime, zoneName } from './site-time.ts';
import type { SandboxState } from './state.ts';

const DISPATCHES_SHOWN = 3;
const SETS_SHOWN = 8;
const CALLS_SHOWN = 20;

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5a6876; --line: #d9e0e7; --card: #fff; --back: #f3f5f8;
  --open: #b3261e; --openback: #fdecea; --good: #1b6e3c; --warn: #8a5a00; --warnback: #fff4dd; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf0; --soft: #9fadba; --line: #33404d; --card: #1b242d;
  --back: #12181e; --open: #ff8a80; --openback: #3a1a18; --good: #7ddba0; --warn: #ffcf70; --warnback: #382c10; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
header { padding: 1rem 1.25rem .25rem; }
h1 { font-size: 1.35rem; margin: 0; }
h2 { font-size: 1rem; margin: 0 0 .6rem; }
h2 small, th small { font-weight: 400; font-size: .8rem; color: var(--soft); }
h3 { font-size: .95rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .25rem 0; color: var(--soft); }
main { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); align-items: start; gap: 1rem; padding: .75rem 1.25rem 2rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .9rem 1rem; min-width: 0; }
.wide { grid-column: 1 / -1; }
.machines { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: .75rem; align-items: start; }
article { border: 1px solid var(--line); border-radius: 8px; padding: .6rem .75rem; }
article.down { border-color: var(--open); background: var(--openback); }
article header { display: flex; justify-content: space-between; gap: .5rem; padding: 0; align-items: baseline; }
.badge { font-size: .8rem; font-weight: 600; white-space: nowrap; }
.down .badge { color: var(--open); } .badge.good, .good { color: var(--good); }
.count { font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.count small { font-weight: 400; font-size: .8rem; color: var(--soft); }
ol { list-style: none; margin: .4rem 0 0; padding: 0; font-size: .85rem; }
li { padding: .2rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
li time, td { font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
section h2:not(:first-child) { margin-top: 1rem; }
table { width: 100%; border-collapse: collapse; font-size: .85rem; }
th { text-align: left; color: var(--soft); font-weight: 600; }
th, td { padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.number { text-align: right; }
.nowrap { white-space: nowrap; }
.call { overflow-wrap: anywhere; }
.failed { color: var(--open); }
.faults { background: var(--warnback); border-color: var(--warn); }
.faults h2 { color: var(--warn); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .4rem 1rem; margin: 0; align-items: baseline; font-size: .85rem; } dd { margin: 0; }
.buttons { display: flex; flex-wrap: wrap; gap: .4rem; }
button { font: inherit; font-size: .85rem; padding: .3rem .7rem; color: var(--ink); background: var(--back); border: 1px solid var(--line);
  border-radius: 999px; cursor: pointer; }
button:hover, button:focus-visible { border-color: var(--ink); }
button[aria-pressed="true"] { color: var(--card); background: var(--warn); border-color: var(--warn); }
@media (max-width: 800px) { dl { grid-template-columns: 1fr; } main { grid-template-columns: minmax(0, 1fr); padding: .75rem; } header { padding: .75rem .75rem 0; }
  .machines { grid-template-columns: minmax(0, 1fr); } table { font-size: .78rem; } th, td { padding-right: .35rem; } article header { padding: 0; } }
`;

// The page renders on the server; the script fetches it again and swaps what is shown, so scrolling stays put, and sends what a
// button asks for.
const SCRIPT = `
const state = document.getElementById('connection');
async function refresh() {
  try {
    const answer = await fetch('/', { cache: 'no-store' });
    const next = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const focused = document.activeElement?.dataset.switch;
    for (const part of ['main', '#now']) document.querySelector(part).replaceWith(next.querySelector(part));
    if (focused) document.querySelector('[data-switch="' + focused + '"]')?.focus();
    state.textContent = '';
  } catch {
    state.textContent = ' · no answer from the sandbox';
  }
}
async function repeat() {
  await refresh();
  setTimeout(repeat, 1000);
}
setTimeout(repeat, 1000);
document.addEventListener('click', async ({ target }) => {
  const button = target.closest('button[data-switch]');
  if (!button) return;
  const does = button.getAttribute('aria-pressed') === 'true' ? 'end' : 'start';
  const [manner, value] = button.dataset.switch.split('=');
  const body = JSON.stringify(value ? { manners: { [manner]: value } } : { [does]: manner });
  await fetch('/sandbox/faults', { method: 'POST', headers: { 'content-type': 'application/json' }, body }).catch(() => {});
  await refresh();
});
`;

function sha256(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Nothing from anywhere else may load, and only the page's own style and script run. */
export const PAGE_HEADERS = {
  'content-security-policy': `default-src 'none'; connect-src 'self'; style-src ${sha256(STYLE)}; script-src ${sha256(SCRIPT)}`,
};

/** The sandbox's state as one page without any external resource. */
export function page(state: SandboxState): string {
  const [site] = state.sites;
  const zone = site?.timezone ?? 'UTC';
  const open = state.dispatches.filter(dispatch => dispatch.closed === null && !dispatch.deleted).length;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>L2L sandbox</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
<noscript><meta http-equiv="refresh" content="3"></noscript>
</head>
<body>
<header>
<h1>L2L sandbox</h1>
<p><span id="now">${text(site?.description ?? '')} · site ${site?.site ?? ''} · <time>${siteTime(Math.floor(state.now / 1000) * 1000, zone)} ${text(zoneName(state.now, zone))}</time> (${text(zone)}) ·
${open} open of ${state.dispatches.length} dispatches · ${state.details.length} record sets · ${state.log.length} writes</span><span id="connection" role="status"></span></p>
</header>
<main>
${state.faults.length > 0 ? faultsPart(state) : ''}
<section class="wide" aria-labelledby="machines"><h2 id="machines">Machines <small>times in ${text(zoneName(state.now, zone))}</small></h2>
<div class="machines">${state.machines.map(machine => machinePart(state, machine, zone)).join('\n')}</div></section>
${productionPart(state, zone)}
${callsPart(state, zone)}
${state.faults.length > 0 ? '' : faultsPart(state)}
${mannersPart(state)}
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function machinePart(state: SandboxState, machine: Machine, zone: string): string {
  const mine = state.dispatches.filter(dispatch => dispatch.machine === machine.id && !dispatch.deleted);
  const open = mine.filter(dispatch => dispatch.closed === null);
  const types = new Map(state.dispatchtypes.map(type => [type.id, type.code]));
  const badge =
    open.length === 0
      ? '<span class="badge good">no open dispatch</span>'
      : `<span class="badge">${open.length} open</span>`;
  const rows = mine
    .slice(-DISPATCHES_SHOWN)
    .toReversed()
    .map(dispatch => dispatchPart(dispatch, types.get(dispatch.dispatchtype) ?? '', state.now, zone));
  const more = mine.length > DISPATCHES_SHOWN ? `<li>and ${mine.length - DISPATCHES_SHOWN} earlier</li>` : '';
  return `<article${open.length > 0 ? ' class="down"' : ''}><header><h3>${text(machine.code)}</h3>${badge}</header>
<div class="count">${machine.cyclecount.toLocaleString('en-US')} <small>cycles</small></div>
<ol>${rows.join('')}${more}</ol></article>`;
}

function dispatchPart(dispatch: Dispatch, type: string, now: number, zone: string): string {
  const { reported, completed } = dispatch;
  const until =
    completed === null
      ? `<strong class="failed">open for ${formatSeconds(now - reported)}</strong>`
      : `${clockTime(completed, now, zone)} (${formatDuration(completed - reported)})`;
  return `<li>#${dispatch.dispatchnumber} ${text(type)} ${clockTime(reported, now, zone)} – ${until}<br>${text(dispatch.description)}</li>`;
}

function productionPart(state: SandboxState, zone: string): string {
  const rows = state.lines.map(line => {
    const sets = state.details.filter(detail => detail.line === line.id);
    const actual = sets.reduce((sum, set) => sum + set.actual, 0);
    const scrap = [...sets, ...state.scraps.filter(one => one.line === line.id)].reduce(
      (sum, one) => sum + one.scrap,
      0,
    );
    return `<tr><th scope="row">${text(line.code)}</th><td class="number">${sets.length}</td><td class="number">${actual}</td><td class="number">${scrap}</td></tr>`;
  });
  const lines = new Map(state.lines.map(line => [line.id, line.code]));
  const products = new Map(state.products.map(product => [product.id, product.code]));
  const last = state.details
    .slice(-SETS_SHOWN)
    .toReversed()
    .map(
      set => `<tr><td class="nowrap">${text(lines.get(set.line) ?? '')}</td><td class="nowrap">${clockTime(set.start, state.now, zone)}</td><td class="number nowrap">${formatDuration(set.end - set.start)}</td>
<td>${text(products.get(set.product) ?? '')}</td><td class="number">${set.actual}</td><td class="number">${set.scrap}</td></tr>`,
    );
  const failed = state.batches.flatMap(batch => batch.records).filter(record => record.status === 'failed');
  return `<section aria-labelledby="production"><h2 id="production">Production</h2>
<div class="scroll"><table><thead><tr><th scope="col">Line</th><th scope="col" class="number">Sets</th><th scope="col" class="number">Good</th><th scope="col" class="number">Scrap</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>
${failed.length === 0 ? '' : `<p class="failed">${failed.length} sets failed, last: ${text(failed.at(-1)?.error ?? '')}</p>`}
<h2>Last record sets</h2>
<div class="scroll"><table><thead><tr><th scope="col">Line</th><th scope="col">From <small>${text(zoneName(state.now, zone))}</small></th><th scope="col" class="number">For</th><th scope="col">Product</th><th scope="col" class="number">Good</th><th scope="col" class="number">Scrap</th></tr></thead><tbody>${last.join('\n') || '<tr><td colspan="6">none yet</td></tr>'}</tbody></table></div></section>`;
}

function callsPart(state: SandboxState, zone: string): string {
  const rows = state.calls
    .slice(-CALLS_SHOWN)
    .toReversed()
    .map(call => {
      const answer = call.status === 0 ? 'none' : `${call.status}${call.success ? '' : ' no'}`;
      return `<tr><td class="nowrap">${clockTime(call.at, state.now, zone)}</td><td class="call">${call.method} ${text(call.path.replace('/api/1.0/', ''))} ${text(call.target)}${call.detail ? `<br><span class="failed">${text(call.detail)}</span>` : ''}</td>
<td class="number nowrap ${call.success ? 'good' : 'failed'}">${answer}</td><td class="number nowrap">${Math.round(call.ms)} ms</td></tr>`;
    });
  return `<section aria-labelledby="calls"><h2 id="calls">Last calls</h2>
<div class="scroll"><table><thead><tr><th scope="col">Time <small>${text(zoneName(state.now, zone))}</small></th><th scope="col">Call</th><th scope="col" class="number">Answer</th><th scope="col" class="number">Took</th></tr></thead><tbody>${rows.join('\n') || '<tr><td colspan="4">none yet</td></tr>'}</tbody></table></div></section>`;
}

/** The time of day, with the date where it is not today's. The page says above the times which zone they are in. */
function clockTime(at: number, now: number, zone: string): string {
  const [date = '', time = ''] = siteTime(Math.floor(at / 1000) * 1000, zone).split(' ');
  const isToday = siteTime(now, zone).startsWith(date);
  return `<time title="${date} ${time} ${text(zoneName(at, zone))}">${isToday ? time : `${date} ${time}`}</time>`;
}
