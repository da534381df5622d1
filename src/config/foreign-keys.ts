/** What a key of another tool means here: the first of these keys that is valid at the place, or advice in words. */
type Meaning =
  | readonly string[]
  | { readonly besides: string; readonly words: string; readonly answers?: readonly string[] };

const TABLE_WORDS =
  'write holding: (4xxxx in manuals), input: (3xxxx), coil: (0xxxx) or discrete_input: (1xxxx) with the number of the manual';
const LOGIN_WORDS = `write it below login, such as login: { user: gateway, password: "\${NAME}" }`;
const SESSION_WORDS = 'the broker always keeps the session, with QoS 1, so that no message is lost; take it out';

/** Each meaning with the keys of other tools, written without `-`, `_`, spaces and capitals. The first one that fits the place counts. */
const MEANINGS: readonly (readonly [meaning: Meaning, keys: string])[] = [
  [['holding'], 'holdingregister holdingregisters holdingreg hr holdings readholdingregisters'],
  [['input'], 'inputregister inputregisters inputreg ir readinputregisters'],
  [['coil'], 'coils coilregister'],
  [['discrete_input'], 'discreteinputs discrete discreteinputregister inputstatus di'],
  [
    { besides: 'holding', words: TABLE_WORDS, answers: ['holding'] },
    'register registers reg registeraddress registertype startaddress',
  ],
  [{ besides: 'holding', words: TABLE_WORDS, answers: ['holding'] }, 'functioncode function fc objecttype'],
  [['unit'], 'slave slaveid unitid station stationid device deviceid'],
  [['as'], 'type datatype dtype format valuetype'],
  [['order'], 'byteorder endian endianness wordorder swap wordswap'],
  [
    ['poll', 'sampling', 'every'],
    'interval scanrate scaninterval polling pollinterval pollrate period refresh refreshrate cycletime',
  ],
  [['sampling'], 'poll samplinginterval'],
  [['publishing'], 'publishinginterval'],
  [['scale'], 'multiplier factor gain scaling'],
  [['bit'], 'bitnumber bitoffset bitindex'],
  [
    { besides: 'holding', words: 'the type says how many registers are read; write as, such as as: uint32' },
    'length quantity words',
  ],
  [['unit_text'], 'uom units engunit engineeringunit unitofmeasurement'],
  [['first_register'], 'firstaddress baseaddress base zerobased addressbase offset'],
  [['signals', 'sources'], 'tags points items nodes topics subscriptions registers variables metrics'],
  [['protocol'], 'driver adapter kind type plugin'],
  [['host', 'url', 'endpoint'], 'host ip ipaddress hostname server broker uri url address connection'],
  [['topic', 'node'], 'topic node nodeid tag item itemid path name identifier'],
  [{ besides: 'holding', words: TABLE_WORDS, answers: ['holding'] }, 'address addr offset'],
  [['node', 'topic'], 'address addr'],
  [{ besides: 'client_id', words: 'the port is a part of url, such as mqtt://broker:1883' }, 'port'],
  [{ besides: 'endpoint', words: 'the port is a part of endpoint, such as opc.tcp://192.168.10.20:4840' }, 'port'],
  [{ besides: 'login', words: LOGIN_WORDS }, 'user username password passwd credentials auth'],
  [{ besides: 'client_id', words: SESSION_WORDS }, 'qos retain clean cleansession cleanstart'],
  [{ besides: 'topic', words: SESSION_WORDS }, 'qos retain'],
  [['client_id'], 'clientid client clientname'],
  [['tls'], 'ssl certificates certificate'],
  [['ca'], 'cafile cacert cacertificate'],
  [['cert'], 'certfile clientcert'],
  [['key'], 'keyfile clientkey'],
  [['json'], 'jsonpath jsonpointer field valuejson valuepath valuetemplate path'],
  [['time'], 'timestamp ts timepath timestamppath'],
  [['stale_after'], 'timeout stale expireafter expires maxage'],
  [['map'], 'values mapping valuemap enum'],
  [['queue'], 'queuesize'],
  [['namespace'], 'namespaceuri ns nsu'],
  [['security'], 'securitymode securitypolicy'],
  [['when'], 'if condition trigger on expression expr'],
  [['on_delay'], 'delay debounce for after ton timeon holdtime'],
  [['off_delay'], 'tof timeoff cleardelay'],
  [['until'], 'reset resetwhen clear clearwhen'],
  [['machine'], 'asset equipment machinecode machineid workcenter workcentre machinename'],
  [['type'], 'dispatchtype dispatchtypecode typecode'],
  [['trade'], 'tradecode craft'],
  [['description'], 'message text comment title note summary name'],
  [['reason'], 'reasoncode'],
  [['counter'], 'signal tag source'],
  [['line'], 'linecode lineid'],
  [['product'], 'productcode part partnumber material'],
  [['total'], 'quantity count actual parts counter signal'],
  [['scrap'], 'rejects rejected scrapcount'],
  [['api_key'], 'apikey key token apitoken auth'],
  [['site'], 'siteid sitenumber'],
  [['timezone'], 'tz zone'],
  [['user'], 'username login'],
  [['rate'], 'ratelimit maxrate'],
  [['mode'], 'dryrun'],
  [['log'], 'loglevel logging'],
  [['http'], 'port listen web'],
  [['data'], 'datadir datafolder folder directory'],
  [['sources'], 'source inputs connections devices plcs'],
  [['rules'], 'rule'],
  [['lookups'], 'lookup tables'],
  [['file'], 'path csv filename'],
  [['key'], 'keytype type'],
];

/** What to write instead of a key, and the keys that it stands for. */
type ForeignKey = { readonly words: string; readonly answers: readonly string[] };

/** What to write instead of a key of another tool, if possible a key that is not there yet. undefined: no tool has such a key. */
export function foreignKey(
  name: string,
  valid: readonly string[],
  isWritten: (key: string) => boolean,
): ForeignKey | undefined {
  const written = plain(name);
  let second: ForeignKey | undefined;
  for (const [meaning, keys] of MEANINGS) {
    if (!keys.split(' ').includes(written)) continue;
    if ('words' in meaning) {
      if (valid.includes(meaning.besides)) return { words: meaning.words, answers: meaning.answers ?? [] };
      continue;
    }
    for (const target of meaning.filter(key => valid.includes(key))) {
      const meant = { words: `write ${target}`, answers: [target] };
      if (!isWritten(target)) return meant;
      second ??= meant;
    }
  }
  return second;
}

/** `on_delay`, `onDelay` and `On-Delay` in one form. */
export function plain(name: string): string {
  return name.toLowerCase().replace(/[-_ .]/g, '');
}
