// A moment in the reader's own time: the clock alone today, with its date before; the title has the full ISO time.
export function When({ time, dated = true }: { time: string | undefined; dated?: boolean }) {
  const date = new Date(time ?? "");
  if (Number.isNaN(date.getTime())) return null;
  const day = dated && date.toDateString() !== new Date().toDateString()
    ? `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" })}, ` : "";
  return <time dateTime={time} title={date.toISOString()}>{day}{date.toLocaleTimeString("en-GB")}</time>;
}

// The day and the zone that clocks below it are read in.
export function dayOf(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  const zone = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" }).formatToParts(date).find((p) => p.type === "timeZoneName")?.value;
  return `${date.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" })}, times in ${zone ?? "local time"}`;
}
