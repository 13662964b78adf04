// The clock: what the time is here, for texts such as "Mon 8:00".

const two = (number) => String(number).padStart(2, "0");

/** The moment as ISO 8601 with this zone's offset from UTC: 2026-11-26T18:05:00+01:00. */
export function localTime(moment = new Date()) {
  const minutes = -moment.getTimezoneOffset();
  const local = new Date(moment.getTime() + minutes * 60_000).toISOString().slice(0, 19);
  const ahead = Math.abs(minutes);
  return `${local}${minutes < 0 ? "-" : "+"}${two(Math.floor(ahead / 60))}:${two(ahead % 60)}`;
}

const DAY_MS = 86_400_000;
const AHEAD_DAYS = 800; // two years of summer times

/** The moment, and behind it those ahead at which this zone's offset changes, each with its new one. */
export function localClock(now = new Date()) {
  const moments = [now];
  for (let day = 0; day < AHEAD_DAYS; day++) {
    const [before, after] = [day, day + 1].map((days) => now.getTime() + days * DAY_MS);
    if (offsetAt(before) !== offsetAt(after)) moments.push(changeBetween(before, after));
  }
  return moments.map((moment) => localTime(moment)).join(" ");
}

const offsetAt = (time) => new Date(time).getTimezoneOffset();

/** The first second of the new offset. */
function changeBetween(before, after) {
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle) === offsetAt(before)) before = middle;
    else after = middle;
  }
  return new Date(after);
}
