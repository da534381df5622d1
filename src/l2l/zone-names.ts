/** Names of time zones in Windows and Rails that are no place of the IANA list, each with its IANA zone. */
const NAMES = `
dateline standard time=Etc/GMT+12 | hawaiian standard time=Pacific/Honolulu | hawaii=Pacific/Honolulu
alaskan standard time=America/Anchorage | alaska=America/Anchorage
pacific standard time=America/Los_Angeles | pacific time (us & canada)=America/Los_Angeles
mountain standard time=America/Denver | mountain time (us & canada)=America/Denver
us mountain standard time=America/Phoenix | arizona=America/Phoenix
mountain standard time (mexico)=America/Mazatlan | canada central standard time=America/Regina | saskatchewan=America/Regina
central standard time=America/Chicago | central time (us & canada)=America/Chicago
central america standard time=America/Guatemala | central america=America/Guatemala
central standard time (mexico)=America/Mexico_City
eastern standard time=America/New_York | eastern time (us & canada)=America/New_York
us eastern standard time=America/Indiana/Indianapolis | indiana (east)=America/Indiana/Indianapolis
eastern standard time (mexico)=America/Cancun | sa pacific standard time=America/Bogota | quito=America/Lima
atlantic standard time=America/Halifax | atlantic time (canada)=America/Halifax
venezuela standard time=America/Caracas | sa western standard time=America/La_Paz | georgetown=America/Guyana
pacific sa standard time=America/Santiago | paraguay standard time=America/Asuncion
newfoundland standard time=America/St_Johns | newfoundland=America/St_Johns
e. south america standard time=America/Sao_Paulo | brasilia=America/Sao_Paulo
argentina standard time=America/Argentina/Buenos_Aires | sa eastern standard time=America/Cayenne
montevideo standard time=America/Montevideo | greenland standard time=America/Nuuk
mid-atlantic=Atlantic/South_Georgia | azores standard time=Atlantic/Azores | cape verde is.=Atlantic/Cape_Verde
cape verde standard time=Atlantic/Cape_Verde | morocco standard time=Africa/Casablanca
gmt standard time=Europe/London | edinburgh=Europe/London | greenwich standard time=Atlantic/Reykjavik | monrovia=Africa/Monrovia
w. europe standard time=Europe/Berlin | bern=Europe/Zurich | central europe standard time=Europe/Budapest
romance standard time=Europe/Paris | central european standard time=Europe/Warsaw
w. central africa standard time=Africa/Lagos | west central africa=Africa/Algiers
gtb standard time=Europe/Bucharest | e. europe standard time=Europe/Chisinau | fle standard time=Europe/Kyiv | kyiv=Europe/Kyiv
turkey standard time=Europe/Istanbul | israel standard time=Asia/Jerusalem | egypt standard time=Africa/Cairo
south africa standard time=Africa/Johannesburg | pretoria=Africa/Johannesburg | kaliningrad standard time=Europe/Kaliningrad
jordan standard time=Asia/Amman | middle east standard time=Asia/Beirut | syria standard time=Asia/Damascus
arabic standard time=Asia/Baghdad | arab standard time=Asia/Riyadh | russian standard time=Europe/Moscow
st. petersburg=Europe/Moscow | belarus standard time=Europe/Minsk | e. africa standard time=Africa/Nairobi
iran standard time=Asia/Tehran | arabian standard time=Asia/Dubai | abu dhabi=Asia/Muscat
azerbaijan standard time=Asia/Baku | georgian standard time=Asia/Tbilisi | caucasus standard time=Asia/Yerevan
mauritius standard time=Indian/Mauritius | afghanistan standard time=Asia/Kabul | west asia standard time=Asia/Tashkent
pakistan standard time=Asia/Karachi | islamabad=Asia/Karachi | ekaterinburg standard time=Asia/Yekaterinburg
ekaterinburg=Asia/Yekaterinburg | india standard time=Asia/Kolkata | chennai=Asia/Kolkata | mumbai=Asia/Kolkata
new delhi=Asia/Kolkata | sri lanka standard time=Asia/Colombo | sri jayawardenepura=Asia/Colombo
nepal standard time=Asia/Kathmandu | central asia standard time=Asia/Bishkek | bangladesh standard time=Asia/Dhaka
astana=Asia/Almaty | myanmar standard time=Asia/Yangon | se asia standard time=Asia/Bangkok | hanoi=Asia/Bangkok
china standard time=Asia/Shanghai | beijing=Asia/Shanghai | singapore standard time=Asia/Singapore
taipei standard time=Asia/Taipei | w. australia standard time=Australia/Perth | ulaan bataar=Asia/Ulaanbaatar
ulaanbaatar standard time=Asia/Ulaanbaatar | tokyo standard time=Asia/Tokyo | osaka=Asia/Tokyo | sapporo=Asia/Tokyo
korea standard time=Asia/Seoul | cen. australia standard time=Australia/Adelaide | aus central standard time=Australia/Darwin
e. australia standard time=Australia/Brisbane | aus eastern standard time=Australia/Sydney | canberra=Australia/Sydney
tasmania standard time=Australia/Hobart | west pacific standard time=Pacific/Port_Moresby
central pacific standard time=Pacific/Guadalcanal | solomon is.=Pacific/Guadalcanal | new caledonia=Pacific/Noumea
new zealand standard time=Pacific/Auckland | wellington=Pacific/Auckland | fiji standard time=Pacific/Fiji
marshall is.=Pacific/Majuro | nuku'alofa=Pacific/Tongatapu | tonga standard time=Pacific/Tongatapu
samoa standard time=Pacific/Apia | samoa=Pacific/Apia | american samoa=Pacific/Pago_Pago | midway island=Pacific/Midway
tokelau is.=Pacific/Fakaofo | chatham is.=Pacific/Chatham | international date line west=Etc/GMT+12
coordinated universal time=UTC | utc=UTC | gmt=UTC | zulu=UTC | z=UTC
`;

const KNOWN = new Map(
  NAMES.split(/[\n|]/)
    .map(entry => entry.split('=').map(part => part.trim()))
    .flatMap(([name, zone]) => (name && zone ? [[name, zone] as const] : [])),
);

/**
 * The IANA zone of a text: an IANA name, a Windows or Rails name, or the city of a zone. A `(GMT-07:00)` before it is ignored.
 * undefined: the text is none of these. Pure.
 */
export function ianaZone(text: string): string | undefined {
  const name = text.trim().replace(/^\((?:GMT|UTC)?[^)]*\)\s*/, '');
  const listed = KNOWN.get(name.toLowerCase());
  if (listed !== undefined) return listed;
  // A short name such as CST can mean several zones.
  const isIana = /^[A-Za-z][\w+-]*(?:\/[\w+-]+)+$|^[A-Z]{3}\d[A-Z]{3}$/.test(name);
  const named = isIana || /^[A-Za-z]{4,}$/.test(name) ? resolved(name) : undefined;
  if (isIana || named !== undefined) return named;
  const city = `/${name.replaceAll(' ', '_').toLowerCase()}`;
  return Intl.supportedValuesOf('timeZone').find(zone => zone.toLowerCase().endsWith(city));
}

function resolved(name: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined; // RangeError: no such zone.
  }
}
