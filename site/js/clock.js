// The clock: what the time is here, for texts such as "Mon 8:00".

const two = (number) => String(number).padStart(2, "0");

/** The moment as ISO 8601 with this zone's offset from UTC: 2026-11-26T18:05:00+01:00. */
export function localTime(moment = new Date()) {
  const minutes = -moment.getTimezoneOffset();
  const local = new Date(moment.getTime() + minutes * 60_000).toISOString().slice(0, 19);
  const ahead = Math.abs(minutes);
  return `${local}${minutes < 0 ? "-" : "+"}${two(Math.floor(ahead / 60))}:${two(ahead % 60)}`;
}
